"""Towns, roads, occupations, published data, cases, identity: see sql/migrations/0001/."""

from __future__ import annotations

from contextlib import closing

from alembic import op

from geo_service.sql.loader import schema_scripts

revision = "0001"
down_revision = None


def upgrade() -> None:
    for script in schema_scripts("0001"):
        # Straight to the driver: a script has many statements and no parameters, and its % signs are its own.
        with closing(op.get_bind().connection.cursor()) as cursor:
            cursor.execute(script)
