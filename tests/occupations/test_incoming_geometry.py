from __future__ import annotations

from typing import Any

import pytest
from shapely.geometry import shape

from geo_service.crs import to_lonlat
from geo_service.errors import BadGeometry
from geo_service.occupations.incoming_geometry import read_geometry, read_line

HERE = [8.62, 49.68]


def test_a_point_becomes_a_rectangle_of_the_stated_size() -> None:
    area = read_geometry(
        {"type": "Point", "coordinates": HERE}, pointer="/geometry", length_m=12, depth_m=2.5
    )
    assert area.area == pytest.approx(30)
    west, south, east, north = area.bounds
    assert (east - west, north - south) == (pytest.approx(12), pytest.approx(2.5))


def test_a_line_becomes_a_band_as_long_as_it_is() -> None:
    line = {"type": "LineString", "coordinates": [HERE, [8.621, 49.68]]}
    area = read_geometry(line, pointer="/geometry", length_m=72, depth_m=2)
    assert area.area == pytest.approx(2 * read_line(line, pointer="/x").length, rel=1e-9)


def test_a_collection_is_one_area() -> None:
    ring = [[8.62, 49.68], [8.6202, 49.68], [8.6202, 49.6802], [8.62, 49.6802], [8.62, 49.68]]
    polygon = {"type": "Polygon", "coordinates": [ring]}
    alone = read_geometry(polygon, pointer="/geometry")
    both = read_geometry(
        {"type": "GeometryCollection", "geometries": [polygon, polygon]}, pointer="/geometry"
    )
    assert both.area == pytest.approx(alone.area)
    apart = {"type": "MultiPolygon", "coordinates": [[ring], [[[x + 0.001, y] for x, y in ring]]]}
    assert read_geometry(apart, pointer="/geometry").area == pytest.approx(2 * alone.area, rel=1e-3)


def test_the_area_is_where_it_was_drawn() -> None:
    ring = [[8.62, 49.68], [8.6202, 49.68], [8.6202, 49.6802], [8.62, 49.6802], [8.62, 49.68]]
    drawn: dict[str, Any] = {"type": "Polygon", "coordinates": [ring]}
    back = to_lonlat(read_geometry(drawn, pointer="/geometry"))
    assert back.symmetric_difference(shape(drawn)).area < 1e-15


def test_the_place_of_a_fault_is_told_in_degrees() -> None:
    bow = [[8.62, 49.68], [8.6202, 49.6802], [8.6202, 49.68], [8.62, 49.6802], [8.62, 49.68]]
    with pytest.raises(BadGeometry, match=r"self-intersection at 8\.620100, 49\.680100"):
        read_geometry({"type": "Polygon", "coordinates": [bow]}, pointer="/geometry")


def test_a_hole_larger_than_the_area_is_refused() -> None:
    small = [[8.62, 49.68], [8.6202, 49.68], [8.6202, 49.6802], [8.62, 49.6802], [8.62, 49.68]]
    large = [[8.61, 49.67], [8.63, 49.67], [8.63, 49.69], [8.61, 49.69], [8.61, 49.67]]
    with pytest.raises(BadGeometry):
        read_geometry({"type": "Polygon", "coordinates": [small, large]}, pointer="/geometry")


@pytest.mark.parametrize(
    "detour",
    [{"type": "Point", "coordinates": HERE}, {"type": "LineString", "coordinates": [HERE, HERE]}, None, 7],
)
def test_a_detour_is_a_line(detour: Any) -> None:
    with pytest.raises(BadGeometry):
        read_line(detour, pointer="/properties/detour")


@pytest.mark.parametrize("kind", [[], {}, None, 7, "polygon"])
def test_a_type_that_is_none_is_refused_with_its_place(kind: Any) -> None:
    with pytest.raises(BadGeometry) as refused:
        read_geometry({"type": kind, "coordinates": [HERE]}, pointer="/geometry")
    assert [fault.pointer for fault in refused.value.errors] == ["/geometry/type"]
