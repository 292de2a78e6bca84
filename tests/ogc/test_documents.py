"""Landing page, collections, OpenAPI document, HTML pages, open access."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from openapi_spec_validator import OpenAPIV30SpecValidator

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.ogc.collection import COLLECTIONS
from geo_service.settings import Settings
from tests.ogc.rows import ODD_NAMES

PAGES = (
    "",
    "/conformance",
    "/api",
    "/collections",
    "/collections/events",
    "/collections/events/items",
    "/collections/events/queryables",
    "/collections/events/sortables",
    "/collections/events/schema",
    "/collections/towns/items/06431002",
    "/tiles",
    "/tiles/WebMercatorQuad",
    "/collections/events/tiles",
    "/collections/events/tiles/WebMercatorQuad",
    "/tileMatrixSets",
    "/tileMatrixSets/WebMercatorQuad",
)
_IN_PATHS = {"featureId": "06431002", "tileMatrix": "11", "tileRow": "697", "tileCol": "1073"}


def filled_in(path: str) -> str:
    """A path of the OpenAPI document that leads to something."""
    for name, value in _IN_PATHS.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def test_the_landing_page_leads_everywhere(client: TestClient) -> None:
    for address in ("/ogc", "/ogc/"):
        document = client.get(address, headers={"Accept": "application/json"}).json()
        links = {link["rel"]: link for link in document["links"]}
        assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= set(links)
        assert links["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
        for link in document["links"]:
            answer = client.get(link["href"])
            assert answer.status_code == 200
            assert answer.headers["content-type"].split("; charset")[0] == link["type"]


def test_the_openapi_document_is_a_valid_3_0_3(client: TestClient) -> None:
    answer = client.get("/ogc/api")
    assert answer.headers["content-type"] == "application/vnd.oai.openapi+json;version=3.0"
    document = answer.json()
    assert document["openapi"] == "3.0.3"
    OpenAPIV30SpecValidator(document).validate()
    limit = document["components"]["parameters"]["limit"]
    assert (limit["style"], limit["explode"]) == ("form", False)
    assert limit["schema"] == {"type": "integer", "minimum": 1, "maximum": 10_000, "default": 100}
    for name in COLLECTIONS:
        for page in ("items", "queryables", "sortables", "schema", "export", "tiles"):
            assert f"/collections/{name}/{page}" in document["paths"]
        assert f"/collections/{name}/items/{{featureId}}" in document["paths"]


def test_what_is_declared_is_what_is_there(client: TestClient) -> None:
    classes = client.get("/ogc/conformance").json()["conformsTo"]
    assert len(classes) == len(set(classes)) == 43
    for part in (
        "ogcapi-features-1/1.0/conf/core",
        "ogcapi-features-3/1.0/conf/features-filter",
        "cql2/1.0/conf/arithmetic",
        "ogcapi-features-5/1.0/conf/schemas",
        "ogcapi-tiles-1/1.0/conf/mvt",
    ):
        assert f"http://www.opengis.net/spec/{part}" in classes
    assert not [
        one for one in classes if "functions" in one.rpartition("/")[2] and one.endswith("conf/functions")
    ]
    document = client.get("/ogc/api").json()
    for path, operations in document["paths"].items():
        answer = client.get("/ogc" + filled_in(path))
        if "{featureId}" in path and "towns" not in path:
            continue
        assert answer.status_code == 200
        declared = operations["get"]["responses"]["200"]["content"]
        shown = answer.headers["content-type"]
        assert shown in declared or shown.split(";")[0] in declared, (path, shown)


def test_every_declared_parameter_is_known_to_its_path(client: TestClient) -> None:
    document = client.get("/ogc/api").json()
    for path, operations in document["paths"].items():
        declared = document["components"]["parameters"]
        names = [
            (declared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one)["name"]
            for one in operations["get"]["parameters"]
        ]
        for name in names:
            if name not in _IN_PATHS:
                answer = client.get("/ogc" + filled_in(path), params={name: "#"})
                assert (
                    name not in answer.json().get("detail", "").partition("is not known")[0]
                    or answer.status_code == 400
                )
                assert "not known here" not in answer.text


def test_collections_say_the_same_alone_and_in_the_list(client: TestClient) -> None:
    listed = {one["id"]: one for one in client.get("/ogc/collections").json()["collections"]}
    assert set(listed) == set(COLLECTIONS)
    for name, document in listed.items():
        alone = client.get(f"/ogc/collections/{name}").json()
        assert alone["extent"] == document["extent"]
        assert alone["attribution"] == document["attribution"] != ""
        assert {"self", "items", "license"} <= {link["rel"] for link in document["links"]}
        assert len(alone["crs"]) == 6


def test_extents_are_those_of_the_data(client: TestClient) -> None:
    for name in COLLECTIONS:
        west, south, east, north = client.get(f"/ogc/collections/{name}").json()["extent"]["spatial"]["bbox"][
            0
        ]
        assert 8.5 < west < east < 8.9
        assert 49.5 < south < north < 49.8
        everything = client.head(f"/ogc/collections/{name}/items").headers["OGC-NumberMatched"]
        inside = client.head(
            f"/ogc/collections/{name}/items", params={"bbox": f"{west},{south},{east},{north}"}
        )
        assert inside.headers["OGC-NumberMatched"] == everything
    sites = client.get("/ogc/collections/construction_sites").json()["extent"]["temporal"]["interval"]
    assert sites == [["2026-05-31T22:00:00Z", None]]
    events = client.get("/ogc/collections/events").json()["extent"]["temporal"]["interval"]
    assert events == [["2026-12-01T08:00:00Z", "2026-12-24T20:00:00Z"]]
    for timeless in ("road_segments", "towns"):
        assert set(client.get(f"/ogc/collections/{timeless}").json()["extent"]) == {"spatial"}
        assert client.get(f"/ogc/collections/{timeless}?f=html").status_code == 200


def test_an_empty_collection_has_a_page_and_a_place(empty_database: Database) -> None:
    with TestClient(build_app(Settings(), empty_database)) as client:
        for name in COLLECTIONS:
            page = client.get(f"/ogc/collections/{name}/items").json()
            assert (page["features"], page["numberMatched"], page["numberReturned"]) == ([], 0, 0)
            assert (
                client.get(f"/ogc/collections/{name}/items", params={"bbox": "8,49,9,50"}).json()["features"]
                == []
            )
            assert client.get(f"/ogc/collections/{name}").json()["extent"]["spatial"]["bbox"] == [
                [5.5, 47.0, 15.5, 55.5]
            ]
            assert "<table>" not in client.get(f"/ogc/collections/{name}/items?f=html").text


@pytest.mark.parametrize("path", PAGES)
def test_scripts_of_any_origin_may_read(client: TestClient, path: str) -> None:
    answer = client.get("/ogc" + path, headers={"Origin": "https://example.org"})
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = {name.strip() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert exposed == {"ETag", "Link", "Content-Crs", "OGC-NumberMatched", "OGC-NumberReturned"}
    preflight = client.options(
        "/ogc" + path, headers={"Origin": "https://example.org", "Access-Control-Request-Method": "GET"}
    )
    assert preflight.status_code == 204
    assert "GET" in preflight.headers["access-control-allow-methods"]
    assert client.head("/ogc" + path).status_code == 200


class _Page(HTMLParser):
    """Counts tags and keeps text, as a browser would see them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.language: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name == "style" or name.startswith("on") for name, _ in attrs)
        if tag == "html":
            self.language = dict(attrs)["lang"]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.mark.parametrize("path", PAGES)
