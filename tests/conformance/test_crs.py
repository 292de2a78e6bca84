"""/conf/crs: annex A of OGC 18-058r1."""

from __future__ import annotations

import httpx
import pytest
import shapely
from pyproj import Transformer
from shapely.geometry import shape

from tests.conformance.conftest import Document, items_of, parameter_of

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
BAD = "http://www.opengis.net/def/crs/0/unknown/9999"


def test_crs__crs_uri(collections: list[Document]) -> None:
    for collection in collections:
        assert all(one.startswith("http://www.opengis.net/def/crs/") for one in collection["crs"])


def test_crs__fc_md_crs_list(collections: list[Document]) -> None:
    for collection in collections:
        assert CRS84 in collection["crs"]
        assert len(collection["crs"]) == len(set(collection["crs"]))


def test_crs__fc_md_crs_list_global(http: httpx.Client, root: str, collections: list[Document]) -> None:
    everywhere = http.get(f"{root}/collections").json()["crs"]
    for collection in collections:
        assert set(everywhere) <= set(collection["crs"])


def test_crs__fc_md_storage_crs_valid_value(collections: list[Document]) -> None:
    for collection in collections:
        assert collection.get("storageCrs", CRS84) in collection["crs"]


@pytest.mark.parametrize("name", ["bbox-crs", "crs"])
def test_crs__fc_parameter_definition(api: Document, collections: list[Document], name: str) -> None:
    """fc-bbox-crs-definition, fc-crs-definition."""
    for collection in collections:
        found = parameter_of(api, collection, name)
        assert (found["in"], found["required"], found["style"], found["explode"]) == (
            "query",
            False,
            "form",
            False,
        )
        assert (found["schema"]["type"], found["schema"]["format"]) == ("string", "uri")
        assert set(found["schema"]["enum"]) == set(collection["crs"])


@pytest.mark.parametrize("name", ["bbox-crs", "crs"])
def test_crs__fc_parameter_valid_value(http: httpx.Client, collections: list[Document], name: str) -> None:
    """fc-bbox-crs-valid-value, fc-crs-valid-value: what is not listed is refused."""
    for collection in collections:
        for crs in collection["crs"]:
            params = {name: crs, "limit": "1"} | ({"bbox": "1,1,2,2"} if name == "bbox-crs" else {})
            assert http.get(items_of(collection), params=params).status_code == 200
        assert http.get(items_of(collection), params={name: BAD, "bbox": "1,1,2,2"}).status_code == 400


def test_crs__f_crs_valid_value(http: httpx.Client, collections: list[Document]) -> None:
    for collection, feature in _features(http, collections):
        address = f"{items_of(collection)}/{feature['id']}"
        assert all(http.get(address, params={"crs": crs}).status_code == 200 for crs in collection["crs"])
        assert http.get(address, params={"crs": BAD}).status_code == 400


def _features(http: httpx.Client, collections: list[Document]) -> list[tuple[Document, Document]]:
    found = []
    for collection in collections:
        for feature in http.get(items_of(collection), params={"limit": 5}).json()["features"]:
            if feature["geometry"] is not None:
                found.append((collection, feature))
    return found


def test_crs__bbox_crs_action(http: httpx.Client, collections: list[Document]) -> None:
    """The box of the data finds the same features in every system."""
    for collection in collections:
        found = []
        for crs in collection["crs"]:
            page = http.get(items_of(collection), params={"crs": crs, "limit": 10_000}).json()
            placed = [shape(one["geometry"]).bounds for one in page["features"] if one["geometry"]]
            if not placed:
                continue
            west, south, east, north = (
                min(one[0] for one in placed), min(one[1] for one in placed), max(one[2] for one in placed), max(one[3] for one in placed),
            )  # fmt: skip
            box = f"{west - 1e-6},{south - 1e-6},{east + 1e-6},{north + 1e-6}"
            answer = http.get(
                items_of(collection), params={"bbox": box, "bbox-crs": crs, "resultType": "hits"}
            ).json()
            found.append(answer["numberMatched"])
        assert len(set(found)) <= 1


def test_crs__bbox_crs_default(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        box = ",".join(map(str, collection["extent"]["spatial"]["bbox"][0]))
        plain = http.get(items_of(collection), params={"bbox": box, "resultType": "hits"}).json()
        named = http.get(
            items_of(collection), params={"bbox": box, "bbox-crs": CRS84, "resultType": "hits"}
        ).json()
        assert plain["numberMatched"] == named["numberMatched"]


def test_crs__fc_crs_default_value(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        answer = http.get(items_of(collection), params={"limit": 5})
        assert answer.headers["Content-Crs"] == f"<{CRS84}>"
        assert (
            answer.json()["features"]
            == http.get(items_of(collection), params={"limit": 5, "crs": CRS84}).json()["features"]
        )


def test_crs__f_crs_default_value(http: httpx.Client, collections: list[Document]) -> None:
    for collection, feature in _features(http, collections):
        answer = http.get(f"{items_of(collection)}/{feature['id']}")
        assert answer.headers["Content-Crs"] == f"<{CRS84}>"


def test_crs__crs_action(http: httpx.Client, collections: list[Document]) -> None:
    """Coordinates are those of the system asked for: transformed back they are the same to a centimetre."""
    for collection, feature in _features(http, collections):
        for crs in collection["crs"]:
            other = http.get(f"{items_of(collection)}/{feature['id']}", params={"crs": crs}).json()[
                "geometry"
            ]
            back = _as_crs84(other, crs)
            assert back.hausdorff_distance(shape(feature["geometry"])) < 2e-7


def _as_crs84(geometry: Document, crs: str) -> shapely.Geometry:
    """Transformed as the authorities say, axis order included."""
    code = "OGC:CRS84" if crs == CRS84 else f"EPSG:{crs.rpartition('/')[2]}"
    transformer = Transformer.from_crs(code, "OGC:CRS84")
    return shapely.transform(shape(geometry), transformer.transform, interleaved=False)


def test_crs__ogc_crs_header(http: httpx.Client, collections: list[Document]) -> None:
    for collection, feature in _features(http, collections):
        for address in (items_of(collection), f"{items_of(collection)}/{feature['id']}"):
            assert "Content-Crs" in http.get(address, params={"crs": CRS84}).headers


def test_crs__ogc_crs_header_value(http: httpx.Client, collections: list[Document]) -> None:
    for collection, feature in _features(http, collections):
        for crs in collection["crs"]:
            for address in (items_of(collection), f"{items_of(collection)}/{feature['id']}"):
                assert http.get(address, params={"crs": crs}).headers["Content-Crs"] == f"<{crs}>"
