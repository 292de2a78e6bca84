"""`geo-service demo`: the towns, generated streets and cases to try the service with."""

from __future__ import annotations

import typer

from geo_service.commands.towns import add_town
from geo_service.db.database import Database, operator_session
from geo_service.db.open_database import opened_database
from geo_service.demo.fill_demo import Say, fill_demo, note_towns, town_folders, towns_to_load
from geo_service.settings import Settings


def fill(database: Database, say: Say) -> None:
    """Everything of the demo that is not there yet."""
    engine = database.app_engine(pool_size=1)
    try:
        with operator_session(engine) as session:
            load_towns = towns_to_load(session)
        if load_towns:
            say("Loading the towns of Kreis Bergstraße …")
            for folder in town_folders():
                add_town(database, folder)
        with operator_session(engine) as session:
            if load_towns:
                note_towns(session)
            fill_demo(session, say)
    finally:
        engine.dispose()


def demo() -> None:
    """Fill the demo towns; what is there already stays as it is."""
    with opened_database(Settings()) as database:
        fill(database, typer.echo)
        typer.echo("The demo is complete. Its streets, cases and persons are invented.")


def register(app: typer.Typer) -> None:
    """Add `demo` to the command line."""
    app.command("demo")(demo)
