"""Towns, roads, occupations, published data, cases, identity: see sql/migrations/0001/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_scripts("0001")
