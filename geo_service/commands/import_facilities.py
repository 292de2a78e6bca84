"""`geo-service import facilities FILE`: schools, stops, hydrants, bus routes … from OpenStreetMap."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import shapely
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from geo_service.conflicts.recompute_near import recompute_near
from geo_service.db.database import operator_session
from geo_service.db.open_database import opened_database
from geo_service.facilities.facility import FacilityFile
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.facilities.store_facilities import FacilityReport, store_facilities, stored_places
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
                    report = store_with_findings(session, found)
            finally:
                engine.dispose()
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print_report(report)


def store_with_findings(session: Session, found: FacilityFile) -> FacilityReport:
    """Store the file; the findings of everything near what came, moved or went are computed anew."""
    before = stored_places(session, found.source)
    report = store_facilities(session, found)
    changed = before ^ stored_places(session, found.source)
    if changed:
        places = shapely.from_wkb([place for *_, place in sorted(changed)])
        recompute_near(session, shapely.geometrycollections(places), as_of=datetime.now(UTC))
    return report


def print_report(report: FacilityReport) -> None:
    """Write what the import did to standard output."""
    console = Console(highlight=False, soft_wrap=True)
    table = Table(title=f"Facilities in {report.file}", title_justify="left")
    table.add_column("kind")
    for name in ("delivered", "added", "changed", "unchanged", "gone"):
        table.add_column(name, justify="right")
    for kind in report.kinds:
        numbers = (kind.delivered, kind.added, kind.changed, kind.unchanged, kind.gone)
        table.add_row(kind.kind, *(f"{number:,}" for number in numbers))
    console.print(table)
    routes = report.routes
    console.print(
        f"bus routes: {routes.routes:,} stored, on {routes.segments:,} segments; {routes.lines_unknown:,} of "
        f"their {routes.lines:,} road lines are not stored (outside the imported roads)",
        markup=False,
    )
    for reason, count in report.left_out.items():
        console.print(f"left out: {count:,} ({reason})", markup=False)


def register(imports: typer.Typer) -> None:
    """Add `facilities` to `geo-service import`."""
    imports.command()(facilities)
