"""The report of an import of permits, or of events and detours, as tables on the terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geo_service.construction.import_report import Remark
from geo_service.deliveries.report import DeliveryReport

SHOWN = 20  # lines of one kind; --json has them all
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def print_delivery(report: DeliveryReport) -> None:
    """Write what the import did to standard output. Text of a file is never read as markup."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{report.file} → {report.source}; {report.attribution} ({report.licence})", markup=False)
    table = Table(title="Records", title_justify="left")
    names = ("delivered", "added", "changed", "unchanged", "gone", "refused")
    for name in names:
        table.add_column(name, justify="right")
    numbers = (len(report.refused) if name == "refused" else getattr(report, name) for name in names)
    table.add_row(*(f"{number:,}" for number in numbers))
    console.print(table)
    _print_counts(console, "written as", report.written)
    if report.merged:
        console.print(f"{report.merged:,} closures read together with their events")
    _print_counts(console, "left out:", report.left_out)
    _print_counts(console, "not in the profile's codes:", report.untranslated)
    if len(report.refused) > SHOWN:
        reasons = Counter(_NUMBER.sub("…", remark.reason) for remark in report.refused)
        for reason, count in reasons.most_common(SHOWN):
            console.print(f"refused: {count:,} × {reason}", markup=False)
    _print_remarks(console, "Refused", report.refused)
    _print_remarks(console, "Not binding yet: something is in the way", report.held)
    _print_remarks(console, "Left as they are here", report.kept)


def _print_counts(console: Console, words: str, counts: Mapping[str, int]) -> None:
    for name, count in sorted(counts.items()):
        console.print(f"{words} {name} ({count:,})", markup=False)


def _print_remarks(console: Console, title: str, remarks: Sequence[Remark]) -> None:
    if not remarks:
        return
    table = Table(title=f"{title} ({len(remarks):,})", title_justify="left")
    for name in ("record", "id", "reason"):
        table.add_column(name, justify="right" if name == "record" else "left", overflow="fold")
    for remark in remarks[:SHOWN]:
        number = "" if remark.number is None else str(remark.number)
        table.add_row(number, Text(remark.source_id), Text(remark.reason))
    console.print(table)
    if len(remarks) > SHOWN:
        console.print(f"… and {len(remarks) - SHOWN:,} more; --json lists them all", markup=False)
