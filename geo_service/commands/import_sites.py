"""`geo-service import sites FILE`: construction sites of a feed, brought in as an update by a profile."""

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
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from geo_service.commands.site_report_table import print_report
from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_sites import store_feed
from geo_service.construction.store_sites import Progress as Watched
from geo_service.db.database import operator_session
from geo_service.db.open_database import opened_database
from geo_service.settings import Settings
from geo_service.towns.town import get_town

_WORDS = {
    "read": "Reading records",
    "place": "Finding towns and streets",
    "occupy": "Storing what they claim",
    "check": "Checking for conflicts",
    "write": "Writing sites",
}


def sites(
    file: Annotated[Path, typer.Argument(help="The delivered file: GeoJSON, or JSON as the profile says")],
    profile: Annotated[
        str,
        typer.Option(help="A shipped profile (karlsruhe, berlin, geojson, …) or a path to your own .yaml"),
    ],
    town: Annotated[str | None, typer.Option(help="Bring in this town's sites only (AGS or slug)")] = None,
    force: Annotated[
        bool, typer.Option(help="Even if more than half of what is stored would vanish")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Bring in construction sites; the same file again changes nothing, a newer one is an update."""
    words = read_profile(find_profile(profile))
    with _progress() as progress:
        feed = read_feed(file, words, progress=progress)
        with opened_database(Settings()) as database:
            engine = database.app_engine(pool_size=1)
            try:
                with operator_session(engine) as session:
                    ags = None if town is None else get_town(session, town).ags
                    report = store_feed(
                        session, feed, as_of=datetime.now(UTC), town=ags, force=force, progress=progress
                    )
            finally:
                engine.dispose()
    if as_json:
        typer.echo(orjson.dumps(asdict(report), option=orjson.OPT_INDENT_2).decode())
    else:
        print_report(report)


@contextmanager
def _progress() -> Iterator[Watched]:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Starting", total=None)

        def show(phase: str, done: int, total: int) -> None:
            bars.update(task, description=_WORDS[phase], completed=done, total=total)

        yield show


def register(imports: typer.Typer) -> None:
    """Add `sites` to `geo-service import`."""
    imports.command("sites")(sites)
