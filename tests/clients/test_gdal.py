"""GDAL's OGC API Features driver, as QGIS and ogr2ogr use it, reads every collection to the last feature."""

from __future__ import annotations

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


def test_gdal_reads_metres(service: str) -> None:
    frame = pyogrio.read_dataframe(f"OAPIF:{service}/ogc", layer="permits", CRS="EPSG:25832")
    assert frame.crs.to_epsg() == 25832
    assert frame.geometry.area.tolist() == pytest.approx(frame["area_m2"].tolist())


def _box(edges: tuple[float, float, float, float]) -> object:
    from shapely import box

    return box(*edges)
