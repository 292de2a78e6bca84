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
        previous = report.delivered
    published = "SELECT source_id FROM construction_site WHERE NOT ST_IsValid(ST_GeomFromGeoJSON(CAST({} AS json) -> 'geometry'))"
    for fragment in ("fragment_crs84", "fragment_25832"):
        assert imports.rows(published.format(fragment)) == [], "published invalid, though stored valid"


def test_the_flat_file_is_read_by_the_same_profile(imports: Imports, shared_data: Path) -> None:
    report = imports.file(shared_data / "karlsruhe-baustellen" / "flat_2026-08-07.geojson", "karlsruhe")
    assert (report.delivered, report.stored, report.refused) == (173, 173, ())
    assert {each.source_id for each in report.parts_left_out} == {"2024V2069", "2024V3208", "2024V6440"}
    assert "2026V4804" in {each.source_id for each in report.repaired}
    assert report.widened == 32
    row = imports.rows(
        "SELECT kind, restriction, takes, area_widened FROM construction_site WHERE source_id = '2026V0635'"
    )
    assert [tuple(each) for each in row] == [("hochbau", "full_closure", ["carriageway"], False)]
