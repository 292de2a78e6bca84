"""The report of a site import as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from geo_service.construction.import_report import Remark, SiteReport

_SEVERITIES = ("block", "undetermined", "warn", "info", "chance")
SHOWN = 20  # lines of one kind; --json has them all


def print_report(report: SiteReport) -> None:
    """Write what the import did to standard output. Text of a feed is never read as markup."""
    console = Console(highlight=False, soft_wrap=True)
    licence = "" if report.licence in report.attribution else f" ({report.licence})"
    console.print(f"{report.file} → {report.source}; {report.attribution}{licence}", markup=False)
    console.print(_changes(report))
    for count, sentence in _sentences(report):
        if count:
            console.print(f"{count:,} {sentence}", markup=False)
    for said, count in report.untranslated.items():
        console.print(f"not in the profile's codes: {said} ({count:,})", markup=False)
    _print_remarks(console, "Refused", report.refused)
    _print_remarks(console, "Kept planned: something binding is in the way", report.held)
    _print_remarks(console, "Stated street and place disagree", report.street_disagrees)
    _print_remarks(console, "Parts left out", report.parts_left_out)
    _print_remarks(console, "Repaired", report.repaired)


def _sentences(report: SiteReport) -> Sequence[tuple[int, str]]:
    ordered = [(name, report.findings[name]) for name in _SEVERITIES if name in report.findings]
    found = ", ".join(f"{count:,} {severity}" for severity, count in ordered)
    return (
        (report.returned, "of the new ones had been gone and are back"),
        (report.gone, f"cancelled from {report.gone_from}, because they are no longer delivered"),
        (report.elsewhere, "left out: sites of other towns"),
        (report.left_out, "left out by the profile"),
        (report.merged, "more parts of a site that was delivered in several records"),
        (report.widened, "drawn as lines or points and widened"),
        (report.street_agrees, "lie in the street that the feed states"),
        (report.open_end, "without an end: taken as open"),
        (sum(report.findings.values()), f"findings: {found}"),
    )


def _changes(report: SiteReport) -> Table:
    table = Table(title="Records", title_justify="left")
    names = ("delivered", "added", "changed", "unchanged", "gone", "refused", "stored")
    for name in names:
        table.add_column(name, justify="right")
    numbers = (len(report.refused) if name == "refused" else getattr(report, name) for name in names)
    table.add_row(*(f"{number:,}" for number in numbers))
    return table


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
