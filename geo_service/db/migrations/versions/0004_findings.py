"""The life of findings, screening and background work: see sql/migrations/0004/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_scripts("0004")
