"""/conf of OGC API – Tiles 1.0 (20-057, annex A), as ets-ogcapi-tiles10 1.2 checks them, one test for each assertion.

Written from the suite's own test classes; the name of the class stands with each test.
"""

from __future__ import annotations

from typing import Any

import httpx
import mapbox_vector_tile
import pytest

from tests.conformance.conftest import Document

TILESETS = "http://www.opengis.net/def/rel/ogc/1.0/tilesets-"
CONF = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
JSON = {"Accept": "application/json"}
VARIABLES = ("tileMatrix", "tileRow", "tileCol")
REGISTERED = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"


def tilesets_links(document: Document) -> list[str]:
    return [link["href"] for link in document["links"] if link["rel"].strip().startswith(TILESETS)]


def tile_sets(http: httpx.Client, address: str) -> list[Document]:
    """The documents that a list of tile sets leads to by its links to themselves."""
    answer = http.get(address, headers=JSON)
    assert answer.status_code == 200
    found = []
    for listed in answer.json()["tilesets"]:
        for link in listed["links"]:
            inner = http.get(link["href"], headers=JSON)  # the suite opens every link of a listed tile set
            assert inner.status_code == 200
            if (link["rel"], link["type"]) == ("self", "application/json"):
                found.append(inner.json())
    assert found
    return found


def template(document: Document) -> str:
    """Address of the tiles of a tile set, with its variables."""
    (found,) = [
        link["href"] for link in document["links"] if all(f"{{{name}}}" in link["href"] for name in VARIABLES)
    ]
    return str(found)


def tile_address(document: Document, limits: Document, **more: int) -> str:
    place = {
        "tileMatrix": limits["tileMatrix"],
        "tileRow": limits["maxTileRow"],
        "tileCol": limits["minTileCol"],
    }
    return template(document).format(**{**place, **{name: place[name] + by for name, by in more.items()}})


@pytest.fixture(scope="module")
def every_list(landing: Document, collections: list[Document]) -> list[str]:
    found = tilesets_links(landing)
    for collection in collections:
        found += tilesets_links(collection)
    assert len(found) == 1 + len(collections)
    return found


@pytest.fixture(scope="module")
def every_set(http: httpx.Client, every_list: list[str]) -> list[Document]:
    return [document for address in every_list for document in tile_sets(http, address)]


def test_tiles__conformance(http: httpx.Client, root: str) -> None:
    """Conformance.validateConformanceOperationAndResponse."""
    classes = http.get(f"{root}/conformance", headers=JSON).json()["conformsTo"]
    assert f"{CONF}core" in classes
    assert all(isinstance(one, str) for one in classes)


def test_tiles__root_op(http: httpx.Client, root: str) -> None:
    """landingpage.LandingPage: the landing page, and its link to the data."""
    answer = http.get(f"{root}/", headers=JSON)
    assert answer.status_code == 200
    assert "data" in {link["rel"] for link in answer.json()["links"]}


def test_tiles__tc_op(every_set: list[Document]) -> None:
    """A.2, Tile.validateTilesAreAvailable."""
    assert all(template(document) for document in every_set)


@pytest.mark.parametrize("variable", VARIABLES)
def test_tiles__tc_definition(every_set: list[Document], variable: str) -> None:
    """A.3 to A.5: tileMatrix, tileRow and tileCol are defined."""
    assert all(f"{{{variable}}}" in template(document) for document in every_set)


def test_tiles__tc_minimal(every_set: list[Document]) -> None:
    """MandatoryCore.verifyMinimalConformance: a registered set, named in the address."""
    for document in every_set:
        assert document["tileMatrixSetURI"] == REGISTERED
        assert "/tiles/WebMercatorQuad" in template(document)


