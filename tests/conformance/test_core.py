"""/conf/core: abstract tests 1 to 24 of OGC 17-069r4, annex A.2."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.conformance.conftest import GEOJSON, Document, items_of, parameter_of, span_of

CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def rels(document: Document) -> dict[str, list[Document]]:
    found: dict[str, list[Document]] = {}
    for link in document["links"]:
        found.setdefault(link["rel"], []).append(link)
    return found


def test_core__http(http: httpx.Client, root: str) -> None:
    answer = http.get(root)
    assert answer.http_version == "HTTP/1.1"
    assert http.head(root).status_code == 200
    assert http.post(root).status_code == 405
    assert http.get(f"{root}/nothing-here").status_code == 404


def test_core__root_op(http: httpx.Client, root: str) -> None:
    assert http.get(root, headers={"Accept": "application/json"}).status_code == 200


@pytest.mark.parametrize("rel", ["service-desc", "service-doc", "conformance", "data"])
def test_core__root_success(http: httpx.Client, landing: Document, rel: str) -> None:
    (link,) = rels(landing)[rel]
    assert link["href"]
    assert http.get(link["href"]).status_code == 200


def test_core__api_definition_op(http: httpx.Client, landing: Document) -> None:
    for rel in ("service-desc", "service-doc"):
        for link in rels(landing)[rel]:
            answer = http.get(link["href"], headers={"Accept": link["type"]})
            assert answer.status_code == 200
            assert answer.headers["content-type"].split("; charset")[0] == link["type"]


def test_core__api_definition_success(api: Document) -> None:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    OpenAPIV30SpecValidator(api).validate()


def test_core__conformance_op(http: httpx.Client, root: str) -> None:
    assert http.get(f"{root}/conformance", headers={"Accept": "application/json"}).status_code == 200


def test_core__conformance_success(http: httpx.Client, root: str) -> None:
    document = http.get(f"{root}/conformance", headers={"Accept": "application/json"}).json()
    assert CORE in document["conformsTo"]
    assert all(isinstance(one, str) and one.startswith("http") for one in document["conformsTo"])


def test_core__crs84(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        for feature in http.get(items_of(collection), params={"limit": 50}).json()["features"]:
            for lon, lat in points(feature["geometry"]):
                assert -180 <= lon <= 180
                assert -90 <= lat <= 90


def points(geometry: Document | None) -> list[tuple[float, float]]:
    if geometry is None:
        return []
    if geometry["type"] == "GeometryCollection":
        return [point for one in geometry["geometries"] for point in points(one)]
    found: list[tuple[float, float]] = []

    def walk(part: Any) -> None:
        if isinstance(part[0], int | float):
            found.append((part[0], part[1]))
        else:
            for one in part:
                walk(one)

    walk(geometry["coordinates"])
    return found


def test_core__fc_md_op(http: httpx.Client, root: str) -> None:
    assert http.get(f"{root}/collections", headers={"Accept": "application/json"}).status_code == 200


def test_core__fc_md_success_links(http: httpx.Client, root: str) -> None:
    document = http.get(f"{root}/collections", headers={"Accept": "application/json"}).json()
    found = rels(document)
    assert found["self"]
    assert found["alternate"]
    assert all("type" in link and "rel" in link for link in document["links"])


def test_core__fc_md_success_collections(collections: list[Document]) -> None:
    assert collections
    assert len({one["id"] for one in collections}) == len(collections)


def test_core__fc_md_items(http: httpx.Client, root: str, collections: list[Document]) -> None:
    """Each collection is listed, with links to its features that have a type."""
    for collection in collections:
        links = rels(collection)["items"]
        assert links
        for link in links:
            answer = http.get(link["href"], params=None if "?" in link["href"] else {"limit": 1})
            assert answer.status_code == 200
            assert answer.headers["content-type"].split(";")[0] == link["type"].split(";")[0]


def test_core__fc_md_extent(collections: list[Document]) -> None:
    for collection in collections:
        for box in collection["extent"]["spatial"]["bbox"]:
            assert len(box) in (4, 6)
            assert box[0] <= box[len(box) // 2]
            assert box[1] <= box[len(box) // 2 + 1]
        for span in collection["extent"].get("temporal", {"interval": []})["interval"]:
            assert len(span) == 2
            assert all(end is None or RFC3339.fullmatch(end) for end in span)


def test_core__sfc_md_op(http: httpx.Client, root: str, collections: list[Document]) -> None:
    for collection in collections:
        answer = http.get(f"{root}/collections/{collection['id']}", headers={"Accept": "application/json"})
        assert answer.status_code == 200


@pytest.mark.parametrize("member", ["id", "title", "description", "extent", "crs", "itemType"])
def test_core__sfc_md_success(
    http: httpx.Client, root: str, collections: list[Document], member: str
) -> None:
    for collection in collections:
        alone = http.get(
            f"{root}/collections/{collection['id']}", headers={"Accept": "application/json"}
        ).json()
        assert alone[member] == collection[member]


def test_core__sfc_md_success_links(http: httpx.Client, root: str, collections: list[Document]) -> None:
    for collection in collections:
        alone = http.get(
            f"{root}/collections/{collection['id']}", headers={"Accept": "application/json"}
        ).json()
        assert rels(alone)["items"] == rels(collection)["items"]


def wishes(collection: Document) -> list[dict[str, str]]:
    """Queries of every kind, as the suite repeats its tests with them."""
    west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
    first, last = span_of(collection) or (None, None)
    start, end = first or "2020-01-01T00:00:00Z", last or "2030-01-01T00:00:00Z"
    return [
        {}, {"limit": "1"}, {"limit": "7"}, {"limit": "10000"},
        {"bbox": f"{west},{south},{east},{north}"}, {"bbox": "-180,-90,180,90"}, {"bbox": "177,65,-177,70"}, {"bbox": f"{west},{south},-10,{east},{north},1000"},
        {"datetime": start}, {"datetime": f"{start}/{end}"}, {"datetime": f"../{end}"}, {"datetime": f"{start}/.."}, {"datetime": f"/{end}"},
        {"datetime": f"{start}/"}, {"datetime": start[:10]}, {"datetime": f"{start[:10]}/{end[:10]}"}, {"datetime": "2030-05-01T10:00:00+02:00"},
    ]  # fmt: skip


def pages(
    http: httpx.Client, collections: list[Document]
) -> list[tuple[Document, dict[str, str], httpx.Response]]:
    return [
        (collection, wish, http.get(items_of(collection), params=wish, headers={"Accept": GEOJSON}))
        for collection in collections
        for wish in wishes(collection)
    ]


@pytest.fixture(scope="module")
def answers(
    http: httpx.Client, collections: list[Document]
) -> list[tuple[Document, dict[str, str], httpx.Response]]:
    return pages(http, collections)


def test_core__fc_op(answers: list[Any]) -> None:
    for collection, wish, answer in answers:
        assert answer.status_code == 200, (collection["id"], wish, answer.text[:200])


@pytest.mark.parametrize("name", ["bbox", "limit", "datetime"])
def test_core__fc_parameter_definition(api: Document, collections: list[Document], name: str) -> None:
    """fc-bbox-definition, fc-limit-definition, fc-time-definition."""
    for collection in collections:
        found = parameter_of(api, collection, name)
        assert (found["in"], found["required"], found["style"], found["explode"]) == (
            "query",
            False,
            "form",
            False,
        )
        schema = found["schema"]
        if name == "bbox":
            assert schema["type"] == "array"
            assert schema["items"] == {"type": "number"}
            assert [(one["minItems"], one["maxItems"]) for one in schema["oneOf"]] == [(4, 4), (6, 6)]
        elif name == "limit":
            assert schema["type"] == "integer"
            assert 1 <= schema["minimum"] <= schema["default"] <= schema["maximum"]
        else:
            assert schema["type"] == "string"


def test_core__fc_bbox_response(http: httpx.Client, collections: list[Document]) -> None:
    """Only what touches the box or has no geometry is there; what lies outside is not."""
    for collection in collections:
        west, south, east, north = collection["extent"]["spatial"]["bbox"][0]
        middle = (west + east) / 2
        halves = [f"{west},{south},{middle},{north}", f"{middle},{south},{east},{north}"]
        count = [_matched(http, collection, bbox=half) for half in halves]
        assert _matched(http, collection) <= sum(count)
        outside = http.get(items_of(collection), params={"bbox": "-20,10,-19,11"}).json()
        assert all(feature["geometry"] is None for feature in outside["features"])
        page = http.get(items_of(collection), params={"bbox": halves[0], "limit": 500}).json()
        for feature in page["features"]:
            assert (
                feature["geometry"] is None
                or min(lon for lon, _ in points(feature["geometry"])) <= middle + 1e-6
            )


def _matched(http: httpx.Client, collection: Document, **params: str) -> int:
    return int(
        http.get(items_of(collection), params={**params, "resultType": "hits"}).json()["numberMatched"]
    )


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_core__fc_limit_response(http: httpx.Client, collections: list[Document], limit: int) -> None:
    for collection in collections:
        page = http.get(items_of(collection), params={"limit": limit}).json()
        assert len(page["features"]) <= limit
        assert len(page["features"]) == min(limit, _matched(http, collection))


def test_core__fc_limit_response_above_the_maximum(
    http: httpx.Client, api: Document, collections: list[Document]
) -> None:
    for collection in collections:
        maximum = parameter_of(api, collection, "limit")["schema"]["maximum"]
        page = http.get(items_of(collection), params={"limit": maximum + 1})
        assert page.status_code == 200
        assert len(page.json()["features"]) <= maximum


def test_core__fc_time_response(http: httpx.Client, collections: list[Document]) -> None:
    """Only what has no time or a time that touches the one asked for."""
    for collection in collections:
        page = http.get(
            items_of(collection), params={"datetime": "1900-01-01/1900-12-31", "limit": 1000}
        ).json()
        for feature in page["features"]:
            start = feature["properties"]["period_start"]
            assert start is None or start <= "1901"
        first, _ = span_of(collection) or (None, None)
        if first is not None:
            assert _matched(http, collection, datetime=f"{first}/..") == _matched(http, collection)


def test_core__fc_response_type(answers: list[Any]) -> None:
    assert {answer.json()["type"] for _, _, answer in answers} == {"FeatureCollection"}


def test_core__fc_response_features(answers: list[Any]) -> None:
    for _, _, answer in answers:
        features = answer.json()["features"]
        assert isinstance(features, list)
        assert all(
            feature["type"] == "Feature"
            and "geometry" in feature
            and "properties" in feature
            and feature["id"]
            for feature in features
        )


def test_core__fc_links(answers: list[Any]) -> None:
    for _, _, answer in answers:
        found = rels(answer.json())
        assert len(found["self"]) == 1
        assert found["alternate"]


def test_core__fc_rel_type(answers: list[Any]) -> None:
    for _, _, answer in answers:
        for link in answer.json()["links"]:
            assert link["rel"]
            assert link["type"]


def test_core__fc_links_next(http: httpx.Client, collections: list[Document]) -> None:
    """The links to next pages lead to every feature once, and then end."""
    for collection in collections:
        total = _matched(http, collection)
        address, seen = f"{items_of(collection)}?limit={max(1, total // 4)}", []
        while address:
            page = http.get(address).json()
            seen += [feature["id"] for feature in page["features"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
        assert len(seen) == len(set(seen)) == total


def test_core__fc_timestamp(answers: list[Any]) -> None:
    for _, _, answer in answers:
        stamp = answer.json()["timeStamp"]
        assert RFC3339.fullmatch(stamp)
        moment = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
        assert abs(moment - datetime.now(UTC)) < timedelta(minutes=30)


def test_core__fc_number_matched(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        for wish in wishes(collection):
            page = http.get(items_of(collection), params={**wish, "limit": "1"}).json()
            if "numberMatched" in page:
                assert page["numberMatched"] == _matched(http, collection, **wish)


def test_core__fc_number_returned(answers: list[Any]) -> None:
    for _, _, answer in answers:
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])


@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "-1"), ("limit", "word"), ("limit", "0"), ("bbox", "1,2,3"), ("bbox", "a,b,c,d"), ("datetime", "word"), ("datetime", "2020-13-01")],
)  # fmt: skip
def test_core__query_param_invalid(
    http: httpx.Client, collections: list[Document], name: str, value: str
) -> None:
    for collection in collections:
        assert http.get(items_of(collection), params={name: value}).status_code == 400


def test_core__query_param_unknown(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        assert http.get(items_of(collection), params={"unknownQueryParameter": "x"}).status_code == 400


def _some_feature(http: httpx.Client, collection: Document) -> Document | None:
    features = http.get(items_of(collection), params={"limit": 1}).json()["features"]
    return features[0] if features else None


def test_core__f_op(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        feature = _some_feature(http, collection)
        if feature is not None:
            answer = http.get(f"{items_of(collection)}/{feature['id']}", headers={"Accept": GEOJSON})
            assert answer.status_code == 200
        assert http.get(f"{items_of(collection)}/no-such-feature").status_code == 404


def test_core__f_success(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        feature = _some_feature(http, collection)
        if feature is not None:
            alone = http.get(f"{items_of(collection)}/{feature['id']}", headers={"Accept": GEOJSON}).json()
            assert {key: alone[key] for key in feature} == feature


def test_core__f_links(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        feature = _some_feature(http, collection)
        if feature is not None:
            alone = http.get(f"{items_of(collection)}/{feature['id']}", headers={"Accept": GEOJSON}).json()
            found = rels(alone)
            assert {"self", "alternate", "collection"} <= set(found)
            assert all(link["type"] for link in alone["links"])
            assert http.get(found["collection"][0]["href"]).json()["id"] == collection["id"]
