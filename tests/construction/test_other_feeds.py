"""The other feeds, real pulls: what their profiles make of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.construction.conftest import Imports


def test_berlin(imports: Imports, shared_data: Path) -> None:
    report = imports.file(shared_data / "berlin" / "baustellen_sperrungen_2023-02-06.json", "berlin")
    assert (report.delivered, report.stored, report.left_out, report.open_end) == (228, 224, 3, 2)
    assert [(each.source_id, each.reason) for each in report.refused] == [
        ("2147349275", "the geometry is empty")
    ]
    full = imports.value("SELECT count(*) FROM construction_site WHERE restriction = 'full_closure'")
    assert full == 58, "as many as the feed calls Vollsperrung"
    live = imports.file(
        shared_data / "streetworks-feeds" / "berlin_baustellen_live_pull.json", "berlin", force=True
    )
    assert (live.added, live.gone, len(live.refused)) == (4, 225, 1), "a plain list of features"


def test_hamburg_is_points(imports: Imports, shared_data: Path) -> None:
    report = imports.file(shared_data / "streetworks-feeds" / "ogc_hamburg_baustellen.json", "hamburg")
    assert (report.stored, report.widened) == (3, 3)
    row = imports.rows(
        "SELECT first_day(period) AS first, last_day(period) AS last, area_widened, confidence, title"
        " FROM construction_site WHERE source_id = 'DE.HH.UP_BAUSTELLE_916925'"
    )[0]
    assert (str(row.first), str(row.last), row.area_widened, row.confidence) == (
        "2024-08-05",
        "2026-07-31",
        True,
        "estimated",
    )


def test_saxony_declares_its_crs_and_delivers_parts(imports: Imports, shared_data: Path) -> None:
    report = imports.file(shared_data / "streetworks-feeds" / "ogc_saxony_sperrungen.json", "sachsen")
    assert (report.delivered, report.stored, report.merged, report.left_out) == (6, 3, 2, 1)
    lon, lat, hours = imports.rows(
        "SELECT ST_X(ST_Transform(ST_Centroid(area), 4326)), ST_Y(ST_Transform(ST_Centroid(area), 4326)),"
        " to_char(lower(period) AT TIME ZONE 'Europe/Berlin', 'HH24:MI') FROM construction_site"
        " WHERE source_id LIKE 'LRABZ%'"
    )[0]
    assert (lon, lat) == pytest.approx((14.14, 51.36), abs=0.03), "Lieske near Oßling"
    assert hours == "00:00"


def test_brandenburg_has_sections_of_one_works(imports: Imports, shared_data: Path) -> None:
    report = imports.file(
        shared_data / "streetworks-feeds" / "ogc_brandenburg_baustelleninfo.json", "brandenburg"
    )
    assert (report.stored, report.widened, report.held) == (5, 5, ())
