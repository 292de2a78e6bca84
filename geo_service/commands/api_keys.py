"""`geo-service api-keys create|list|rotate|revoke`: keys of systems and of people at a desk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.table import Table

from geo_service.db.database import owner_session
from geo_service.db.open_database import opened_database
from geo_service.errors import Invalid
from geo_service.identity.api_keys import (
    KeyEntry,
    create_api_key,
    list_api_keys,
    revoke_api_key,
    rotate_api_key,
)
from geo_service.identity.caller import KeyRole
from geo_service.interval import TOWN_ZONE, midnight
from geo_service.settings import Settings

keys = typer.Typer(no_args_is_help=True, help="Keys of systems and of people at a desk")
KeyId = Annotated[str, typer.Argument(help="Id of the key, or how it begins; see `api-keys list`")]


@keys.command("create")
def create(
    role: Annotated[KeyRole, typer.Option(help="What the key may do")],
    name: Annotated[str, typer.Option(help="Whose key it is, in words")],
    town: Annotated[str | None, typer.Option(help="AGS or slug of the town")] = None,
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day on which it holds")
    ] = None,
) -> None:
    """Print a new key once, alone on the last line; only its hash is kept."""
    expires_at = None if expires is None else midnight(expires.date() + timedelta(days=1))
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise Invalid("The key would have expired already.")
    with opened_database(Settings()) as database, owner_session(database) as owner:
        key = create_api_key(owner, role=role, town=town, name=name, expires_at=expires_at)
    typer.echo(f"Key for {name} ({role}{f', {town}' if town else ''}); it is not shown again.", err=True)
    typer.echo(key)


@keys.command("list")
def list_(
    town: Annotated[str | None, typer.Option(help="AGS or slug of the town")] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON on standard output")] = False,
) -> None:
    """Show what is known of every key: whose, for what, since and until when, last used; never the key."""
    with opened_database(Settings()) as database, owner_session(database) as owner:
        entries = list_api_keys(owner, town)
    now = datetime.now(UTC)
    if json:
        typer.echo(orjson.dumps([{**_as_json(entry), "state": entry.state(now)} for entry in entries]))
        return
    table = Table("id", "town", "role", "name", "made", "last used", "until", "state")
    for entry in entries:
        table.add_row(
            str(entry.key_id)[:8], entry.town or "–", entry.role, entry.name,
            _day(entry.created_at), str(entry.last_used_on or "never"), _day(entry.expires_at),
            entry.state(now),
        )  # fmt: skip
    Console(width=None if Console().is_terminal else 200).print(table)


@keys.command("rotate")
def rotate(
    key_id: KeyId,
    overlap: Annotated[int, typer.Option(min=0, max=90, help="Days on which the old key still holds")] = 7,
) -> None:
    """Print the successor of a key once, alone on the last line; the old one holds for the overlap."""
    with opened_database(Settings()) as database, owner_session(database) as owner:
        key = rotate_api_key(owner, key_id, overlap_days=overlap)
    typer.echo(f"The old key holds for {overlap} days more; the new one is not shown again.", err=True)
    typer.echo(key)


@keys.command("revoke")
def revoke(key_id: KeyId) -> None:
    """End a key at once, and the sign-ins that it began."""
    with opened_database(Settings()) as database, owner_session(database) as owner:
        revoke_api_key(owner, key_id)
    typer.echo("The key is revoked.", err=True)


def _day(moment: datetime | None) -> str:
    return "–" if moment is None else moment.astimezone(TOWN_ZONE).strftime("%Y-%m-%d %H:%M")


def _as_json(entry: KeyEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in KeyEntry.__dataclass_fields__}


def register(app: typer.Typer) -> None:
    """Add `api-keys` to the command line."""
    app.add_typer(keys, name="api-keys")
