"""Vector tiles: what is in them is what the collections publish, where it lies."""

from __future__ import annotations

import dataclasses
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import mapbox_vector_tile
import psycopg
import pytest
from fastapi.testclient import TestClient
from pyproj import Transformer
from shapely import transform
from shapely.geometry import box, shape

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.tiles.grid import GREATEST_ZOOM, Tile, limits_at
from geo_service.settings import Settings
from tests.clients.server import serving
from tests.conftest import clone
from tests.ogc.rows import insert_rows
from tests.ogc.test_items import read_all

FROM_LONLAT = Transformer.from_crs(4326, 3857, always_xy=True)
TILES = "/ogc/collections/{}/tiles/WebMercatorQuad/{}/{}/{}"
HALF_M = 20037508.342789244


def tile_at(lon: float, lat: float, zoom: int) -> Tile:
    x, y = FROM_LONLAT.transform(lon, lat)
    side = 2 * HALF_M / 2**zoom
    return Tile(zoom, int((HALF_M - y) // side), int((x + HALF_M) // side))


WIDE = tile_at(8.655, 49.64, 11)  # every row of the tests lies in it


def decoded(content: bytes, tile: Tile) -> dict[str, Any]:
    """Layers by name, coordinates in EPSG:3857."""
    west, south, east, north = tile.edges()

    def placed(places: Any) -> Any:
        return places * [(east - west) / 4096, (north - south) / 4096] + [west, south]

    layers = mapbox_vector_tile.decode(content) if content else {}
    for layer in layers.values():
        assert layer["extent"] == 4096
        for feature in layer["features"]:
            feature["shape"] = transform(shape(feature["geometry"]), placed)
    return dict(layers)


def published(client: TestClient, name: str) -> dict[str, dict[str, Any]]:
    """Features of a collection with a geometry, by id, that in EPSG:3857."""
    found = {}
    for feature in read_all(client, f"/ogc/collections/{name}/items?limit=5000"):
        if feature["geometry"] is not None:
            feature["shape"] = transform(shape(feature["geometry"]), FROM_LONLAT.transform, interleaved=False)
            found[feature["id"]] = feature
    return found


@pytest.mark.parametrize("zoom", [11, 14, 16])
@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_tile_holds_what_the_collection_publishes_there(client: TestClient, name: str, zoom: int) -> None:
    source = published(client, name)
    some = shape(list(source.values())[len(source) // 2]["geometry"]).representative_point()
    tile = tile_at(some.x, some.y, zoom)
    answer = client.get(TILES.format(name, tile.zoom, tile.row, tile.col))
    drawn = decoded(answer.content, tile).get(name, {"features": []})["features"]
    by_id = {feature["properties"]["id"]: feature for feature in drawn}
    assert len(by_id) == len(drawn)
    unit = (tile.edges()[2] - tile.edges()[0]) / 4096
    inside, about = box(*tile.edges()).buffer(-2 * unit), box(*tile.edges(64 / 4096)).buffer(2 * unit)
    assert drawn
    assert {key for key, one in source.items() if one["shape"].intersects(inside)} <= set(by_id)
    assert set(by_id) <= {key for key, one in source.items() if one["shape"].intersects(about)}
    cell = 16 * unit  # what may be left out of a shape that is drawn small
    for key, feature in by_id.items():
        there = source[key]["shape"].intersection(about)
        assert feature["shape"].distance(there) <= 2 * cell
        assert feature["shape"].within(about)
        if zoom >= 14:
            assert feature["shape"].hausdorff_distance(there) <= 4 * unit
        for told, value in feature["properties"].items():
            said = key if told == "id" else source[key]["properties"][told]
            assert value == (",".join(said) if isinstance(said, list) else said), told


def test_the_small_map_shows_areas_as_points_and_only_the_roads_between_places(
    cluster: LocalCluster, template: str
) -> None:
    for database in clone(cluster, template):
        insert_rows(database, roads=300, sites=30)
        with psycopg.connect(database.owner_conninfo()) as owner:
            owner.execute("SELECT set_config('app.actor', 'operator', true)")
            owner.execute(
                "UPDATE road_segment SET road_class = 'landesstrasse', axis = ST_SetSRID(ST_MakeLine("
                "ST_MakePoint(471000, 5496000), ST_MakePoint(481000, 5506000)), 25832) WHERE segment_id = 'test:7'"
            )
        with TestClient(build_app(Settings(), database)) as client:
            tile = tile_at(8.655, 49.64, 8)
            sites = client.get(TILES.format("construction_sites", tile.zoom, tile.row, tile.col))
            features = decoded(sites.content, tile)["construction_sites"]["features"]
            assert len(features) == 24
            assert {feature["geometry"]["type"] for feature in features} == {"Point"}
            roads = client.get(TILES.format("road_segments", tile.zoom, tile.row, tile.col))
            (road,) = decoded(roads.content, tile)["road_segments"]["features"]
            assert road["properties"]["id"] == "test:7"
            assert client.get(TILES.format("towns", 0, 0, 0)).status_code == 200


def test_a_tile_of_everything_has_a_layer_for_each_collection(client: TestClient) -> None:
    address = f"/ogc/tiles/WebMercatorQuad/{WIDE.zoom}/{WIDE.row}/{WIDE.col}"
    layers = decoded(client.get(address).content, WIDE)
    assert set(layers) == set(COLLECTIONS)
    some = decoded(client.get(address, params={"collections": "towns,events"}).content, WIDE)
    assert set(some) == {"towns", "events"}
    for name, layer in some.items():
        alone = client.get(TILES.format(name, WIDE.zoom, WIDE.row, WIDE.col))
        assert decoded(alone.content, WIDE)[name]["features"] == layer["features"]
    unknown = client.get(address, params={"collections": "towns,pending"})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "collections")


def test_a_tile_of_a_day_shows_that_day(client: TestClient) -> None:
    address = TILES.format("construction_sites", WIDE.zoom, WIDE.row, WIDE.col)
    for day in ("2026-06-01", "2026-01-01", "2027-01-01/.."):
        drawn = decoded(client.get(address, params={"datetime": day}).content, WIDE)["construction_sites"][
            "features"
        ]
        page = client.get("/ogc/collections/construction_sites/items", params={"datetime": day, "limit": 500})
        expected = {one["id"] for one in page.json()["features"] if one["geometry"]}
        assert {one["properties"]["id"] for one in drawn} == expected


@pytest.mark.parametrize(
    ("zoom", "row", "col"),
    [
        (21, 710_000, 1_098_000), (25, 0, 0), (0, 1, 0), (0, 0, 1), (11, 694, 2048), (11, 0, 0), (11, -1, 5), ("a", 0, 0),
        ("0", "0", "%20"), ("00", 0, 0), (0, 2147483647, 2147483647), ("1" * 400, 0, 0), ("11", "694.0", 1073), ("١", 0, 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("begin", ["", "/collections/events"])
def test_outside_the_limits_there_is_no_tile(
    client: TestClient, begin: str, zoom: Any, row: Any, col: Any
) -> None:
    answer = client.get(f"/ogc{begin}/tiles/WebMercatorQuad/{zoom}/{row}/{col}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/tiles/WorldCRS84Quad", "/tiles/WorldCRS84Quad/0/0/0", "/collections/nothing/tiles", "/collections/nothing/tiles/WebMercatorQuad/0/0/0", "/tileMatrixSets/nothing"])  # fmt: skip
def test_other_sets_and_collections_are_not_found(client: TestClient, path: str) -> None:
    assert client.get("/ogc" + path).status_code == 404


@pytest.mark.parametrize(("name", "value"), [("f", "png"), ("f", "json"), ("datetime", "soon"), ("limit", "3"), ("filter", "1=1")])  # fmt: skip
def test_a_faulty_wish_names_its_parameter(client: TestClient, name: str, value: str) -> None:
    answer = client.get(TILES.format("events", 0, 0, 0), params={name: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)


def test_an_empty_tile_has_no_content_and_may_be_kept(client: TestClient) -> None:
    first, last, _, east = limits_at(12)
    answer = client.get(TILES.format("events", 12, (first + last) // 2, east))
    assert (answer.status_code, answer.content) == (204, b"")
    again = client.get(
        TILES.format("events", 12, (first + last) // 2, east),
        headers={"If-None-Match": answer.headers["etag"]},
    )
    assert again.status_code == 304


def test_a_tile_has_a_validator_and_is_open_to_scripts(client: TestClient) -> None:
    address = TILES.format("road_segments", WIDE.zoom, WIDE.row, WIDE.col)
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    assert plain.headers["access-control-allow-origin"] == "*"
    assert plain.headers["cache-control"].startswith("public")
    assert (
        client.get(
            address, headers={"If-None-Match": plain.headers["etag"], "Accept-Encoding": "identity"}
        ).status_code
        == 304
    )
    for encoding in ("gzip", "br", "zstd"):
        packed = client.get(address, headers={"Accept-Encoding": encoding})
        assert packed.headers["content-encoding"] == encoding
        assert packed.headers["etag"] != plain.headers["etag"]
        assert packed.content == plain.content
    head = client.head(address, headers={"Accept-Encoding": "identity"})
    assert (head.headers["etag"], head.content) == (plain.headers["etag"], b"")
    assert head.headers["content-length"] == str(len(plain.content))


def test_the_map_of_streets_follows_the_roads(cluster: LocalCluster, template: str) -> None:
    for database in clone(cluster, template):
        insert_rows(database, roads=300)
        near = tile_at(8.5995, 49.6162, 16)
        address = f"/map/streets/16/{near.col}/{near.row}.json"
        with (
            TestClient(build_app(Settings(), database)) as client,
            psycopg.connect(database.owner_conninfo()) as owner,
        ):
            first, again = client.get(address), client.get(address)
            assert first.json() == again.json() != []
            known = {"If-None-Match": first.headers["etag"]}
            assert client.get(address, headers=known).status_code == 304
            owner.execute("SELECT set_config('app.actor', 'operator', true)")
            owner.execute("UPDATE road_segment SET street_name = 'Neuer Weg'")
            assert client.get(address, headers=known).status_code == 304
            owner.commit()
            assert {street["n"] for street in client.get(address, headers=known).json()} == {"Neuer Weg"}


def test_tile_json_leads_to_tiles(client: TestClient) -> None:
    for begin, layers in (("/ogc", list(COLLECTIONS)), ("/ogc/collections/permits", ["permits"])):
        answer = client.get(f"{begin}/tiles/WebMercatorQuad", params={"f": "tilejson"})
        assert answer.headers["content-type"] == "application/vnd.mapbox.tilejson+json"
        document = answer.json()
        assert (document["tilejson"], document["minzoom"], document["maxzoom"]) == ("3.0.0", 0, GREATEST_ZOOM)
        assert [layer["id"] for layer in document["vector_layers"]] == layers
        template = (
            document["tiles"][0]
            .replace("{z}", "11")
            .replace("{x}", str(WIDE.col))
            .replace("{y}", str(WIDE.row))
        )
        drawn = decoded(client.get(template).content, WIDE)
        for layer in document["vector_layers"]:
            told = {name for feature in drawn[layer["id"]]["features"] for name in feature["properties"]}
            assert told <= set(layer["fields"])
        west, south, east, north = document["bounds"]
        assert west < 8.6 < east
        assert south < 49.6 < north


def test_the_grid_is_web_mercator(client: TestClient) -> None:
    document = client.get("/ogc/tileMatrixSets/WebMercatorQuad").json()
    assert document["uri"] == "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
    first, last = document["tileMatrices"][0], document["tileMatrices"][24]
    assert first["scaleDenominator"] == pytest.approx(559082264.028717)
    assert last["cellSize"] == pytest.approx(0.00933069200085876)
    assert first["pointOfOrigin"] == pytest.approx([-20037508.3427892, 20037508.3427892])
    assert (last["matrixWidth"], last["tileWidth"]) == (2**24, 256)


@pytest.fixture
def slow(cluster: LocalCluster, template: str) -> Iterator[tuple[Database, psycopg.Connection]]:
    """A database where nothing can be read from `event` for the moment."""
    for database in clone(cluster, template):
        insert_rows(database, events=10)
        with psycopg.connect(database.owner_conninfo()) as owner:
            owner.execute("LOCK TABLE event IN ACCESS EXCLUSIVE MODE")
            yield database, owner


def waiting(database: Database) -> int:
    text = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE %s AND datname = current_database()"
    with psycopg.connect(database.app_conninfo()) as same_role:
        return int(same_role.execute(text, ["%ST_AsMVT(%"]).fetchone()[0])


def until(condition: Any, patience_s: float = 8) -> bool:
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def test_the_statement_ends_when_the_client_leaves(slow: tuple[Database, psycopg.Connection]) -> None:
    database, owner = slow
    with serving(database) as base:
        port = int(base.rpartition(":")[2])
        client = socket.create_connection(("127.0.0.1", port))
        address = TILES.format("events", WIDE.zoom, WIDE.row, WIDE.col)
        client.sendall(f"GET {address} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert until(lambda: waiting(database) == 1)
        client.close()
        assert until(lambda: waiting(database) == 0)
        owner.rollback()
        assert httpx.get(base + address, timeout=20).status_code == 200


def test_a_statement_that_takes_too_long_is_given_up(slow: tuple[Database, psycopg.Connection]) -> None:
    database, _ = slow
    impatient = dataclasses.replace(database, statement_timeout_ms=300)
    with TestClient(build_app(Settings(), impatient)) as client:
        answer = client.get(TILES.format("events", WIDE.zoom, WIDE.row, WIDE.col))
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert answer.headers["retry-after"]
