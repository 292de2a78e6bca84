"""`sortby`, `q` and cursors: every feature once, in the order asked for, whatever the filter."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo_service.ogc.collection import COLLECTIONS
from tests.ogc.rows import ODD_NAMES
from tests.ogc.test_items import PUBLISHED, read_all

ITEMS = "/ogc/collections/{}/items"


def ids(features: list[dict[str, Any]]) -> list[str]:
    return [feature["id"] for feature in features]


@pytest.mark.parametrize(
    ("name", "sortby"),
    [
        ("construction_sites", "title"), ("construction_sites", "-title,source_id"), ("construction_sites", "period_start"),
        ("construction_sites", "-period_end,title"), ("construction_sites", "end_known,-from"), ("construction_sites", "-remaining_footway_m"),
        ("events", "%2Bfrom,-source_id"), ("detours", "-updated_at"), ("permits", "-reference"), ("permits", "area_m2,use_type,status,town,-id"),
        ("towns", "name"), ("construction_sites", "-id"),
    ],
)  # fmt: skip
def test_following_next_in_an_order_reads_every_feature_once(
    client: TestClient, name: str, sortby: str
) -> None:
    paged = ids(read_all(client, ITEMS.format(name) + f"?limit=7&sortby={sortby}"))
    at_once = ids(read_all(client, ITEMS.format(name) + f"?limit=1000&sortby={sortby}"))
    assert paged == at_once
    assert len(set(paged)) == len(paged) == PUBLISHED[name]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_sortable_sorts(client: TestClient, name: str) -> None:
    for one in client.get(f"/ogc/collections/{name}/sortables").json()["properties"]:
        limit = 1000
        for sign in ("", "-"):
            answer = client.get(ITEMS.format(name), params={"sortby": sign + one, "limit": limit})
            assert answer.status_code == 200, answer.text
            if one == "id":
                continue
            values = [feature["properties"][one] for feature in answer.json()["features"]]
            present = [value for value in values if value is not None]
            assert values[: len(present)] == present, "what has no value comes last"
            if (present and not isinstance(present[0], str)) or one in (
                "from",
                "until",
                "period_start",
                "period_end",
                "updated_at",
            ):
                assert present == sorted(present, reverse=sign == "-")


def test_texts_are_sorted_as_in_a_dictionary(client: TestClient) -> None:
    page = client.get(ITEMS.format("construction_sites"), params={"sortby": "title", "limit": 1000}).json()
    titles = list(dict.fromkeys(feature["properties"]["title"] for feature in page["features"]))
    assert set(titles) == set(ODD_NAMES)
    assert titles.index("O'Neill \\ Müller & Söhne\n%s") < titles.index('Straße "Am Großen Ärger"')


@pytest.mark.parametrize("offset", ["0", "5", "200"])
def test_offset_and_count_hold_in_an_order(client: TestClient, offset: str) -> None:
    whole = ids(
        client.get(ITEMS.format("events"), params={"sortby": "-source_id", "limit": 1000}).json()["features"]
    )
    page = client.get(
        ITEMS.format("events"), params={"sortby": "-source_id", "limit": 4, "offset": offset}
    ).json()
    assert ids(page["features"]) == whole[int(offset) : int(offset) + 4]
    assert page["numberMatched"] == 36


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.lists(st.sampled_from(["title", "period_end", "from", "end_known", "source_id", "state"]), unique=True, max_size=3),
    signs=st.lists(st.sampled_from(["", "-", "+"]), min_size=3, max_size=3),
    text=st.sampled_from(["", "end_known", "source_id LIKE '1%'", "geometry IS NOT NULL", "until IS NULL", "FALSE"]),
    limit=st.integers(1, 60),
    q=st.sampled_from(["", "straße", "müller,straße"]),
    box=st.booleans(),
)  # fmt: skip
def test_pages_are_the_whole_cut_into_pieces(  # noqa: PLR0917
    client: TestClient, keys: list[str], signs: list[str], text: str, limit: int, q: str, box: bool
) -> None:
    params: dict[str, Any] = {}
    if keys:
        params["sortby"] = ",".join(sign + key for sign, key in zip(signs, keys, strict=False))
    if text:
        params["filter"] = text
    if q:
        params["q"] = q
    if box:
        params["bbox"] = "8.5,49.6,8.62,49.625"
    address = str(
        client.build_request("GET", ITEMS.format("construction_sites"), params={**params, "limit": limit}).url
    )
    whole = client.get(ITEMS.format("construction_sites"), params={**params, "limit": 1000}).json()
    assert ids(read_all(client, address)) == ids(whole["features"])
    assert whole["numberMatched"] == len(whole["features"])


def next_cursor(client: TestClient, name: str, **params: str) -> str:
    page = client.get(ITEMS.format(name), params={**params, "limit": "2"}).json()
    (address,) = [link["href"] for link in page["links"] if link["rel"] == "next"]
    return address.rpartition("cursor=")[2]


def test_a_cursor_belongs_to_collection_filter_search_and_order(client: TestClient) -> None:
    by_title = next_cursor(client, "construction_sites", sortby="title")
    filtered = next_cursor(client, "construction_sites", filter="end_known")
    searched = next_cursor(client, "construction_sites", q="straße")
    plain = next_cursor(client, "construction_sites")
    wrong: list[tuple[str, dict[str, str]]] = [
        ("events", {"sortby": "title", "cursor": by_title}), ("construction_sites", {"sortby": "-title", "cursor": by_title}),
        ("construction_sites", {"cursor": by_title}), ("construction_sites", {"sortby": "title", "filter": "end_known", "cursor": by_title}),
        ("construction_sites", {"filter": "NOT end_known", "cursor": filtered}), ("construction_sites", {"cursor": filtered}),
        ("construction_sites", {"q": "müller", "cursor": searched}), ("construction_sites", {"sortby": "title", "cursor": plain}),
        ("construction_sites", {"filter": "end_known", "cursor": plain}), ("events", {"cursor": plain}),
    ]  # fmt: skip
    for name, params in wrong:
        answer = client.get(ITEMS.format(name), params=params)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "cursor"), params
    other_size = client.get(
        ITEMS.format("construction_sites"), params={"sortby": "title", "cursor": by_title, "limit": 50}
    )
    assert other_size.status_code == 200


@pytest.mark.parametrize(
    "forged",
    [[], 1, None, ["x"], ["{own}", "1", "a"], ["{own}", 1], ["{own}", 1, "a", "b"], ["{own}", -1, "a"], ["{own}", 10**30, "a"],
     ["{own}", 1, 5], ["{own}", 1, ["a"]], ["{own}", 1, "a\0"], ["{own}", True, {}]],
)  # fmt: skip
def test_a_forged_cursor_is_refused(client: TestClient, forged: Any) -> None:
    own = json.loads(
        base64.urlsafe_b64decode(next_cursor(client, "construction_sites", sortby="title") + "==")
    )[0]
    text = json.dumps(forged).replace("{own}", own)
    cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    answer = client.get(ITEMS.format("construction_sites"), params={"sortby": "title", "cursor": cursor})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "cursor")


@pytest.mark.parametrize("value", ["yesterday", "2026-13-01", "", "9999-99-99T00:00:00Z", "infinity"])
def test_a_cursor_with_a_value_of_another_kind_is_refused(client: TestClient, value: str) -> None:
    for key, good in (("period_start", value), ("area_m2", value), ("demo", value), ("from", value)):
        own = json.loads(base64.urlsafe_b64decode(next_cursor(client, "permits", sortby=key) + "=="))[0]
        cursor = base64.urlsafe_b64encode(json.dumps([own, 1, good]).encode()).decode().rstrip("=")
        answer = client.get(ITEMS.format("permits"), params={"sortby": key, "cursor": cursor})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "cursor")


@pytest.mark.parametrize("value", ["", "nothing", "geometry", "takes", "title,title", "title,-title", "--title", "title;drop", "published", "gid", "title,", "town,title,kind,state,source,source_id"])  # fmt: skip
def test_an_order_that_is_not_offered_is_refused(client: TestClient, value: str) -> None:
    answer = client.get(ITEMS.format("construction_sites"), params={"sortby": value})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "sortby")


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("STRASSE", 30),
        ("straße", 30),
        ("müller", 24),
        ("MÜLLER,großen", 54),
        ("nirgendwo", 0),
        ("%", 24),
        ("_", 0),
        ("am grossen", 30),
        ("{{7*7}}", 30),
    ],
)
def test_a_search_finds_terms_in_names(client: TestClient, q: str, found: int) -> None:
    assert (
        client.get(ITEMS.format("construction_sites"), params={"q": q, "limit": 1}).json()["numberMatched"]
        == found
    )


def test_a_search_finds_a_reference(client: TestClient) -> None:
    page = client.get(ITEMS.format("permits"), params={"q": "ben-2026-000007"}).json()
    assert [feature["properties"]["reference"] for feature in page["features"]] == ["BEN-2026-000007"]


@pytest.mark.parametrize("q", ["", " , ", "x" * 101, ",".join("abcdefghijk"), "a\0"])
def test_a_search_without_a_term_is_refused(client: TestClient, q: str) -> None:
    answer = client.get(ITEMS.format("events"), params={"q": q})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "q")


def test_a_person_pages_through_a_filter_in_an_order(client: TestClient) -> None:
    """The HTML table keeps filter, order and language on its way to the next page."""
    wish = {"filter": "source_id LIKE '1%'", "sortby": "-source_id", "limit": "20", "f": "html", "lang": "en"}
    first = client.get(ITEMS.format("construction_sites"), params=wish)
    assert first.text.count("<tr>") == 21
    (address,) = re.findall(r'<a rel="next" href="([^"]+)"', first.text)
    second = client.get(html.unescape(address))
    assert second.text.count("<tr>") == 10
    assert second.headers["content-language"] == "en"
    assert 'rel="next" href' not in second.text
