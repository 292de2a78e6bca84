"""`geo-service api-keys create`: a key for a system or a person at a desk."""

from __future__ import annotations

from typing import Annotated

import typer

from geo_service.db.database import owner_session
from geo_service.db.open_database import opened_database
from geo_service.identity.api_keys import create_api_key
from geo_service.identity.caller import KeyRole
from geo_service.settings import Settings

keys = typer.Typer(no_args_is_help=True, help="Keys of systems and of people at a desk")


@keys.command("create")
def create(
    role: Annotated[KeyRole, typer.Option(help="What the key may do")],
    name: Annotated[str, typer.Option(help="Whose key it is, in words")],
    town: Annotated[str | None, typer.Option(help="AGS or slug of the town")] = None,
) -> None:
    """Print a new key once, alone on the last line; only its hash is kept."""
    with opened_database(Settings()) as database, owner_session(database) as owner:
        key = create_api_key(owner, role=role, town=town, name=name)
    typer.echo(f"Key for {name} ({role}{f', {town}' if town else ''}); it is not shown again.", err=True)
    typer.echo(key)


def register(app: typer.Typer) -> None:
    """Add `api-keys` to the command line."""
    app.add_typer(keys, name="api-keys")
