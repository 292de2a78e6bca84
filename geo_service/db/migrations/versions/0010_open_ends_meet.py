"""Closures that meet without a known end, and what cannot be reached: see sql/migrations/0010/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    run_scripts("0010")
