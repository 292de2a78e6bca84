"""Messages about sites, events, detours and zones; lean rows of published collections.

See sql/migrations/0009/.
"""

from __future__ import annotations

from geo_service.db.migrations.run_scripts import run_scripts

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    run_scripts("0009")
