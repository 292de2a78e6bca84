"""Documents, money, messages, sign-in and tiles: see sql/migrations/0006/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_scripts("0006")
