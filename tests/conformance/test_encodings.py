"""/conf/geojson, /conf/html, /conf/oas30: annexes A.3 to A.6 of OGC 17-069r4."""

from __future__ import annotations

from html.parser import HTMLParser

import httpx
import pytest
from shapely.geometry import shape

from tests.conformance.conftest import GEOJSON, Document, items_of

CLASSES = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/"


@pytest.mark.parametrize("name", ["geojson", "html", "oas30"])
def test_geojson_html_oas30__declared(http: httpx.Client, root: str, name: str) -> None:
    assert CLASSES + name in http.get(f"{root}/conformance").json()["conformsTo"]


def test_geojson__definition(http: httpx.Client, api: Document, collections: list[Document]) -> None:
    for collection in collections:
        assert http.get(items_of(collection), headers={"Accept": GEOJSON}).headers["content-type"] == GEOJSON
        for path in ("items", "items/{featureId}"):
            content = api["paths"][f"/collections/{collection['id']}/{path}"]["get"]["responses"]["200"][
                "content"
            ]
            assert GEOJSON in content


def test_geojson__content(http: httpx.Client, collections: list[Document]) -> None:
    for collection in collections:
        page = http.get(items_of(collection), params={"limit": 100}, headers={"Accept": GEOJSON}).json()
        assert page["type"] == "FeatureCollection"
        for feature in page["features"]:
            assert feature["type"] == "Feature"
            assert isinstance(feature["properties"], dict)
            if feature["geometry"] is not None:
                assert not shape(feature["geometry"]).is_empty  # raises for what is no GeoJSON geometry
                assert all(ring[0] == ring[-1] and len(ring) >= 4 for ring in _rings(feature["geometry"]))


def _rings(geometry: Document) -> list[list[list[float]]]:
    if geometry["type"] == "Polygon":
        return list(geometry["coordinates"])
    if geometry["type"] == "MultiPolygon":
        return [ring for polygon in geometry["coordinates"] for ring in polygon]
    return []


class _Text(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.words, self.links = "", []
        self.feed(text)

    def handle_data(self, data: str) -> None:
        self.words += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("a", "link"):
            self.links.append(dict(attrs).get("href"))


def test_html__definition(http: httpx.Client, root: str, api: Document, collections: list[Document]) -> None:
    for path in api["paths"]:
        if "{" in path or path.endswith("/export"):
            continue
        answer = http.get(root + path, headers={"Accept": "text/html"})
        assert answer.headers["content-type"].startswith("text/html"), path
        assert "text/html" in api["paths"][path]["get"]["responses"]["200"]["content"], path


def test_html__content(http: httpx.Client, root: str, collections: list[Document]) -> None:
    for collection in collections:
        text = _Text(
            http.get(
                f"{root}/collections/{collection['id']}",
                headers={"Accept": "text/html", "Accept-Language": "de"},
            ).text
        )
        assert collection["title"] in text.words
        assert collection["description"] in text.words
        features = http.get(items_of(collection), params={"limit": 3}).json()["features"]
        page = _Text(
            http.get(items_of(collection), params={"limit": 3}, headers={"Accept": "text/html"}).text
        )
        assert all(feature["id"] in page.words for feature in features)


def test_oas30__oas_definition_1(http: httpx.Client, landing: Document) -> None:
    kinds = {link["rel"]: link["type"] for link in landing["links"]}
    assert kinds["service-desc"] == "application/vnd.oai.openapi+json;version=3.0"
    assert kinds["service-doc"] == "text/html"


def test_oas30__oas_definition_2(api: Document) -> None:
    from openapi_spec_validator import OpenAPIV30SpecValidator

    assert api["openapi"].startswith("3.0.")
    OpenAPIV30SpecValidator(api).validate()


def test_oas30__oas_impl(http: httpx.Client, root: str, api: Document) -> None:
    """What the document declares is there."""
    for path, operations in api["paths"].items():
        if "{" not in path:
            answer = http.get(root + path)
            assert answer.status_code == 200, path
            declared = operations["get"]["responses"]["200"]["content"]
            kind = answer.headers["content-type"]
            assert kind in declared or kind.split(";")[0] in declared


def test_oas30__completeness(api: Document) -> None:
    for operations in api["paths"].values():
        responses = operations["get"]["responses"]
        assert {"200", "400"} <= set(responses)


def test_oas30__exceptions_codes(
    http: httpx.Client, root: str, api: Document, collections: list[Document]
) -> None:
    for collection in collections:
        answer = http.get(items_of(collection), params={"limit": "x"})
        assert answer.status_code == 400
        assert answer.headers["content-type"] in api["components"]["responses"]["Problem"]["content"]
    assert http.get(f"{root}/collections/no-such-collection/items").status_code == 404


def test_oas30__security(api: Document) -> None:
    """Nothing that is declared needs a key, and nothing says it does."""
    assert "security" not in api
    assert not [path for path, operations in api["paths"].items() if "security" in operations["get"]]
