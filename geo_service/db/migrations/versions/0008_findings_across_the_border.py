"""The neighbour town is told of findings across the border: see sql/migrations/0008/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_scripts("0008")
