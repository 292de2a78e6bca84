"""Functions that measure free widths and ways through the network: see sql/migrations/0003/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_scripts("0003")
