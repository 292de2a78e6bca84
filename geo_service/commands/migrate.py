"""`geo-service migrate`."""

from __future__ import annotations

import typer

from geo_service.db.open_database import opened_database
from geo_service.settings import Settings


def migrate() -> None:
    """Bring the database to the newest revision."""
    with opened_database(Settings()):
        typer.echo("The database is up to date.")


def register(app: typer.Typer) -> None:
    """Add `migrate` to the command line."""
    app.command("migrate")(migrate)
