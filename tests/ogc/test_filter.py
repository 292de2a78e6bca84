"""CQL2 filters: what matches, what is refused, what the database is asked."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from fastapi.testclient import TestClient

from geo_service.db.database import Database
from geo_service.errors import Unavailable
from geo_service.ogc.collection import COLLECTIONS, EPSG_25832
from geo_service.ogc.feature_reading import FeatureReader
from geo_service.ogc.memory.kept_features import KeptFeatures
from geo_service.ogc.memory.kept_places import KeptPlaces
from geo_service.ogc.memory.packed_features import PackedFeatures
from geo_service.ogc.page_reading import PageReader
from geo_service.ogc.parameters import read_items_query
from geo_service.ogc.reading import wanted_statement
from tests.ogc.rows import ODD_NAMES

ITEMS = "/ogc/collections/{}/items"
SITES = ITEMS.format("construction_sites")


def matched(client: TestClient, name: str, text: str, **more: str) -> int:
    answer = client.get(ITEMS.format(name), params={"filter": text, "limit": "1", **more})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["numberMatched"])


# 108 published sites of 120: twelve of each last digit 0–8; 3 has no place, 5 no time, 6 no end.
@pytest.mark.parametrize(
    ("text", "found"),
    [
        # basic
        ("state = 'confirmed'", 108),
        ("state <> 'confirmed'", 0),
        ("end_known = false", 12),
        ("NOT end_known = true", 12),
        ("end_known", 96),
        ("end_known = 1", 96),
        ("NOT end_known AND state = 'confirmed'", 12),
        ("end_known = false OR period_start IS NULL", 24),
        ("period_start IS NULL", 12),
        ("period_start IS NOT NULL AND until IS NULL", 12),
        ("remaining_footway_m > 1", 0),
        ("TRUE", 108),
        ("FALSE", 0),
        # advanced comparison
        ("source_id LIKE '1%'", 29),  # 1, 10-18, 100-118 and 120 without the nines
        ("source_id LIKE '_'", 8),
        ("source_id LIKE '1\\%'", 0),
        ("source_id NOT LIKE '1%'", 79),
        ("source_id IN ('1', '2', '9')", 2),
        ("source_id NOT IN ('1', '2', '9')", 106),
        ("source_id BETWEEN '10' AND '12'", 21),
        # case-insensitive
        ("CASEI(title) = CASEI('STRASSE \"AM GROSSEN ÄRGER\"')", 30),
        ("CASEI(title) LIKE CASEI('%MÜLLER & söhne%')", 24),
        ("CASEI(title) IN (CASEI('STRASSE \"AM GROSSEN ÄRGER\"'), casei('x'))", 30),
        # temporal
        ("\"from\" = DATE('2026-06-01')", 96),
        ("\"from\" = '2026-06-01'", 96),
        ("period_start = TIMESTAMP('2026-05-31T22:00:00Z')", 96),
        ("period_start < DATE('2026-06-01')", 0),
        ("until >= DATE('2026-06-14')", 84),
        ("T_AFTER(period_start, TIMESTAMP('2026-05-31T21:59:59Z'))", 96),
        ("T_BEFORE(until, DATE('2026-06-15'))", 84),
        ("T_INTERSECTS(INTERVAL(period_start, period_end), INTERVAL('2027-01-01', '..'))", 24),
        ("T_DURING(INTERVAL(period_start, period_end), INTERVAL('2026-05-01', '2026-06-30'))", 84),
        ("T_EQUALS(\"from\", DATE('2026-06-01'))", 96),
        ("T_STARTEDBY(INTERVAL(period_start, period_end), INTERVAL('2026-06-01', '2026-06-02'))", 96),
        ("T_FINISHES(\"from\", INTERVAL('2026-05-01','2026-06-01'))", 96),
        ("T_DISJOINT(until, INTERVAL('2026-06-14T10:00:00Z', '2026-06-14T11:00:00Z'))", 0),
        # property-property, arithmetic
        ("source_id = source_id", 108),
        ("\"from\" < until", 84),
        ("period_start >= period_end", 0),
        ("2 * 3 + 4 = 10", 108),
        ("7 % 4 = 3 AND 7 DIV 2 = 3 AND 2 ^ 3 = 8 AND -(1) = 1 - 2 AND 1 / 4 = 0.25", 108),
        # spatial
        ("S_INTERSECTS(geometry, BBOX(8, 49, 9, 50))", 96),
        ("S_INTERSECTS(BBOX(8, 49, 9, 50), geometry)", 96),
        ("S_DISJOINT(geometry, BBOX(10, 49, 11, 50))", 96),
        ("S_WITHIN(geometry, POLYGON((8 49, 9 49, 9 50, 8 50, 8 49)))", 96),
        ("S_CONTAINS(geometry, POINT(0 0))", 0),
        ("S_TOUCHES(geometry, geometry)", 0),
        ("geometry IS NULL", 12),
    ],
)  # fmt: skip
def test_a_filter_finds_what_it_says(client: TestClient, text: str, found: int) -> None:
    assert matched(client, "construction_sites", text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A_CONTAINS(modes, ('car'))", 10_050),
        ("A_CONTAINS(modes, ('car', 'bus'))", 0),
        ("A_EQUALS(modes, ('car'))", 10_050),
        ("A_CONTAINEDBY(modes, ('car', 'bus'))", 10_050),
        ("A_OVERLAPS(modes, ('bus', 'foot'))", 0),
        ("A_CONTAINEDBY(network_function, ())", 10_050),
        ("length_m = 8.54", 10_050),
        ("length_m > 8.54", 0),
        ("length_m BETWEEN 8 AND 9 AND carriageway_width_m IS NULL", 10_050),
    ],
)
def test_lists_and_published_numbers(client: TestClient, text: str, found: int) -> None:
    answer = client.get(
        ITEMS.format("road_segments"), params={"filter": text, "limit": 1, "resultType": "hits"}
    )
    assert answer.json()["numberMatched"] == found, answer.text


def test_both_languages_say_the_same(client: TestClient) -> None:
    node = {"op": "and", "args": [
        {"op": "like", "args": [{"op": "casei", "args": [{"property": "title"}]}, {"op": "casei", "args": ["STRASSE%"]}]},
        {"op": "t_intersects", "args": [{"interval": [{"property": "period_start"}, {"property": "period_end"}]}, {"interval": ["2026-06-01", ".."]}]},
    ]}  # fmt: skip
    by_json = client.get(
        SITES, params={"filter": json.dumps(node), "filter-lang": "cql2-json", "limit": 1000}
    ).json()
    text = "CASEI(title) LIKE CASEI('STRASSE%') AND T_INTERSECTS(INTERVAL(period_start, period_end), INTERVAL('2026-06-01','..'))"
    by_text = client.get(SITES, params={"filter": text, "filter-lang": "cql2-text", "limit": 1000}).json()
    assert by_json["features"] == by_text["features"]
    assert {feature["properties"]["title"] for feature in by_text["features"]} == {ODD_NAMES[0]}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_queryable_can_be_asked_for(client: TestClient, name: str) -> None:
    queryables = client.get(f"/ogc/collections/{name}/queryables").json()["properties"]
    published = client.get(ITEMS.format(name), params={"limit": 1}).json()["features"][0]["properties"]
    assert set(queryables) - {"id", "geometry"} <= set(published)
    for one in queryables:
        both = matched_hits(client, name, f'"{one}" IS NULL') + matched_hits(
            client, name, f'"{one}" IS NOT NULL'
        )
        assert both == matched_hits(client, name, "TRUE"), one


def matched_hits(client: TestClient, name: str, text: str) -> int:
    answer = client.get(ITEMS.format(name), params={"filter": text, "resultType": "hits"})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["numberMatched"])


@pytest.mark.parametrize("name", COLLECTIONS)
def test_what_a_feature_shows_is_what_a_filter_finds(client: TestClient, name: str) -> None:
    """Each value as published finds its feature again, so rounding and time zones are the same on both sides."""
    feature = client.get(ITEMS.format(name), params={"limit": 1, "offset": 0}).json()["features"][0]
    queryables = client.get(f"/ogc/collections/{name}/queryables").json()["properties"]
    for one, schema in queryables.items():
        value = feature["properties"].get(one)
        if value is None or schema.get("type") == "array":
            continue
        node = {
            "op": "and",
            "args": [
                {"op": "=", "args": [{"property": one}, value]},
                {"op": "=", "args": [{"property": "id"}, feature["id"]]},
            ],
        }
        answer = client.get(
            ITEMS.format(name), params={"filter": json.dumps(node), "filter-lang": "cql2-json"}
        )
        assert [found["id"] for found in answer.json()["features"]] == [feature["id"]], (one, value)


def test_a_geometry_is_read_in_filter_crs(client: TestClient) -> None:
    metres = "S_INTERSECTS(geometry, BBOX(475005, 5499990, 475035, 5500010))"
    assert matched(client, "permits", metres, **{"filter-crs": EPSG_25832}) == 3
    assert matched(client, "permits", "S_INTERSECTS(geometry, POINT(475010 5500000))", **{"filter-crs": "EPSG:25832"}) == 1  # fmt: skip
    assert client.get(ITEMS.format("permits"), params={"filter": metres}).status_code == 400


def test_a_published_shape_equals_itself(client: TestClient) -> None:
    feature = client.get(ITEMS.format("permits"), params={"limit": 1}).json()["features"][0]
    for crs, params in (("", {}), (EPSG_25832, {"filter-crs": EPSG_25832, "crs": EPSG_25832})):
        shape = client.get(
            f"{ITEMS.format('permits')}/{feature['id']}", params={"crs": crs} if crs else {}
        ).json()["geometry"]
        node = {"op": "s_equals", "args": [{"property": "geometry"}, shape]}
        found = client.get(
            ITEMS.format("permits"), params={"filter": json.dumps(node), "filter-lang": "cql2-json", **params}
        )
        assert [one["id"] for one in found.json()["features"]] == [feature["id"]]


def test_filter_box_and_time_hold_together(client: TestClient) -> None:
    assert matched(client, "construction_sites", "end_known = false", datetime="2027-01-01/..") == 12
    assert matched(client, "construction_sites", "end_known = false", bbox="10,54,10.1,54.1") == 0
    assert matched(client, "construction_sites", "source_id = '3'", bbox="10,54,10.1,54.1") == 1


@pytest.mark.parametrize(
    "text",
    [
        "pg_sleep(10) = 1", "pg_sleep(10)", "version() = 'x'", "current_user = 'x'", "ST_Buffer(geometry, 1) IS NULL",
        "published = true", "is_public = true", "fragment_crs84 LIKE '%'", "gid = 1", "ctid = '1'", "xmin = 1",
        "site_id = '1'", "version = 1", "stated_street = 'x'", "area_widened = true", "\"title\"\"; DROP TABLE town; --\" = 1",
        "title", "title =", "title = 1", "title > TRUE", "end_known > 3", "end_known = 2", "modes = 'car'", "1", "'x'", "",
        "S_INTERSECTS(title, POINT(1 2))", "S_INTERSECTS(geometry, 'POINT(1 2)')", "S_INTERSECTS(geometry)", "geometry = geometry",
        "S_INTERSECTS(geometry, POINT(400 2))", "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
        "S_INTERSECTS(geometry, BBOX(1,2,3))", "S_INTERSECTS(geometry, BBOX(8,50,9,49))", "S_INTERSECTS(geometry, LINESTRING(1 2))",
        "S_INTERSECTS(geometry, POINT(1e999 2))", "T_AFTER(title, DATE('2026-01-01'))", "T_AFTER(\"from\", DATE('2026-02-30'))",
        "\"from\" = 'yesterday'", "\"from\" = DATE('2026-W01-1')", "\"from\" > TIMESTAMP('2026-01-01')", "T_AFTER(\"from\", INTERVAL('..'))",
        "ACCENTI(title) = 'x'", "title LIKE 'a\\'", "title LIKE title", "title LIKE '%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a'",
        "title IN ()", "title IN (1)", "1 / 0 = 1", "10 ^ 400 = 1", "remaining_footway_m + title = 1", "title = 'a' AND",
        "(" * 200 + "end_known" + ")" * 200, "NOT " * 200 + "end_known", "(" * 200, "1" + "+1" * 200 + " = 1",
        " OR ".join(["end_known"] * 1100), "title = '" + "x" * 9000 + "'", "title = 'a\0b'",
    ],
)  # fmt: skip
def test_what_is_not_offered_is_refused_by_name(client: TestClient, text: str) -> None:
    answer = client.get(SITES, params={"filter": text})
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == "filter"


@pytest.mark.parametrize(
    "node",
    [
        None, 1, [], {}, "end_known", {"op": "and", "args": []}, {"op": "=", "args": [1]}, {"op": "=", "args": "x"}, {"op": 1, "args": []},
        {"op": "pg_sleep", "args": [10]}, {"op": "=", "args": [{"op": "pg_sleep", "args": [1]}, 1]}, {"op": "and"}, {"property": ["x"]},
        {"op": "=", "args": [{"property": "title"}, None]}, {"op": "=", "args": [{"property": "title"}, {"sql": "1"}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": "x"}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Point", "coordinates": []}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"type": "Nothing"}]},
        {"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": {"a": 1}}]},
        {"op": "t_after", "args": [{"property": "from"}, {"date": 5}]}, {"op": "t_after", "args": [{"property": "from"}, {"interval": 5}]},
        {"op": "a_contains", "args": [{"property": "takes"}, [1]]}, {"op": "in", "args": [{"property": "title"}, "x"]},
        {"op": "like", "args": [{"property": "title"}, 5]}, {"op": "between", "args": [{"property": "title"}, "a"]},
    ],
)  # fmt: skip
def test_objects_that_are_no_filter_are_refused(client: TestClient, node: Any) -> None:
    answer = client.get(SITES, params={"filter": json.dumps(node), "filter-lang": "cql2-json"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "filter"), answer.text


def test_objects_nested_without_end_are_refused(client: TestClient) -> None:
    deep: Any = True
    for _ in range(200):
        deep = {"op": "not", "args": [deep]}
    for text in (json.dumps(deep), "[" * 4000, '{"op":"not","args":[' * 380):
        answer = client.get(SITES, params={"filter": text, "filter-lang": "cql2-json"})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "filter")


@pytest.mark.parametrize(
    ("name", "value"), [("filter-lang", "cql"), ("filter-lang", ""), ("filter-crs", "EPSG:4711")]
)
def test_an_unknown_language_or_system_is_named(client: TestClient, name: str, value: str) -> None:
    answer = client.get(SITES, params={"filter": "TRUE", name: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)


@pytest.mark.parametrize(
    ("name", "params", "found"),
    [
        ("construction_sites", {"end_known": "false"}, 12), ("construction_sites", {"from": "2026-06-01"}, 96), ("construction_sites", {"source_id": "7"}, 1),
        ("construction_sites", {"period_start": "2026-05-31T22:00:00Z", "end_known": "true"}, 84), ("permits", {"area_m2": "16"}, 25),
        ("permits", {"reference": "BEN-2026-000003", "status": "granted"}, 1), ("construction_sites", {"end_known": "false", "filter": "source_id LIKE '1%'"}, 3),
    ],
)  # fmt: skip
def test_a_queryable_is_a_parameter(
    client: TestClient, name: str, params: dict[str, str], found: int
) -> None:
    assert client.get(ITEMS.format(name), params=params).json()["numberMatched"] == found
    assert (
        len(client.get(f"/ogc/collections/{name}/export", params={**params, "f": "json"}).json()["features"])
        == found
    )


@pytest.mark.parametrize(("name", "value"), [("end_known", "yes"), ("from", "tomorrow"), ("utility", "many"), ("title", "a\0"), ("modes", "car"), ("geometry", "x"), ("published", "true"), ("utility", "1e999")])  # fmt: skip
def test_a_faulty_value_of_a_queryable_is_named(client: TestClient, name: str, value: str) -> None:
    answer = client.get(SITES, params={name: value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, name)


def test_what_belongs_to_people_is_no_queryable(client: TestClient) -> None:
    """A filter that could ask for what is not shown would tell it, row by row."""
    for name in (
        "permit_id",
        "applicant",
        "contact",
        "case_id",
        "updated",
        "gid",
        "demo_contact",
        "fragment_25832",
    ):
        answer = client.get(ITEMS.format("permits"), params={"filter": f"{name} IS NOT NULL"})
        assert answer.status_code == 400
    cancelled = client.get(SITES, params={"filter": "state = 'cancelled' OR TRUE", "limit": 1000}).json()
    assert {feature["properties"]["state"] for feature in cancelled["features"]} == {"confirmed"}


def test_a_filter_that_takes_too_long_is_given_up(filled_database: Database) -> None:
    """The database ends it, the client is told to come again; 503, and the connection is free."""
    text = " OR ".join(["CASEI(street_name) LIKE CASEI('%q%q%q%q%')"] * 150)
    query = read_items_query("road_segments", {"filter": text})

    async def run() -> None:
        pool = replace(filled_database, statement_timeout_ms=100).async_pool(size=1)
        await pool.open()
        try:
            with pytest.raises(Unavailable):
                reader = PageReader(
                    pool, FeatureReader(pool, KeptFeatures(), PackedFeatures(pool)), KeptPlaces(pool)
                )
                await reader.read(COLLECTIONS["road_segments"], query)
            assert pool.get_stats()["pool_available"] == 1
        finally:
            await pool.close()

    asyncio.run(run())


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    "text",
    [
        "S_INTERSECTS(geometry, BBOX(8.60,49.60,8.61,49.61))",
        "S_INTERSECTS(geometry, POLYGON((8.6 49.6, 8.61 49.6, 8.61 49.61, 8.6 49.6))) AND in_service",
        "S_WITHIN(geometry, BBOX(8.60,49.60,8.61,49.61)) AND street_name LIKE 'A%'",
        "S_EQUALS(geometry, LINESTRING(8.6 49.6, 8.61 49.61))",
    ],
)
@pytest.mark.parametrize("statement_name", ["page_in_area", "hits"])
def test_places_are_found_by_the_spatial_index(
    filled_database: Database, statement_name: str, text: str, mode: str
) -> None:
    query = read_items_query("road_segments", {"filter": text})
    statement, values = wanted_statement(statement_name, COLLECTIONS["road_segments"], query)
    with psycopg.connect(filled_database.app_conninfo()) as connection:
        connection.execute(f"SET plan_cache_mode = {mode}")
        plan = "\n".join(row[0] for row in connection.execute("EXPLAIN " + statement, values, prepare=True))
    assert "road_segment_axis_gist" in plan, plan
    assert "Index Cond: (axis " in plan, plan
    assert "ST_Transform" not in plan.lower()
    assert "st_transform" not in statement.lower()


def test_no_text_of_a_client_is_in_the_statement() -> None:
    marker = "zQ7marker"
    query = read_items_query("construction_sites", {
        "filter": f"title = '{marker}' OR title LIKE '{marker}%' OR title IN ('{marker}') OR CASEI(title) = CASEI('{marker}') OR remaining_footway_m = 918273",
        "q": marker,
    })  # fmt: skip
    statement, values = wanted_statement("page_in_area", COLLECTIONS["construction_sites"], query)
    assert marker not in statement
    assert "918273" not in statement
    assert sum(marker in str(value) for value in values.values()) == 5
