"""`geo-service import roads FILE`: a network of OpenStreetMap or of an office, brought in as an update.

A file of OpenStreetMap knows more than its roads: its schools, stops, hydrants and bus routes come in the
same run and the same transaction.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from geo_service.commands.await_works import await_works
from geo_service.commands.facility_report_table import print_facilities
from geo_service.commands.road_report_table import print_report
from geo_service.conflicts.after_imports import follow_import
from geo_service.conflicts.recompute_due import recompute_town
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.db.open_database import opened_database
from geo_service.errors import BadTownFolder
from geo_service.facilities.facility import FacilityFile
from geo_service.facilities.facility_changes import FacilityChanges
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.facilities.store_facilities import FacilityReport, match_routes, store_facilities
from geo_service.occupations.follow_border import follow_border
from geo_service.roads import import_roads as imported
from geo_service.roads.osm_boundaries import OsmMunicipality, read_municipalities
from geo_service.roads.osm_town import slug_of, write_town_folder
from geo_service.roads.road_address import local_file
from geo_service.roads.road_mapping import find_mapping, read_mapping
from geo_service.roads.road_report import RoadReport
from geo_service.settings import Settings
from geo_service.towns.folder import read_town_folder
from geo_service.towns.load_town import load_town
from geo_service.towns.town import Town, find_town, get_town, list_towns, surroundings_of_town

FACILITIES_BEYOND_BORDER_M = 500.0  # no rule looks further
_WORDS = {
    "fetch": "Fetching the file",
    "read": "Reading highway lines",
    "split": "Cutting at junctions",
    "places": "Reading schools, stops, bus routes",
    "towns": "Looking for towns",
    "stage": "Finding the town of each segment",
    "merge": "Updating the network",
    "occupy": "Storing schools, stops, bus routes",
    "findings": "Making findings anew",
}


class Part(StrEnum):
    """What of an OpenStreetMap file is no road and can be left out."""

    FACILITIES = "facilities"
    TOWNS = "towns"


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
    without: Annotated[
        list[Part] | None,
        typer.Option(
            help="Leave out of an OpenStreetMap file: schools, stops, hydrants and bus routes; or unknown"
            " municipalities whose boundary it holds completely",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option(help="With --town: even if most of what is stored would vanish")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Bring in a road network; of OpenStreetMap with its schools, stops, hydrants and bus routes.

    The same file again changes nothing, a newer one is an update.
    """
    left_out = set(without or ())
    of_office = None if mapping is None else read_mapping(find_mapping(mapping))
    with _progress() as progress:
        progress("fetch")
        with local_file(file) as path:
            network = imported.read_roads(path, mapping=of_office, progress=progress)
            progress("places")
            found = None if of_office or Part.FACILITIES in left_out else read_osm_facilities(path)
            progress("towns")
            municipalities = [] if of_office or Part.TOWNS in left_out else _municipalities(path, town)
        with opened_database(Settings()) as database:
            wanted = _Import(network=network, facilities=found, town=town, force=force, progress=progress)
            done = _bring_in(database, wanted, municipalities)
            progress("findings")
            await_works(database, done.works, bars_shown=False)
    if as_json:
        typer.echo(json.dumps(_document(done), ensure_ascii=False))
        return
    print_report(done.roads, done.towns_added)
    if done.facilities is not None:
        print_facilities(done.facilities)


def _municipalities(path: Path, town: str | None) -> list[OsmMunicipality]:
    """Those whose boundary the file holds; only the one that was asked for, if one was."""
    return [found for found in read_municipalities(path) if town in (None, found.ags, slug_of(found.name))]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Done:
    """What one run did. works: what goes on in the background because of it."""

    roads: RoadReport
    facilities: FacilityReport | None
    works: list[int]
    towns_added: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Import:
    network: imported.RoadFile
    facilities: FacilityFile | None
    town: str | None
    force: bool
    progress: imported.Progress

    def store(self, session: Session) -> _Done:
        town = None if self.town is None else get_town(session, self.town)
        watched = FacilityChanges(session)
        roads = imported.store_roads(
            session,
            self.network,
            town=None if town is None else town.ags,
            force=self.force,
            progress=self.progress,
        )
        self.progress("occupy")
        stored = None
        if self.facilities is None:
            match_routes(session)  # stored bus routes follow a network that is cut anew
        else:
            stored = store_facilities(session, self._wanted(session, self.facilities, town))
        work_id = follow_import(session, watched.since())
        return _Done(roads=roads, facilities=stored, works=[] if work_id is None else [work_id])

    def _wanted(self, session: Session, file: FacilityFile, town: Town | None) -> FacilityFile:
        if town is None:
            return file
        return file.within(surroundings_of_town(session, town.ags, FACILITIES_BEYOND_BORDER_M))


def _document(done: _Done) -> dict[str, object]:
    """The report as JSON says it."""
    stored = None if done.facilities is None else asdict(done.facilities)
    added = {"segments": done.roads.segments, "towns_added": done.towns_added, "facilities": stored}
    return {**asdict(done.roads), **added}


def _bring_in(database: Database, wanted: _Import, municipalities: list[OsmMunicipality]) -> _Done:
    """New towns and roads in one transaction; as the owner only where a town is new."""
    engine = database.app_engine(pool_size=1)
    try:
        with operator_session(engine) as session:
            unknown = [found for found in municipalities if find_town(session, found.ags) is None]
            if not unknown:
                return wanted.store(session)
    finally:
        engine.dispose()
    with owner_session(database) as owner:
        speak_as(owner, actor="operator")
        added = [found for found in unknown if _added(owner, found)]
        done = wanted.store(owner)
        begun = [recompute_town(owner, found.ags, reason="town") for found in added]
    works = [*done.works, *(each for each in begun if each is not None)]
    return replace(done, works=works, towns_added=[found.name for found in added])


def _added(owner: Session, municipality: OsmMunicipality) -> bool:
    """Store the municipality as a plain town; what hinders it is said, not raised."""
    taken = {known.reference_prefix for known in list_towns(owner) if known.reference_prefix}
    try:
        with tempfile.TemporaryDirectory(prefix="geo-service-") as folder:
            write_town_folder(municipality, Path(folder), taken)
            load_town(owner, read_town_folder(Path(folder)))
            speak_as(owner, actor="operator")
            follow_border(owner, municipality.ags)
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


def register(imports: typer.Typer) -> None:
    """Add `roads` to `geo-service import`."""
    imports.command("roads")(roads)
