"""Six reference systems: coordinates, boxes and filters, each in the order of axes its authority says."""

from __future__ import annotations

import io
import json

import pyogrio
import pytest
import shapely
from fastapi.testclient import TestClient
from pyproj import Transformer
from shapely.geometry import box, shape

from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.systems import OFFERED

ITEMS = "/ogc/collections/{}/items"
OTHERS = [crs for crs in OFFERED if not crs.endswith(("CRS84", "25832"))]


def code(crs: str) -> str:
    return "OGC:CRS84" if crs.endswith("CRS84") else f"EPSG:{crs.rpartition('/')[2]}"


@pytest.mark.parametrize("crs", OTHERS)
@pytest.mark.parametrize("name", COLLECTIONS)
def test_coordinates_are_those_of_the_authority(client: TestClient, name: str, crs: str) -> None:
    metres = client.get(ITEMS.format(name), params={"crs": "EPSG:25832", "limit": 30}).json()["features"]
    answer = client.get(ITEMS.format(name), params={"crs": crs, "limit": 30})
    assert answer.headers["Content-Crs"] == f"<{crs}>"
    transformer = Transformer.from_crs("EPSG:25832", code(crs))
    tolerance = 1e-7 if crs.endswith(("4326", "4258")) else 1e-3
    for there, here in zip(answer.json()["features"], metres, strict=True):
        assert {**there, "geometry": None} == {**here, "geometry": None}
        if here["geometry"] is None:
            assert there["geometry"] is None
            continue
        expected = shapely.transform(shape(here["geometry"]), transformer.transform, interleaved=False)
        assert shape(there["geometry"]).equals_exact(expected, tolerance)
        alone = client.get(f"{ITEMS.format(name)}/{here['id']}", params={"crs": code(crs)})
        assert alone.json()["geometry"] == there["geometry"]
        assert alone.headers["Content-Crs"] == f"<{crs}>"


def test_latitude_comes_first_where_the_authority_says(client: TestClient) -> None:
    for crs in ("EPSG:4326", "EPSG:4258"):
        page = client.get(ITEMS.format("permits"), params={"crs": crs, "limit": 1}).json()
        latitude, longitude = page["features"][0]["geometry"]["coordinates"][0][0]
        assert 49 < latitude < 50
        assert 8 < longitude < 9


@pytest.mark.parametrize("crs", OFFERED)
def test_the_same_box_finds_the_same_in_every_system(client: TestClient, crs: str) -> None:
    """Eleven permits of a diagonal row, by the box and by a filter, in the numbers of each system."""
    transformer = Transformer.from_crs("EPSG:25832", code(crs))
    places = shapely.transform(
        box(475005, 5499990, 475115, 5500010), transformer.transform, interleaved=False
    )
    edges = ",".join(map(str, places.bounds))
    page = client.get(ITEMS.format("permits"), params={"bbox": edges, "bbox-crs": crs}).json()
    text = f"S_INTERSECTS(geometry, BBOX({edges}))"
    filtered = client.get(ITEMS.format("permits"), params={"filter": text, "filter-crs": crs}).json()
    assert page["numberMatched"] == filtered["numberMatched"] == 11
    node = {"op": "s_intersects", "args": [{"property": "geometry"}, shapely.geometry.mapping(places)]}
    by_shape = client.get(
        ITEMS.format("permits"),
        params={"filter": json.dumps(node), "filter-lang": "cql2-json", "filter-crs": crs},
    ).json()
    assert by_shape["numberMatched"] == 11


@pytest.mark.parametrize("crs", OFFERED)
@pytest.mark.parametrize(
    "edges",
    [
        "-1e300,-1e300,1e300,1e300",
        "-2e7,-2e7,2e7,2e7",
        "0,0,1,1",
        "5,5,4,6",
        "1e308,1e308,1e308,1e308",
        "-80,-170,80,170",
    ],
)
def test_boxes_far_away_are_answered(client: TestClient, crs: str, edges: str) -> None:
    assert client.get(ITEMS.format("permits"), params={"bbox": edges, "bbox-crs": crs}).status_code in (
        200,
        400,
    )
    text = f"S_INTERSECTS(geometry, BBOX({edges}))"
    assert client.get(ITEMS.format("permits"), params={"filter": text, "filter-crs": crs}).status_code in (
        200,
        400,
    )


@pytest.mark.parametrize("crs", OTHERS)
def test_files_lie_where_the_features_lie(client: TestClient, crs: str) -> None:
    """GDAL reads the FlatGeobuf and the JSON-FG of each system at the same place."""
    for form in ("fgb", "jsonfg"):
        answer = client.get(ITEMS.format("permits"), params={"crs": crs, "f": form, "limit": 25})
        frame = pyogrio.read_dataframe(io.BytesIO(answer.content))
        assert frame.crs.to_epsg() == int(crs.rpartition("/")[2])
        back = frame.to_crs("EPSG:25832")
        assert back.geometry.area.tolist() == pytest.approx([16.0] * 25, abs=0.1)
        assert 475_000 < back.total_bounds[0] < 475_020
    stream = client.get("/ogc/collections/permits/export", params={"crs": crs, "f": "json"}).json()[
        "features"
    ]
    page = client.get(ITEMS.format("permits"), params={"crs": crs, "limit": 25}).json()["features"]
    assert sorted(stream, key=lambda one: one["id"]) == sorted(page, key=lambda one: one["id"])
