"""`zoom-level`: shapes for a map of a zoom, simple enough to be sent, true enough to be drawn, and never written back."""

from __future__ import annotations

from math import cos, pi, radians
from typing import Any

import mapbox_vector_tile
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import Transformer
from shapely.geometry import shape

from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.parameters import OF_FEATURES
from geo_service.ogc.systems import OFFERED
from tests.ogc.test_systems import ITEMS, code
from tests.ogc.test_writes import created, write
from tests.permits.conftest import Desk, desk, open_desk, standing_desk

__all__ = ["desk", "open_desk", "standing_desk"]

EVENTS = ITEMS.format("events")


def pixel_m(zoom: float) -> float:
    """What a pixel of the map measures in the street where the rows lie, metres."""
    return float(2 * pi * 6_378_137 / 256 / 2**zoom * cos(radians(49.65)))


def features_of(client: TestClient, name: str, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(ITEMS.format(name), params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["features"])


@pytest.mark.parametrize("crs", OFFERED)
@pytest.mark.parametrize("zoom", [10, 14.5, 17])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_shapes_for_a_map_differ_by_less_than_a_pixel(
    client: TestClient, name: str, zoom: float, crs: str
) -> None:
    whole = features_of(client, name, crs="EPSG:25832")
    small = features_of(client, name, crs=crs, **{"zoom-level": zoom})
    to_town = Transformer.from_crs(code(crs), "EPSG:25832")
    for there, here in zip(small, whole, strict=True):
        assert {**there, "geometry": None} == {**here, "geometry": None}
        if here["geometry"] is None:
            assert there["geometry"] is None
            continue
        assert there["geometry"]["type"] == here["geometry"]["type"]
        drawn = shapely.transform(shape(there["geometry"]), to_town.transform, interleaved=False)
        assert drawn.is_valid and not drawn.is_empty
        assert drawn.hausdorff_distance(shape(here["geometry"])) <= pixel_m(zoom) / 2


def test_a_small_map_gets_fewer_points_and_fewer_digits(client: TestClient) -> None:
    points = []
    for params in ({}, {"zoom-level": 19}, {"zoom-level": 16}, {"zoom-level": 12}):
        shapes = [
            shape(one["geometry"]) for one in features_of(client, "events", **params) if one["geometry"]
        ]
        points.append(sum(shapely.get_num_coordinates(shapes)))
    assert points == sorted(points, reverse=True)
    assert points[3] < points[0] / 3
    sizes = [
        len(client.get(EVENTS, params={"limit": 200, **one}).content) for one in ({}, {"zoom-level": 12})
    ]
    assert sizes[1] < sizes[0]


@pytest.mark.parametrize("form", [form for form in OF_FEATURES if form != "html"])
def test_every_encoding_takes_the_zoom(client: TestClient, form: str) -> None:
    whole = client.get(EVENTS, params={"f": form, "limit": 40})
    small = client.get(EVENTS, params={"f": form, "limit": 40, "zoom-level": 10})
    assert small.status_code == 200
    assert len(small.content) < len(whole.content)
    assert small.headers["Content-Crs"] == whole.headers["Content-Crs"]
    assert small.headers["ETag"] != whole.headers["ETag"]


def test_one_feature_alone_is_as_on_the_page_and_pages_keep_the_zoom(client: TestClient) -> None:
    page = client.get(EVENTS, params={"limit": 3, "zoom-level": 12}).json()
    for feature in page["features"]:
        alone = client.get(f"{EVENTS}/{feature['id']}", params={"zoom-level": 12})
        assert alone.json()["geometry"] == feature["geometry"]
    (next_page,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    assert "zoom-level=12" in next_page
    ordered = features_of(client, "events", sortby="-title", **{"zoom-level": 12})
    by_id = {one["id"]: one for one in features_of(client, "events", **{"zoom-level": 12})}
    assert ordered == [by_id[one["id"]] for one in ordered]
    assert client.get(EVENTS, params={"zoom-level": 12, "f": "html"}).status_code == 200


@pytest.mark.parametrize("value", ["", "-1", "far", "NaN", "inf", "1_0", "١٢", "12,5"])
def test_a_faulty_zoom_is_named(client: TestClient, value: str) -> None:
    for address in (EVENTS, f"{EVENTS}/{features_of(client, 'events')[0]['id']}"):
        answer = client.get(address, params={"zoom-level": value})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "zoom-level")


@pytest.mark.parametrize("value", ["0", "24", "100", "1e300", "0.0001", "9" * 60])
def test_a_zoom_without_a_map_is_answered(client: TestClient, value: str) -> None:
    assert len(features_of(client, "events", **{"zoom-level": value})) == len(features_of(client, "events"))


def test_a_shape_made_for_a_map_is_not_taken_back(desk: Desk) -> None:
    at, whole = created(desk)
    small = desk.client.get(at, params={"zoom-level": 10})
    assert small.status_code == 200
    assert write(desk, "PUT", at, small.headers["ETag"], small.json()).status_code == 412
    assert desk.client.get(at).json()["geometry"] == whole.json()["geometry"]


def test_a_tile_of_a_small_map_has_fewer_points(client: TestClient) -> None:
    """The same round areas in a tile of zoom 18, and as points in that of zoom 9."""
    lon, lat = shape(features_of(client, "events")[0]["geometry"]).centroid.coords[0]
    counts = {}
    for zoom in (18, 9):
        row, col = _tile_of(lon, lat, zoom)
        content = client.get(f"/ogc/collections/events/tiles/WebMercatorQuad/{zoom}/{row}/{col}").content
        first = mapbox_vector_tile.decode(content)["events"]["features"][0]
        counts[zoom] = shapely.get_num_coordinates(shape(first["geometry"]))
    assert counts[9] == 1
    assert counts[18] > 8


def _tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(lon, lat)
    side = 40_075_016.685578488 / 2**zoom
    return int((20_037_508.342789244 - y) // side), int((x + 20_037_508.342789244) // side)