def test_pages_need_neither_scripts_nor_inline_styles(client: TestClient, path: str) -> None:
    answer = client.get("/ogc" + path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = _Page(answer.text)
    assert page.tags.count("h1") == 1
    assert not {"script", "style"} & set(page.tags)
    assert page.language == "de"
    assert _Page(client.get("/ogc" + path, params={"f": "html", "lang": "en"}).text).language == "en"
    english = client.get(
        "/ogc" + path, headers={"Accept": "text/html", "Accept-Language": "en-GB,en;q=0.9,de;q=0.5"}
    )
    assert _Page(english.text).language == "en"


def test_a_person_finds_downloads_and_properties(client: TestClient) -> None:
    text = client.get("/ogc/collections/events?f=html").text
    for form in ("geojsonseq", "json", "csv"):
        assert f"/ogc/collections/events/export?f={form}" in text
    for page in ("queryables", "sortables", "schema"):
        assert f"/ogc/collections/events/{page}?f=html" in text
    table = _Page(client.get("/ogc/collections/events/queryables?f=html").text)
    assert {"title", "Bezeichnung", "Filterbare Eigenschaften"} <= {
        part.rpartition("– ")[2] for part in table.texts
    }


def test_names_are_shown_as_text(client: TestClient) -> None:
    for address in (
        "/ogc/collections/road_segments/items?limit=8&f=html",
        "/ogc/collections/events/items?f=html",
    ):
        page = _Page(client.get(address).text)
        for name in ODD_NAMES:
            assert name in page.texts
    names = [
        feature["properties"]["street_name"]
        for feature in client.get("/ogc/collections/road_segments/items?limit=4").json()["features"]
    ]
    assert set(names) == set(ODD_NAMES)


def test_links_of_a_page_lead_to_its_features(client: TestClient) -> None:
    text = client.get("/ogc/collections/road_segments/items?limit=1&f=html").text
    assert client.get("/ogc/collections/road_segments/items/test%3A1?f=html").status_code == 200
    assert "items/test%3A1?f=html" in text


@pytest.mark.parametrize(
    ("settings", "headers", "base"),
    [
        ({}, {"Host": "dienst.example"}, "http://dienst.example"),
        ({"public_url": "https://geo.example/strasse/"}, {"Host": "inside"}, "https://geo.example/strasse"),
        ({}, {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, "http://testserver"),
        ({"trusted_proxies": "10.0.0.0/8"}, {"X-Forwarded-Host": "geo.example", "X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/a/b"}, "https://geo.example/a/b"),
        ({"trusted_proxies": "10.9.9.0/24"}, {"X-Forwarded-Host": "evil.example"}, "http://testserver"),
    ],
)  # fmt: skip
def test_links_begin_where_the_client_came_from(
    empty_database: Database, settings: dict[str, str], headers: dict[str, str], base: str
) -> None:
    app = build_app(Settings(**settings), empty_database)
    with TestClient(app, client=("10.1.2.3", 50000)) as client:
        links = client.get("/ogc/collections/towns/items", headers=headers).json()["links"]
        assert links[0]["href"].startswith(f"{base}/ogc/collections/towns/items")


def test_pages_speak_of_things_as_people_do(client: TestClient) -> None:
    german = _Page(client.get("/ogc/collections/construction_sites/items?limit=1&f=html").text)
    assert {"Bezeichnung", "Verkehrseinschränkung", "von", "bis", "01.06.2026", "14.06.2026"} <= set(
        german.texts
    )
    english = _Page(client.get("/ogc/collections/construction_sites/items?limit=1&f=html&lang=en").text)
    assert {"title", "restriction", "2026-06-01"} <= set(english.texts)
