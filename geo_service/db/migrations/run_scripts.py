"""Runs the scripts of one revision; they are SQL files in sql/migrations/."""

from __future__ import annotations

from contextlib import closing

from alembic import op

from geo_service.sql.loader import schema_scripts


def run_scripts(revision: str) -> None:
    """Each script as it stands, in the order of the file names."""
    for script in schema_scripts(revision):
        # Straight to the driver: a script has many statements and no parameters, and its % signs are its own.
        with closing(op.get_bind().connection.cursor()) as cursor:
            cursor.execute(script)
