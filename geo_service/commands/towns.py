"""`geo-service towns add FOLDER`, `towns list`: a town is a folder of data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from geo_service.db.database import Database, owner_session, speak_as
from geo_service.db.open_database import opened_database
from geo_service.roads.assign_towns import assign_towns
from geo_service.settings import Settings
from geo_service.towns.folder import read_town_folder
from geo_service.towns.load_town import Outcome, load_town, overlapping_towns

commands = typer.Typer(no_args_is_help=True, help="Towns (Kommunen) as folders of data")


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedTown:
    """What `towns add` did with one folder."""

    ags: str
    name: str
    outcome: Outcome
    warnings: tuple[str, ...] = ()


def add_town(database: Database, path: Path) -> AddedTown:
    """Store the town folder at `path` in one transaction; the running service sees it at its next request.

    Raises BadTownFolder with file and line; then nothing of the folder is stored.
    """
    folder = read_town_folder(path)
    with owner_session(database) as owner:
        outcome = load_town(owner, folder)
        overlaps = overlapping_towns(owner, folder.town.ags) if outcome != "unchanged" else []
        if outcome != "unchanged":
            speak_as(owner, actor="operator")
            assign_towns(owner, folder.town.ags)
    return AddedTown(
        ags=folder.town.ags,
        name=folder.town.name,
        outcome=outcome,
        warnings=tuple(f"shares its area with {other}" for other in overlaps),
    )


@commands.command("add")
def add(folder: Annotated[Path, typer.Argument(help="Folder with town.toml and boundary.geojson")]) -> None:
    """Add a town from its folder, or update it; the running service follows."""
    console = Console()
    with opened_database(Settings()) as database:
        added = add_town(database, folder)
        console.print(f"{added.name} ({added.ags}): {added.outcome}")


def register(app: typer.Typer) -> None:
    """Add `towns` to the command line."""
    app.add_typer(commands, name="towns")