def test_tiles__tc_success(http: httpx.Client, every_set: list[Document]) -> None:
    """A.6, Tile.validateSuccessfulTilesExecutionFollowingLinks: tiles inside the limits, nothing outside a tile."""
    for document in every_set:
        for limits in document["tileMatrixSetLimits"]:
            if int(limits["tileMatrix"]) % 4 == 0:
                answer = http.get(tile_address(document, limits))
                assert answer.status_code in (200, 204)
                assert_inside(answer.content)


def test_tiles__tc_success_with_content(
    http: httpx.Client, every_set: list[Document], collections: list[Document]
) -> None:
    """MandatoryCore.validateSuccessfulTilesExecution: where there is something, 200."""
    for document in every_set:
        (resource,) = [link["href"] for link in document["links"] if link["rel"].endswith("/geodata")]
        answer = http.get(template(document).format(tileMatrix=8, tileRow=87, tileCol=134))
        items = http.get(f"{resource}/items", params={"limit": 1}) if "/collections/" in resource else None
        empty = items is not None and not items.json()["features"]
        assert answer.status_code == (204 if empty else 200)
        assert_inside(answer.content)


def assert_inside(content: bytes) -> None:
    """The buffer aside, which the suite has no room for but the format has."""
    for layer in (mapbox_vector_tile.decode(content) if content else {}).values():
        for feature in layer["features"]:
            for x, y in points(feature["geometry"]["coordinates"]):
                assert -64 <= x <= layer["extent"] + 64
                assert -64 <= y <= layer["extent"] + 64


def points(coordinates: Any) -> list[tuple[float, float]]:
    if coordinates and not isinstance(coordinates[0], list | tuple):
        return [coordinates]
    return [point for part in coordinates for point in points(part)]


def test_tiles__tc_error(http: httpx.Client, every_set: list[Document]) -> None:
    """A.7, Tile.validateTilesErrorConditions and MandatoryCore.verifyErrorResponses."""
    for document in every_set:
        for limits in document["tileMatrixSetLimits"]:
            answer = http.get(tile_address(document, limits, tileRow=1))
            assert answer.status_code in (400, 404)
        beyond = {"tileMatrix": 5, "tileRow": 2**31 - 1, "tileCol": 2**31 - 1}
        assert http.get(template(document).format(**beyond)).status_code in (400, 404)


def test_tiles__tileset_links(http: httpx.Client, every_list: list[str]) -> None:
    """A.9, TilesetLlinks.validateTilesetsListResponse."""
    for address in every_list:
        assert "/tiles" in address
        for listed in http.get(address, headers=JSON).json()["tilesets"]:
            assert listed["tileMatrixSetURI"] == REGISTERED
            assert {"dataType", "crs", "links"} <= set(listed)


def test_tiles__dataset_landingpage(landing: Document) -> None:
    """A.10, datasettilesets.LandingPage."""
    assert any(link["rel"].startswith(f"{TILESETS}vector") for link in landing["links"])


def test_tiles__geodata_desc_links(collections: list[Document]) -> None:
    """A.12, GeospatialDataResource.geospatialResourceTilesetsLinksCheck."""
    assert all(tilesets_links(collection) for collection in collections)


def test_tiles__geodata_operation(http: httpx.Client, collections: list[Document]) -> None:
    """A.13, GeospatialDataResource.geospatialResourceTilesetsRetrieval."""
    for collection in collections:
        (address,) = tilesets_links(collection)
        assert address.endswith("/tiles") or "/tiles?" in address
        assert http.get(address, headers=JSON).json()["tilesets"]


def test_tiles__tmxslink(http: httpx.Client, root: str) -> None:
    """A.24, TileSet.validateTilesetResponse."""
    sets = http.get(f"{root}/tileMatrixSets", headers=JSON).json()["tileMatrixSets"]
    links = [link for one in sets for link in one["links"]]
    (item,) = [link for link in links if (link["rel"], link["type"]) == ("item", "application/json")]
    assert "WebMercatorQuad" in item["href"]
    assert http.get(item["href"], headers=JSON).json()["tileMatrices"]
