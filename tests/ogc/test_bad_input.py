"""What nobody should send: always a problem that names the parameter, never a 500."""

from __future__ import annotations

import string
import time

import orjson
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import shape

from geo_service.ogc.parameters import write_cursor

SITES = "/ogc/collections/construction_sites/items"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bbox", "NaN,49,9,50"), ("bbox", "8,49,inf,50"), ("bbox", "8,49,9"), ("bbox", "8,49,9,50,51"), ("bbox", ""),
        ("bbox", "8,50,9,49"), ("bbox", "a,b,c,d"), ("bbox", "8,49,9,91"), ("bbox", "1_0,49,9,50"), ("bbox", "8,49,3,9,50,1"),
        ("datetime", ""), ("datetime", ".."), ("datetime", "yesterday"), ("datetime", "2026-02-30"), ("datetime", "2026-06-01T08:00:00"),
        ("datetime", "2026-06-02/2026-06-01"), ("datetime", "2026-06-01/2026-06-02/2026-06-03"), ("datetime", "0000-01-01"),
        ("datetime", "2026-06-01/P"), ("datetime", "2026-06-01/PT"), ("datetime", "2026-06-01/P1DT"), ("datetime", "2026-06-01/P-1D"), ("datetime", "P2D"),
        ("datetime", "P2D/2026-06-01"), ("datetime", "../P2D"), ("datetime", "2026-06-01/P9999Y"), ("datetime", "2026-06-01/P2D3M"), ("datetime", "2026-06-01/P0D"),
        ("datetime", "0001-01-01"), ("datetime", "9999-12-31/.."[:10]), ("datetime", "2026-06-01T25:00:00Z"), ("datetime", "٢٠٢٦-٠٦-٠١"),
        ("limit", "0"), ("limit", "-1"), ("limit", "ten"), ("limit", ""), ("limit", "1.5"), ("limit", "1e9"), ("limit", "٣"),
        ("offset", "-1"), ("offset", "x"),
        ("cursor", ""), ("cursor", "!!"), ("cursor", "äöü"), ("cursor", write_cursor("events", 5)), ("cursor", write_cursor("construction_sites", -5)),
        ("crs", "EPSG:4711"), ("crs", ""), ("bbox-crs", "http://www.opengis.net/def/crs/EPSG/0/99999"),
        ("f", "xml"), ("f", ""), ("lang", "fr"), ("resultType", "some"),
        ("colour", "red"), ("BBOX", "8,49,9,50"),
    ],
)  # fmt: skip
def test_a_faulty_parameter_is_named(client: TestClient, name: str, value: str) -> None:
    answer = client.get(SITES, params={name: value})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == name
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("params", "german", "english"),
    [
        ({"bbox": "1"}, "bbox: Hier werden vier Zahlen gebraucht", "bbox: Four numbers"),
        ({"colour": "red"}, "Dieser Parameter ist hier nicht bekannt", "This parameter is not known"),
        ({"filter": "published"}, "filter: 'published' ist keine filterbare Eigenschaft von construction_sites.", "is not a queryable of"),
        ({"filter": "pg_sleep(1) = 1"}, "Die Funktion 'pg_sleep' wird nicht angeboten.", "The function 'pg_sleep' is not offered."),
        ({"filter": "title = 1"}, "filter: text und number sind nicht vergleichbar.", "text and number cannot be compared."),
        ({"sortby": "x"}, "sortby: 'x' ist keine Eigenschaft, nach der sich construction_sites sortieren lässt.", "not a property to sort"),
        ({"cursor": "x"}, "cursor: Diesen Cursor hat der Dienst nicht ausgegeben", "This is not a cursor"),
        ({"crs": "x"}, "Dieses Koordinatensystem wird nicht angeboten", "This reference system"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_the_readers_language(
    client: TestClient, params: dict[str, str], german: str, english: str
) -> None:
    assert german in client.get(SITES, params=params).json()["detail"]
    told = client.get(SITES, params=params, headers={"Accept-Language": "en"}).json()
    assert english in told["detail"]
    assert english.rpartition(": ")[2][:20] in told["errors"][0]["detail"]


def test_a_parameter_twice_is_refused(client: TestClient) -> None:
    answer = client.get(SITES + "?limit=1&limit=2")
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "limit"


@pytest.mark.parametrize(
    "address", ["/ogc", "/ogc/conformance", "/ogc/api", "/ogc/collections", "/ogc/collections/towns"]
)
def test_unknown_parameters_are_refused_everywhere(client: TestClient, address: str) -> None:
    assert client.get(address, params={"limit": "1"}).status_code == 400
    assert client.get(address, params={"f": "xml"}).status_code == 400


@pytest.mark.parametrize("limit", ["10000", "10001", "1000000000", "9" * 5000])
def test_a_limit_above_the_maximum_is_the_maximum(client: TestClient, limit: str) -> None:
    page = client.get("/ogc/collections/road_segments/items", params={"limit": limit}).json()
    assert page["numberReturned"] == 10_000


@pytest.mark.parametrize("offset", ["120", "999999999999999", "9" * 400])
def test_an_offset_behind_the_end_is_an_empty_page(client: TestClient, offset: str) -> None:
    page = client.get(SITES, params={"offset": offset}).json()
    assert page["features"] == []
    assert page["numberMatched"] == 108


def test_unknown_places_are_404(client: TestClient) -> None:
    for address in (
        "/ogc/collections/nothing",
        "/ogc/collections/nothing/items",
        "/ogc/collections/pg_shadow/items/1",
    ):
        assert client.get(address).status_code == 404


def test_a_very_long_query_is_answered(client: TestClient) -> None:
    assert client.get(SITES + "?" + "&".join(f"{'x' * 300}{i}=1" for i in range(49))).status_code == 400
    assert client.get(SITES + "?" + "&".join(f"p{i}=1" for i in range(2000))).status_code == 400
    assert client.get(SITES, params={"bbox": ",".join(["1"] * 15_000)}).status_code == 400


def test_three_hundred_ids_are_a_filter_if_they_are_short(client: TestClient) -> None:
    short = ",".join(f"'test:{number}'" for number in range(300, 600))
    answer = client.get(
        "/ogc/collections/road_segments/items", params={"filter": f"id IN ({short})", "limit": 1}
    )
    assert answer.json()["numberMatched"] == 300
    long = ",".join(f"'00000000-0000-0000-0000-{number:012}'" for number in range(300))
    answer = client.get(SITES, params={"filter": f"id IN ({long})"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "filter")


@pytest.mark.parametrize(
    "name",
    [
        "filter",
        "q",
        "sortby",
        "properties",
        "cursor",
        "datetime",
        "bbox",
        "crs",
        "f",
        "lang",
        "filter-lang",
        "x",
    ],
)
def test_a_very_long_value_is_refused_by_name(client: TestClient, name: str) -> None:
    start = time.monotonic()
    answer = client.get(SITES, params={name: "a" * 60_000})  # what httpx sends at most; clients/ sends 1 MB
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)
    assert len(answer.content) < 2_000
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(("name", "value"), [("limit", "-1"), ("limit", "1e9"), ("limit", "0x10")])
def test_numbers_in_another_form_are_refused(client: TestClient, name: str, value: str) -> None:
    assert client.get(SITES, params={name: value}).json()["errors"][0]["pointer"] == name


_numbers = st.one_of(
    st.floats(width=64),
    st.integers(-(10**20), 10**20),
    st.sampled_from(["", "NaN", "-0", "1e400", "٣", "8.6", "49.6"]),
)
_boxes = st.one_of(
    st.lists(_numbers, min_size=3, max_size=7).map(
        lambda numbers: ",".join(str(number) for number in numbers)
    ),
    st.tuples(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90)).map(
        lambda box: f"{box[0]},{min(box[1], box[3])},{box[2]},{max(box[1], box[3])}"
    ),
)
_times = st.one_of(
    st.text(alphabet="0123456789-:/.TZtz+ ", max_size=50),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.tuples(st.dates(), st.dates()).map(lambda days: f"{days[0]}/{days[1]}"),
)
_cursors = st.one_of(
    st.text(alphabet=string.ascii_letters + string.digits + "-_=%\x00é", max_size=40),
    st.integers(-(2**70), 2**70).map(lambda gid: write_cursor("construction_sites", gid)),
)
_whole = st.one_of(st.integers(-(10**30), 10**30).map(str), st.text(max_size=8))
_words = st.lists(
    st.sampled_from(
        ["title", "end_known", "geometry", '"from"', "name", "area_m2", "modes", "=", "<", "<>", "AND", "OR", "NOT", "LIKE", "IN", "BETWEEN", "IS", "NULL",
         "(", ")", ",", "+", "/", "^", "DIV", "'x'", "'%'", "1", "0", "1e300", "CASEI(", "S_INTERSECTS(", "S_EQUALS(", "T_AFTER(", "T_DURING(", "A_CONTAINS(",
         "POINT(8.6 49.6)", "BBOX(8,49,9,50)", "POLYGON((8 49,9 49,9 50,8 49))", "INTERVAL(", "'..'", "DATE('2026-06-01')", "TIMESTAMP('2026-06-01T00:00:00Z')",
         "pg_sleep(9)", "\\", "--", ";", "%s", "{}", ":after", "%(after)s", "ä"]
    ),
    max_size=14,
).map(" ".join)  # fmt: skip
_json = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=5) | st.sampled_from([{"property": "title"}, {"property": "geometry"}, {"date": "2026-06-01"}, {"bbox": [8, 49, 9, 50]}]),
    lambda inner: st.lists(inner, max_size=3)
    | st.fixed_dictionaries({"op": st.sampled_from(["and", "or", "not", "=", "<", "like", "in", "between", "isNull", "casei", "s_within", "t_after", "a_overlaps", "+", "div", "pg_sleep"]), "args": st.lists(inner, max_size=3)})
    | st.fixed_dictionaries({"type": st.sampled_from(["Point", "Polygon", "GeometryCollection", "x"]), "coordinates": inner}),
    max_leaves=12,
).map(lambda node: orjson.dumps(node).decode())  # fmt: skip
_orders = st.lists(
    st.tuples(st.sampled_from(["", "+", "-", " ", "--"]), st.sampled_from(["title", "updated_at", "name", "id", "geometry", "x", "", "\x00"])).map("".join),
    max_size=7,
).map(",".join)  # fmt: skip
_parameters = st.fixed_dictionaries(
    {},
    optional={
        "bbox": _boxes,
        "datetime": _times,
        "limit": _whole,
        "offset": _whole,
        "cursor": _cursors,
        "bbox-crs": st.sampled_from(["EPSG:25832", "OGC:CRS84", "EPSG:1"]),
        "crs": st.sampled_from(["EPSG:25832", "OGC:CRS84", "\x00"]),
        "zoom-level": st.one_of(st.floats().map(str), st.sampled_from(["12", "", "x"])),
        "resultType": st.sampled_from(["hits", "results", "x"]),
        "filter": st.one_of(_words, _json, st.text(max_size=60)),
        "filter-lang": st.sampled_from(["cql2-text", "cql2-json", "cql2-json", "x"]),
        "filter-crs": st.sampled_from(["EPSG:25832", "OGC:CRS84", "x"]),
        "sortby": _orders,
        "q": st.text(max_size=20),
        "properties": st.sampled_from(["title", "name,ags", "updated_at", "x", ""]),
    },
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parameters=_parameters, name=st.sampled_from(["construction_sites", "towns", "permits"]))
def test_whatever_is_sent_the_answer_is_a_page_or_a_problem(
    client: TestClient, parameters: dict[str, str], name: str
) -> None:
    answer = client.get(f"/ogc/collections/{name}/items", params=parameters)
    assert answer.status_code in (200, 400), (parameters, answer.text)
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["errors"][0]["pointer"] in (*parameters, "cursor")
    else:
        assert answer.json()["type"] == "FeatureCollection"


