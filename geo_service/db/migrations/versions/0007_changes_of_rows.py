"""What changes no row is no change of its collection: see sql/migrations/0007/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_scripts("0007")
