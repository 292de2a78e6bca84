"""Shapes are unpacked several times as fast: see sql/migrations/0011/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_scripts("0011")
