"""The report of an import of facilities as a table on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from geo_service.facilities.store_facilities import FacilityReport


def print_facilities(report: FacilityReport) -> None:
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
