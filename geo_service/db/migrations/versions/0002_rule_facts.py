"""Blackouts, no-dig periods, reinstatements and what the rules ask of streets: see sql/migrations/0002/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_scripts("0002")
