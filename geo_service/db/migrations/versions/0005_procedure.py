"""The life and history of permits, notes and consultations: see sql/migrations/0005/."""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_scripts("0005")
