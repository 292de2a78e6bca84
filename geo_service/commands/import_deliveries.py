"""`geo-service import permits FILE` and `import events FILE`: what another system knows, by a profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.progress import Progress
from sqlalchemy.orm import Session

from geo_service.commands.delivery_report_table import print_delivery
from geo_service.db.database import operator_session
from geo_service.db.open_database import opened_database
from geo_service.deliveries.import_events import read_events, store_events
from geo_service.deliveries.import_permits import read_permits, store_permits
from geo_service.deliveries.profiles import (
    EventProfile,
    PermitProfile,
    find_delivery_profile,
    read_delivery_profile,
)
from geo_service.deliveries.report import DeliveryReport
from geo_service.settings import Settings

_File = Annotated[Path, typer.Argument(help="The delivered file, as the profile describes it")]
_Profile = Annotated[str, typer.Option(help="A shipped profile, or a path to your own .yaml")]
_Json = Annotated[bool, typer.Option("--json", help="Print the report as JSON")]


def permits(file: _File, profile: _Profile, as_json: _Json = False) -> None:
    """Bring in the cases of another system, with the state they have there; again is an update."""
    words = read_delivery_profile(find_delivery_profile("permits", profile), PermitProfile)
    found = read_permits(file, words)
    with _operator() as session, _bar("Storing cases") as bar:
        report = store_permits(session, found, as_of=datetime.now(UTC), progress=bar)
    _show(report, as_json)


def events(
    file: _File,
    profile: _Profile,
    force: Annotated[bool, typer.Option(help="Even if more than half would vanish")] = False,
    as_json: _Json = False,
) -> None:
    """Bring in events and detours of a feed; the same again changes nothing, a newer file is an update."""
    words = read_delivery_profile(find_delivery_profile("events", profile), EventProfile)
    found = read_events(file, words)
    with _operator() as session, Console(stderr=True).status("Storing events and detours"):
        report = store_events(session, found, as_of=datetime.now(UTC), force=force)
    _show(report, as_json)


@contextmanager
def _operator() -> Iterator[Session]:
    with opened_database(Settings()) as database:
        engine = database.app_engine(pool_size=1)
        try:
            with operator_session(engine) as session:
                yield session
        finally:
            engine.dispose()


class _Bar:
    def __init__(self, bars: Progress, words: str) -> None:
        self.bars, self.task = bars, bars.add_task(words, total=None)

    def __call__(self, done: int, total: int) -> None:
        self.bars.update(self.task, completed=done, total=total)


@contextmanager
def _bar(words: str) -> Iterator[_Bar]:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bars:
        yield _Bar(bars, words)


def _show(report: DeliveryReport, as_json: bool) -> None:
    """The report; exit 1 when not one record could be used."""
    if as_json:
        typer.echo(orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2).decode())
    else:
        print_delivery(report)
    if report.refused and len(report.refused) >= report.added + report.changed + report.unchanged:
        typer.echo(f"geo-service: none of the records of {report.file} could be used.", err=True)
        raise typer.Exit(1)


def register(imports: typer.Typer) -> None:
    """Add `permits` and `events` to `geo-service import`."""
    imports.command("permits")(permits)
    imports.command("events")(events)
