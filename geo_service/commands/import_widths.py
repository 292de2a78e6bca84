"""`geo-service import widths FILE`: carriageways measured in drawn areas."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from geo_service.commands.await_works import await_works
from geo_service.conflicts.after_imports import follow_import
from geo_service.db.database import operator_session
from geo_service.db.open_database import opened_database
from geo_service.roads.import_widths import WidthReport, import_widths
from geo_service.settings import Settings


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
                work_id = follow_import(session)
        finally:
            engine.dispose()
        await_works(database, [] if work_id is None else [work_id])
    if as_json:
        typer.echo(json.dumps(asdict(report), ensure_ascii=False))
    else:
        print_widths(report)


def print_widths(report: WidthReport) -> None:
    """Write what was measured, and how far the assumed widths were off."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"{report.file}: {report.areas:,} areas, {report.segments:,} segments near them, "
        f"{report.measured:,} measured",
        markup=False,
    )
    if report.invalid_areas:
        console.print(f"left out: {report.invalid_areas:,} areas that are not valid")
    if report.compared:
        console.print(
            f"assumed minus measured ({report.compared:,}): median {report.median_difference_m:+} m, off"
            f" by {report.median_absolute_difference_m} m (median), {report.within_one_metre:,} within 1 m"
        )


def register(imports: typer.Typer) -> None:
    """Add `widths` to `geo-service import`."""
    imports.command("widths")(widths)
