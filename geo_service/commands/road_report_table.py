"""The report of a road import as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geo_service.roads.osm_segments import SOURCE
from geo_service.roads.road_report import RoadReport

_REASONS = {
    "no_length": "of no length",
    "fewer_than_two_nodes": "with fewer than two nodes",
    "no_id": "without an id",
    "id_twice": "whose id another line has already",
    "no_geometry": "without a geometry",
    "no_line": "that are points or areas",
    "too_many_vertices": "with more than 10,000 vertices",
    "not_finite": "with a coordinate that is no number",
    "nodes_missing": "whose nodes are not in the file",
    "nodes_missing_in_part": "with some nodes not in the file (the rest was kept)",
}


def print_report(report: RoadReport, towns_added: Sequence[str]) -> None:
    """Write what the import did to standard output."""
    console = Console(highlight=False, soft_wrap=True)
    kind = "highway lines" if report.source == SOURCE else "lines"
    console.print(
        f"{report.file}: {report.lines:,} {kind} ({report.outlines:,} edges of squares), "
        f"{report.length_km:,.1f} km; {report.crossing_lines:,} cross a town's border and are kept whole",
        markup=False,
    )
    for name in towns_added:
        console.print(f"new town: {name} (boundary from the file, takes no requests)", markup=False)
    console.print(_changes(report))
    console.print(_totals(report))
    for reason, count in report.skipped.items():
        console.print(f"left out: {count:,} {_REASONS.get(reason, reason)}", markup=False)
    for value, count in report.unknown.items():
        console.print(f"not understood, so not known: {value} ({count:,} lines)", markup=False)
    if report.elsewhere:
        console.print(f"left out: {report.elsewhere:,} segments of other towns", markup=False)
    if report.rematched:
        console.print(
            f"occupations: {report.rematched:,} moved from a segment that is gone to what lies in its place"
        )
    for left in report.stranded:
        console.print(
            f"gone, but kept out of service: {left.segment_id} ({left.street_name or 'no name'}), "
            f"because {left.occupation} ({left.collection}) lies on it",
            markup=False,
        )


def _changes(report: RoadReport) -> Table:
    table = Table(title="Segments", title_justify="left")
    for name in ("delivered", "added", "changed", "unchanged", "gone", "kept"):
        table.add_column(name, justify="right")
    numbers = (
        report.segments,
        report.added,
        report.changed,
        report.unchanged,
        report.gone,
        len(report.retired),
    )
    table.add_row(*(f"{number:,}" for number in numbers))
    return table


def _totals(report: RoadReport) -> Table:
    table = Table(title="By town and class", title_justify="left")
    for name in ("town", "class"):
        table.add_column(name)
    for name in ("segments", "km"):
        table.add_column(name, justify="right")
    for total in report.totals:
        town = Text(total.town_name or "outside every town")  # Text: a name is never read as markup
        table.add_row(town, total.road_class, f"{total.segments:,}", f"{total.length_km:,.1f}")
    return table
