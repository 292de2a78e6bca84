"""`geo-service import facilities FILE`: schools, stops, hydrants, bus routes … from OpenStreetMap."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.orm import Session

from geo_service.commands.await_works import await_works
from geo_service.commands.facility_report_table import print_facilities
from geo_service.conflicts.after_imports import follow_import
from geo_service.db.database import operator_session
from geo_service.db.open_database import opened_database
from geo_service.facilities.facility import FacilityFile
from geo_service.facilities.facility_changes import FacilityChanges
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.facilities.store_facilities import FacilityReport, store_facilities
from geo_service.roads.road_address import local_file
from geo_service.settings import Settings


def facilities(
    file: Annotated[str, typer.Argument(help="Path or http(s) address of .osm.pbf, .osm.gz or .osm")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON")] = False,
) -> None:
    """Bring in schools, hospitals, fire stations, stops, hydrants and bus routes; again is an update."""
    console = Console(stderr=True)
    with local_file(file) as path, console.status("Reading facilities") as status:
        found = read_osm_facilities(path)
        status.update("Storing facilities")
        with opened_database(Settings()) as database:
            engine = database.app_engine(pool_size=1)
            try:
                with operator_session(engine) as session:
                    report, work_id = store_with_findings(session, found)
            finally:
                engine.dispose()
            status.update("Making findings anew")
            await_works(database, [] if work_id is None else [work_id], bars_shown=False)
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print_facilities(report)


def store_with_findings(session: Session, found: FacilityFile) -> tuple[FacilityReport, int | None]:
    """Store the file; also the work in the background that makes the findings of what is concerned anew."""
    watched = FacilityChanges(session)
    report = store_facilities(session, found)
    return report, follow_import(session, watched.since())


def register(imports: typer.Typer) -> None:
    """Add `facilities` to `geo-service import`."""
    imports.command("facilities")(facilities)
