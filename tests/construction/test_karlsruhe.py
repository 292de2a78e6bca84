"""The real snapshots, one after another: what the town published is what the report counts."""

from __future__ import annotations

import csv
from pathlib import Path

from tests.construction.conftest import Imports


def test_the_series_is_counted_as_published(imports: Imports, shared_data: Path) -> None:
    folder = shared_data / "karlsruhe-baustellen"
    with (folder / "SERIES.tsv").open(encoding="utf-8") as series:
        expected = list(csv.DictReader(series, delimiter="\t"))
    previous = 0
    for number, line in enumerate(expected):
        report = imports.file(folder / "series" / line["file"], "karlsruhe")
        counted = (report.delivered, report.added, report.gone, report.changed)
        first = number == 0
        wanted = (
            int(line["features"]),
            int(line["features"]) if first else int(line["added"]),
            int(line["removed"]),
            int(line["changed (vs previous file)"]),
        )
        assert counted == wanted, line["file"]
        assert report.unchanged == previous - report.gone - report.changed
        print(
            report.stored,
            report.findings,
            len(report.held),
            report.refused,
            report.repaired,
            report.parts_left_out,
        )
        previous = report.delivered
