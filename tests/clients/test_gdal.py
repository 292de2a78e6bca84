"""GDAL's OGC API Features driver, as QGIS and ogr2ogr use it, reads every collection to the last feature."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any
from urllib.parse import unquote

import pyogrio
import pytest

from tests.clients.conftest import PUBLISHED
from tests.ogc.rows import ODD_NAMES

COLUMNS = {
    "road_segments": {"street_name", "road_class", "length_m", "width_source", "modes"},
    "construction_sites": {"title", "state", "restriction", "period_start", "from"},
    "events": {"title", "kind", "period_end"},
    "detours": {"title", "modes", "until"},
    "permits": {"reference", "use_type", "status", "area_m2"},
    "towns": {"ags", "name", "boundary_accuracy_m"},
}


def test_gdal_lists_all_collections(service: str) -> None:
    layers = pyogrio.list_layers(f"OAPIF:{service}/ogc")
    assert {row[0] for row in layers} == set(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_gdal_reads_every_feature_over_several_pages(service: str, name: str) -> None:
    page = {"road_segments": 1000, "construction_sites": 100}.get(name, 10)
    frame = pyogrio.read_dataframe(
        f"OAPIF:{service}/ogc", layer=name, PAGE_SIZE=page, INITIAL_REQUEST_PAGE_SIZE=20
    )
    assert len(frame) == PUBLISHED[name]
    assert COLUMNS[name] <= set(frame.columns)
    assert frame.crs.to_epsg() == 4326
    placed = frame[frame.geometry.notna()]
    assert placed.geometry.is_valid.all()
    west, south, east, north = placed.total_bounds
    assert 8.5 < west < east < 8.9
    assert 49.5 < south < north < 49.8


def test_gdal_keeps_odd_names_and_missing_places(service: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="construction_sites")
    assert set(frame["title"]) == set(ODD_NAMES)
    assert frame.geometry.isna().sum() == 120
    assert frame["period_start"].isna().sum() == 120


def test_gdal_filters_by_a_box(service: str) -> None:
    everything = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="road_segments", PAGE_SIZE=1000)
    box = (8.60, 49.61, 8.62, 49.62)
    found = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="road_segments", bbox=box, PAGE_SIZE=1000)
    expected = everything[everything.intersects(_box(box))]
    assert 0 < len(found) < len(everything)
    assert set(found["source_id"]) == set(expected["source_id"])


@pytest.mark.parametrize(
    ("name", "where", "found"),
    [
        ("road_segments", "source_id = '4711'", 1),
        ("road_segments", "length_m > 8.5 AND source_id LIKE '10%' AND in_service = 1", 1111),
        ("construction_sites", "end_known = 0", 120),
        ("construction_sites", "period_start IS NULL", 120),
        ("permits", "reference = 'BEN-2026-000003' OR reference = 'BEN-2026-000004'", 2),
        ("permits", "area_m2 <= 15", 0),
        ("events", "\"from\" >= '2026/12/01'", 32),
    ],
)
def test_gdal_hands_its_attribute_filter_on(service: str, name: str, where: str, found: int) -> None:
    """The driver reads the queryables and sends CQL2; one request then brings what it needs."""
    requests = _requests_of(service, name, where)
    assert requests["features"] == found
    assert any(
        "filter=" in address and "filter-lang=cql-text" in address for address in requests["addresses"]
    ), requests
    assert sum("/items" in address and "filter=" in address for address in requests["addresses"]) <= 2


def _requests_of(service: str, name: str, where: str) -> dict[str, Any]:
    """Read in a process of its own, because GDAL writes the addresses it asks for to standard error."""
    program = (
        "import json, pyogrio, sys;"
        f"f = pyogrio.read_dataframe('OAPIF:{service}/ogc', layer={name!r}, where={where!r}, PAGE_SIZE=1000, INITIAL_REQUEST_PAGE_SIZE=20);"
        "print(json.dumps(len(f)))"
    )
    done = subprocess.run(  # noqa: PLW1510 - its output is shown first
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"CPL_DEBUG": "ON"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    addresses = [
        unquote(line.rpartition("Fetch(")[2]) for line in done.stderr.splitlines() if "Fetch(" in line
    ]
    return {"features": int(done.stdout.splitlines()[-1]), "addresses": addresses}


def test_gdal_reads_metres(service: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="permits", CRS="EPSG:25832")
    assert frame.crs.to_epsg() == 25832
    assert frame.geometry.area.tolist() == pytest.approx(frame["area_m2"].tolist())


def _box(edges: tuple[float, float, float, float]) -> object:
    from shapely import box

    return box(*edges)