@pytest.mark.parametrize("name", ["road_segments", "construction_sites", "towns"])
@pytest.mark.parametrize(
    ("box", "crs"),
    [
        ("8.6,49.6,8.6,49.7", ""), ("8.6,49.6,8.7,49.6", ""), ("8.6,49.6,8.6,49.6", ""), ("180,49,-180,50", ""),
        ("49.6,8.6,49.6,8.7", "EPSG:4326"), ("475000,5500000,475000,5501000", "EPSG:25832"),
        ("475000,5500000,475000,5500000", "EPSG:25832"), ("960000,6370000,960000,6380000", "EPSG:3857"),
        ("960000,6370000,960000,6370000", "EPSG:3857"),
    ],
)  # fmt: skip
def test_a_box_without_width_or_height_is_answered(client: TestClient, name: str, box: str, crs: str) -> None:
    asked = {"bbox": box} | ({"bbox-crs": crs} if crs else {})
    answer = client.get(f"/ogc/collections/{name}/items", params=asked)
    assert answer.status_code == 200, answer.text


def test_a_box_without_width_meets_what_it_crosses(client: TestClient) -> None:
    """A line of a box through the middle of a town's bounds finds the town, a point of its inside too."""
    (feature,) = client.get("/ogc/collections/towns/items?limit=1").json()["features"]
    inside = shape(feature["geometry"]).representative_point()
    for box in (f"{inside.x},49,{inside.x},50", f"{inside.x},{inside.y},{inside.x},{inside.y}"):
        found = client.get("/ogc/collections/towns/items", params={"bbox": box}).json()["features"]
        assert feature["id"] in {one["id"] for one in found}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60))
def test_any_bytes_as_query_are_answered(client: TestClient, raw: bytes) -> None:
    query = "".join(
        f"%{byte:02x}" if byte not in b"abcdefghijklmnopqrstuvwxyz=&;," else chr(byte) for byte in raw
    )
    assert client.get(f"{SITES}?{query}").status_code in (200, 400)
