"""Messages about objects, pages read from an index, what is pending: see sql/migrations/0009/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_scripts("0009")
