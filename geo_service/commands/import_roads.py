"""`geo-service import roads FILE`: a network of OpenStreetMap or of an office, brought in as an update."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from geo_service.commands.road_report_table import print_report, print_widths
from geo_service.commands.worker import await_works
from geo_service.conflicts.after_imports import follow_roads
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.db.open_database import opened_database
from geo_service.errors import BadTownFolder
from geo_service.facilities.store_facilities import match_routes
from geo_service.roads import import_roads as imported
from geo_service.roads.import_widths import import_widths
from geo_service.roads.osm_boundaries import OsmMunicipality, read_municipalities
from geo_service.roads.osm_segments import SOURCE as OSM
from geo_service.roads.osm_town import slug_of, write_town_folder
from geo_service.roads.road_address import local_file
from geo_service.roads.road_mapping import find_mapping, read_mapping
from geo_service.roads.road_report import RoadReport
from geo_service.settings import Settings
from geo_service.towns.folder import read_town_folder
from geo_service.towns.load_town import load_town
from geo_service.towns.town import find_town, get_town, list_towns

_WORDS = {
    "fetch": "Fetching the file",
    "read": "Reading highway lines",
    "split": "Cutting at junctions",
    "towns": "Looking for towns",
    "stage": "Finding the town of each segment",
    "merge": "Updating the network",
    "findings": "Making findings anew",
}


def roads(
    file: Annotated[
        str,
        typer.Argument(help="Path or http(s) address of .osm.pbf, .osm.gz or .osm; others need a mapping"),
    ],
    town: Annotated[str | None, typer.Option(help="Bring in this town only (AGS or slug)")] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            help="How to read an official file: a name that ships, or your .yaml (docs/road-mapping.md)"
        ),
    ] = None,
    add_towns: Annotated[
        bool, typer.Option(help="Add an unknown municipality whose boundary the file holds completely")
    ] = True,
    force: Annotated[
        bool, typer.Option(help="With --town: even if most of what is stored would vanish")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Bring in a road network; the same file again changes nothing, a newer one is an update."""
    of_office = None if mapping is None else read_mapping(find_mapping(mapping))
    with _progress() as progress:
        progress("fetch")
        with local_file(file) as path:
            network = imported.read_roads(path, mapping=of_office, progress=progress)
            progress("towns")
            municipalities = _municipalities(path, town) if add_towns and of_office is None else []
        with opened_database(Settings()) as database:
            wanted = _Import(network=network, town=town, force=force, progress=progress)
            added, report = _bring_in(database, wanted, municipalities)
            progress("findings")
            await_works(database, wanted.works, bars_shown=False)
    if as_json:
        typer.echo(
            json.dumps(
                {**asdict(report), "segments": report.segments, "towns_added": added}, ensure_ascii=False
            )
        )
    else:
        print_report(report, added)
        if report.source == OSM:
            typer.echo(
                f"schools, stops, hydrants, bus routes of the file: geo-service import facilities {file}"
            )


def _municipalities(path: Path, town: str | None) -> list[OsmMunicipality]:
    """Those whose boundary the file holds; only the one that was asked for, if one was."""
    return [found for found in read_municipalities(path) if town in (None, found.ags, slug_of(found.name))]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    network: imported.RoadFile
    town: str | None
    force: bool
    progress: imported.Progress
    works: list[int] = field(default_factory=list)

    def store(self, session: Session) -> RoadReport:
        ags = None if self.town is None else get_town(session, self.town).ags
        report = imported.store_roads(
            session, self.network, town=ags, force=self.force, progress=self.progress
        )
        match_routes(session)  # stored bus routes follow a network that is cut anew
        work_id = follow_roads(session)
        self.works.extend([] if work_id is None else [work_id])
        return report


def _bring_in(
    database: Database, wanted: _Import, municipalities: list[OsmMunicipality]
) -> tuple[list[str], RoadReport]:
    """New towns and roads in one transaction; as the owner only where a town is new."""
    engine = database.app_engine(pool_size=1)
    try:
        with operator_session(engine) as session:
            unknown = [found for found in municipalities if find_town(session, found.ags) is None]
            if not unknown:
                return [], wanted.store(session)
    finally:
        engine.dispose()
    with owner_session(database) as owner:
        speak_as(owner, actor="operator")
        added = [found.name for found in unknown if _added(owner, found)]
        return added, wanted.store(owner)


def _added(owner: Session, municipality: OsmMunicipality) -> bool:
    """Store the municipality as a plain town; what hinders it is said, not raised."""
    taken = {known.reference_prefix for known in list_towns(owner) if known.reference_prefix}
    try:
        with tempfile.TemporaryDirectory(prefix="geo-service-") as folder:
            write_town_folder(municipality, Path(folder), taken)
            load_town(owner, read_town_folder(Path(folder)))
    except BadTownFolder as error:
        typer.echo(f"{municipality.name} was not added as a town: {error.detail}", err=True)
        return False
    return True


@contextmanager
def _progress() -> Iterator[imported.Progress]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("Starting", total=len(_WORDS))

        def show(phase: str) -> None:
            bars.update(task, description=_WORDS[phase], completed=list(_WORDS).index(phase))

        yield show


def widths(
    file: Annotated[Path, typer.Argument(help="GeoJSON in degrees with areas tagged area:highway")],
    source: Annotated[
        str, typer.Option(help="Whose segments are measured: osm or a mapping's source")
    ] = "osm",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Measure carriageways across the axis in drawn areas; later imports leave what was measured."""
    with opened_database(Settings()) as database:
        engine = database.app_engine(pool_size=1)
        try:
            with operator_session(engine) as session:
                report = import_widths(session, file, source=source)
                work_id = follow_roads(session)
        finally:
            engine.dispose()
        await_works(database, [] if work_id is None else [work_id])
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print_widths(report)


def register(imports: typer.Typer) -> None:
    """Add `roads` and `widths` to `geo-service import`."""
    imports.command()(roads)
    imports.command()(widths)
