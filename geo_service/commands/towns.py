"""`geo-service towns add FOLDER`, `towns list`: a town is a folder of data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.commands.await_works import await_works
from geo_service.conflicts.catalogue import forget_values
from geo_service.conflicts.recompute_due import recompute_occupations, recompute_outdated, recompute_town
from geo_service.conflicts.town_overrides import read_overrides, save_overrides
from geo_service.db.database import Database, owner_session, speak_as
from geo_service.db.open_database import opened_database
from geo_service.errors import BadTownFolder, FieldFault
from geo_service.fees.in_force import save_tariffs
from geo_service.fees.tariff import Tariff
from geo_service.fees.tariff_file import read_tariff_file
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.follow_border import NOTHING_FOLLOWED, BorderFollowed, follow_border
from geo_service.occupations.parameters import TownParameter
from geo_service.occupations.use_types import use_types
from geo_service.settings import Settings
from geo_service.sql.loader import statements, text
from geo_service.towns.faults import Document, Fault
from geo_service.towns.folder import TownFolder, read_town_folder
from geo_service.towns.load_town import Outcome, load_town, overlapping_towns

WIDTH_OF_A_FILE = 130  # columns, where the table goes to a file or a pipe

commands = typer.Typer(no_args_is_help=True, help="Towns (Kommunen) as folders of data")


@dataclass(frozen=True, kw_only=True, slots=True)
class AddedTown:
    """What `towns add` did with one folder; `tariffs` and `own_values` are how many the town has now.

    works: what goes on in the background because of it (jobs/work.py).
    """

    ags: str
    name: str
    outcome: Outcome
    tariffs: int
    own_values: int
    warnings: tuple[str, ...] = ()
    followed: BorderFollowed = NOTHING_FOLLOWED
    works: tuple[int, ...] = ()


def add_town(database: Database, path: Path) -> AddedTown:
    """Store the town folder at `path` in one transaction; the running service sees it at its next request.

    Raises BadTownFolder with file and line of every fault; then nothing of the folder is stored.
    """
    folder, tariffs, overrides = _read(path)
    ags = folder.town.ags
    with owner_session(database) as owner:
        outcome = load_town(owner, folder)
        warnings = overlapping_towns(owner, ags) if outcome != "unchanged" else []
        followed = NOTHING_FOLLOWED
        if outcome != "unchanged":
            speak_as(owner, actor="operator")
            followed = follow_border(owner, ags)
        prices_changed = save_tariffs(owner, ags, tariffs)
        values_changed = save_overrides(owner, ags, overrides)
        speak_as(owner, actor="operator")
        works = _have_findings_made_anew(owner, ags, outcome, followed)
    if outcome == "unchanged" and (prices_changed or values_changed):
        outcome = "changed"
    return AddedTown(
        ags=ags,
        name=folder.town.name,
        outcome=outcome,
        tariffs=len(tariffs),
        own_values=len(overrides),
        warnings=tuple(f"shares its area with {other}" for other in warnings),
        followed=followed,
        works=works,
    )


def _have_findings_made_anew(
    owner: Session, ags: str, outcome: Outcome, followed: BorderFollowed
) -> tuple[int, ...]:
    """In the background, those of a town whose folder or values have changed, and of what has left it."""
    forget_values(owner)
    works = recompute_outdated(owner, day=datetime.now(TOWN_ZONE).date(), town=ags)
    if outcome != "unchanged" and not works:
        work_id = recompute_town(owner, ags, reason="town")
        works = [] if work_id is None else [work_id]
    left = recompute_occupations(owner, followed.moved, reason="town")
    return (*works, *([] if left is None else [left]))


def _read(path: Path) -> tuple[TownFolder, list[Tariff], tuple[TownParameter, ...]]:
    """Everything of the folder; the faults of all its files in one error."""
    folder = read_town_folder(path)
    faults = _unknown_uses(folder)
    tariffs: list[Tariff] = []
    overrides: tuple[TownParameter, ...] = ()
    try:
        tariffs = read_tariff_file(path / "tariff.yaml", use_types())
    except BadTownFolder as error:
        faults.append(error)
    try:
        overrides = read_overrides(path / "rules.yaml", folder.town.ags)
    except BadTownFolder as error:
        faults.append(error)
    if faults:
        raise _together(faults)
    return folder, tariffs, overrides


def _unknown_uses(folder: TownFolder) -> list[BadTownFolder]:
    """A use that town.toml names and nobody knows: a typing mistake would publish what should stay hidden."""
    town = folder.town
    named = [(("published_uses_except",), use) for use in town.published_uses_except]
    named += [(("lead_time_days",), use) for use in town.lead_time_days]
    document: Document = folder.document
    unknown = [
        Fault((*key, use), f"{key[0]}: {use!r} is not a known use_type")
        for key, use in named
        if use not in use_types()
    ]
    return [document.refuse(unknown)] if unknown else []


def _together(errors: list[BadTownFolder]) -> BadTownFolder:
    first, *others = errors
    more = [*first.errors]
    for error in others:
        pointer, _, detail = error.detail.partition(": ")
        more += [FieldFault(pointer, detail), *error.errors]
    return BadTownFolder(first.detail, errors=more)


@commands.command("add")
def add(
    folders: Annotated[
        list[Path], typer.Argument(help="Folders with town.toml, boundary.geojson, tariff.yaml, rules.yaml")
    ],
) -> None:
    """Add towns from their folders, or update them; a running service follows at once."""
    counts: dict[Outcome, int] = {"new": 0, "changed": 0, "unchanged": 0}
    works: list[int] = []
    with opened_database(Settings()) as database:
        for folder in folders:
            added = add_town(database, folder)
            counts[added.outcome] += 1
            typer.echo(
                f"{added.name} ({added.ags}): {added.outcome}; versions of its tariff: {added.tariffs}, "
                f"own values of rules: {added.own_values}"
            )
            for warning in added.warnings:
                typer.echo(f"  warning: {warning}")
            for line in _followed(added.followed):
                typer.echo(f"  {line}")
            works += added.works
        await_works(database, works)
    typer.echo(", ".join(f"{number} {outcome}" for outcome, number in counts.items()))


def _followed(done: BorderFollowed) -> Iterator[str]:
    """What now belongs to another town than before, and what stays though it lies outside."""
    if done.segments or done.moved or done.places:
        yield (
            f"follows the border: {done.segments:,} segments, {len(done.moved):,} sites and events of feeds, "
            f"{done.places:,} schools, stops, …"
        )
    for one in done.outside:
        yield (
            f"stays, though it lies {'in ' + one.lies_in if one.lies_in else 'outside every town'} now: "
            f"{one.name} ({one.collection})"
        )


@commands.command("list")
def list_all() -> None:
    """Show every town."""
    with opened_database(Settings()) as database, owner_session(database) as owner:
        console = Console()
        if not console.is_terminal:
            console = Console(width=WIDTH_OF_A_FILE)
        console.print(overview(owner))


def overview(session: Session) -> Table:
    """All towns as a table that fits a terminal of 80 columns."""
    table = Table(title="Towns", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in ("AGS", "Address", "Name", "Prefix", "Requests", "Tariff"):
        table.add_column(heading, no_wrap=heading != "Name")
    for row in session.execute(text(statements("towns")["towns_overview"])):
        table.add_row(*_cells(row))
    return table


def _cells(row: Row[tuple[object, ...]]) -> list[str]:
    tariff = {None: "–", True: "official", False: "example"}[row.official]
    return [
        row.ags,
        row.slug,
        escape(row.name),
        row.reference_prefix or "–",
        "yes" if row.accepts_requests else "no",
        tariff if row.tariffs < 2 else f"{tariff} ({row.tariffs})",
    ]


def register(app: typer.Typer) -> None:
    """Add `towns` to the command line."""
    app.add_typer(commands, name="towns")
