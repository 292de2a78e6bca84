"""Pages, single features and their rules, against rows of every kind."""

from __future__ import annotations

from datetime import datetime

import pytest
from fastapi.testclient import TestClient

from geo_service.ogc.collection import COLLECTIONS, EPSG_25832

# Published rows; sites, events and detours keep every tenth one to themselves.
PUBLISHED = {
    "road_segments": 10_050,
    "construction_sites": 108,
    "events": 36,
    "detours": 27,
    "permits": 25,
    "towns": 1,
}
ITEMS = "/ogc/collections/{}/items"


def read_all(client: TestClient, address: str) -> list[dict]:
    features: list[dict] = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert page["numberReturned"] == len(page["features"])
        features += page["features"]
        address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    return features


@pytest.mark.parametrize("name", COLLECTIONS)
def test_following_next_reads_every_feature_once(client: TestClient, name: str) -> None:
    features = read_all(client, ITEMS.format(name) + f"?limit={1000 if name == 'road_segments' else 7}")
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == PUBLISHED[name]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_paging_through_an_area_reads_every_feature_once(client: TestClient, name: str) -> None:
    area = "bbox=470000,5495000,485000,5510000&bbox-crs=" + EPSG_25832
    features = read_all(
        client, ITEMS.format(name) + f"?{area}&limit={3000 if name == 'road_segments' else 7}"
    )
    ids = [feature["id"] for feature in features]
    assert len(ids) == len(set(ids)) == PUBLISHED[name]


@pytest.mark.parametrize("name", ["road_segments", "construction_sites"])
def test_pages_by_offset_and_by_cursor_are_the_same(client: TestClient, name: str) -> None:
    by_cursor = [
        feature["id"]
        for feature in read_all(client, ITEMS.format(name) + "?limit=45&bbox=8.5,49.6,8.625,49.625")
    ]
    by_offset: list[str] = []
    while True:
        page = client.get(
            ITEMS.format(name),
            params={"limit": 45, "bbox": "8.5,49.6,8.625,49.625", "offset": len(by_offset)},
        )
        found = [feature["id"] for feature in page.json()["features"]]
        if not found:
            break
        by_offset += found
    assert by_offset == by_cursor
    assert len(by_cursor) > 45


def test_the_count_is_exact_up_to_the_cap_and_left_out_beyond(client: TestClient) -> None:
    everything = client.get(ITEMS.format("road_segments"), params={"limit": 1})
    assert "numberMatched" not in everything.json()
    assert "ogc-numbermatched" not in everything.headers
    some = client.get(
        ITEMS.format("road_segments"),
        params={"limit": 1, "bbox": "471000,5496000,481010,5496010", "bbox-crs": EPSG_25832},
    )
    assert some.json()["numberMatched"] == 999
    sites = client.get(ITEMS.format("construction_sites"), params={"limit": 1})
    assert sites.json()["numberMatched"] == int(sites.headers["OGC-NumberMatched"]) == 108


@pytest.mark.parametrize("parameters", [{}, {"bbox": "8,49,9,50"}])
def test_hits_and_head_count_exactly_beyond_the_cap(client: TestClient, parameters: dict[str, str]) -> None:
    hits = client.get(ITEMS.format("road_segments"), params={**parameters, "resultType": "hits"})
    assert hits.json()["numberMatched"] == 10_050
    assert hits.json()["features"] == []
    head = client.head(ITEMS.format("road_segments"), params=parameters)
    assert head.headers["OGC-NumberMatched"] == "10050"
    assert head.content == b""


def test_links_say_type_and_keep_the_query(client: TestClient) -> None:
    page = client.get(
        ITEMS.format("permits"), params={"limit": 5, "datetime": "2026-06-03", "bbox": "8,49,9,50"}
    ).json()
    alternates = [link for link in page["links"] if link["rel"] == "alternate"]
    links = {link["rel"]: link for link in page["links"]}
    assert set(links) == {"self", "alternate", "collection", "next"}
    assert links["next"]["type"] == links["self"]["type"] == "application/geo+json"
    assert len(alternates) == 5
    for link in alternates:
        assert client.get(link["href"]).headers["content-type"].split(";")[0] == link["type"].split(";")[0]
    for rel in ("self", "alternate", "next"):
        assert "datetime=2026-06-03" in links[rel]["href"]
        assert "bbox=8%2C49%2C9%2C50" in links[rel]["href"]
    assert "cursor=" in links["next"]["href"]


def test_time_stamp_is_an_instant_in_utc(client: TestClient) -> None:
    stamp = client.get(ITEMS.format("towns")).json()["timeStamp"]
    assert stamp.endswith("Z")
    assert datetime.fromisoformat(stamp.replace("Z", "+00:00")).utcoffset() is not None


@pytest.mark.parametrize(
    ("when", "found"),
    [
        # 12 sites of each last digit: 3 has no place, 5 no time, 6 no end, 9 is cancelled, the rest 1.–14. June.
        ("2026-06-01", 108),
        ("2026-05-31", 12),
        ("2026-05-31T21:59:59Z", 12),
        ("2026-05-31T22:00:00Z", 108),
        ("2026-05-01/2026-05-31", 12),
        ("2026-05-01T00:00:00Z/2026-05-31T22:00:00Z", 108),
        ("2026-06-14", 108),
        ("2026-06-15", 24),
        ("2026-06-14T22:00:00Z/..", 24),
        ("../2026-05-31T22:00:00+00:00", 108),
        ("2027-01-01/..", 24),
        ("/2026-05-31", 12),
        ("../..", 108),
        ("2026-06-14t23:59:59.999+02:00", 108),
        ("2026-05-30/P2D", 12),
        ("2026-05-30/P3D", 108),
        ("2026-04-30/P1M", 12),
        ("2026-04-30/P1M3D", 108),
        ("2025-06-01/P1YT1H", 108),
        ("2026-05-31T21:00:00Z/PT59M59S", 12),
        ("2026-05-31T21:00:00Z/PT1H", 108),
        ("2026-05-24/P1W", 12),
    ],
)  # fmt: skip
def test_intervals_are_closed_and_a_date_is_the_whole_day_in_berlin(
    client: TestClient, when: str, found: int
) -> None:
    answer = client.get(ITEMS.format("construction_sites"), params={"datetime": when, "limit": 1})
    assert answer.json()["numberMatched"] == found


def test_boxes_and_times_match_features_without_either(client: TestClient) -> None:
    nowhere = client.get(
        ITEMS.format("construction_sites"), params={"bbox": "10,54,10.1,54.1", "limit": 50}
    ).json()
    assert {feature["geometry"] for feature in nowhere["features"]} == {None}
    assert nowhere["numberMatched"] == 12
    never = client.get(ITEMS.format("events"), params={"datetime": "1999-01-01"}).json()
    assert [feature["properties"]["from"] for feature in never["features"]] == [None] * 4
    roads = client.get(ITEMS.format("road_segments"), params={"datetime": "1999-01-01", "limit": 1}).json()
    assert roads["numberReturned"] == 1


def test_a_box_of_degrees_is_not_a_box_of_metres(client: TestClient) -> None:
    # A diagonal row of permits: what only the metre box around the lon/lat box touches must not be found.
    everything = client.get(ITEMS.format("permits"), params={"limit": 100}).json()["features"]
    lons = [feature["geometry"]["coordinates"][0][0][0] for feature in everything]
    lows = {
        feature["id"]: min(point[1] for point in feature["geometry"]["coordinates"][0])
        for feature in everything
    }
    ordered = sorted(lows.values())
    north = (ordered[10] + ordered[11]) / 2
    box = (min(lons) - 0.02, ordered[0] - 1e-6, max(lons) + 0.02, north)
    found = client.get(ITEMS.format("permits"), params={"bbox": ",".join(map(str, box)), "limit": 100}).json()
    assert {feature["id"] for feature in found["features"]} == {
        one for one, low in lows.items() if low <= north
    }
    assert found["numberMatched"] == 11


def test_a_box_over_the_antimeridian_wraps(client: TestClient) -> None:
    assert client.get(ITEMS.format("permits"), params={"bbox": "177,45,9,50"}).json()["numberMatched"] == 25
    assert client.get(ITEMS.format("permits"), params={"bbox": "177,65,-177,70"}).json()["numberMatched"] == 0


def test_six_numbers_leave_the_heights_out(client: TestClient) -> None:
    assert (
        client.get(ITEMS.format("permits"), params={"bbox": "8,49,-5,9,50,1000"}).json()["numberMatched"]
        == 25
    )


@pytest.mark.parametrize("name", COLLECTIONS)
def test_both_reference_systems_name_themselves(client: TestClient, name: str) -> None:
    lonlat = client.get(ITEMS.format(name), params={"limit": 1})
    metres = client.get(ITEMS.format(name), params={"limit": 1, "crs": EPSG_25832})
    assert lonlat.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
    assert metres.headers["Content-Crs"] == f"<{EPSG_25832}>"

    def first_point(answer: dict) -> list[float]:
        point = answer["features"][0]["geometry"]["coordinates"]
        while isinstance(point[0], list):
            point = point[0]
        return point

    assert first_point(lonlat.json()) == pytest.approx([8.7, 49.65], abs=0.2)
    assert first_point(metres.json()) == pytest.approx([478_000, 5_502_000], abs=9000)


@pytest.mark.parametrize("name", COLLECTIONS)
def test_one_feature_is_the_one_of_the_page(client: TestClient, name: str) -> None:
    listed = client.get(ITEMS.format(name), params={"limit": 1}).json()["features"][0]
    answer = client.get(f"{ITEMS.format(name)}/{listed['id']}")
    alone = answer.json()
    assert {key: alone[key] for key in listed} == listed
    assert {link["rel"] for link in alone["links"]} == {"self", "alternate", "collection", "license"}
    assert answer.headers["content-type"] == "application/geo+json"
    assert client.get(answer.json()["links"][0]["href"]).json()["id"] == listed["id"]


@pytest.mark.parametrize(
    "key", ["nothing", "%00", "00000000-0000-0000-0000-000000000000", "a/b", "%ff%fe", "x" * 3000]
)
@pytest.mark.parametrize("name", ["road_segments", "permits"])
def test_an_unknown_feature_is_404(client: TestClient, name: str, key: str) -> None:
    answer = client.get(f"{ITEMS.format(name)}/{key}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_published_is_not_there(client: TestClient) -> None:
    # Site 9 is cancelled; its id is known from how the rows were made.
    assert (
        client.get(f"{ITEMS.format('construction_sites')}/8f14e45f-ceea-467f-a5f8-0f1d1d6b7e3a").status_code
        == 404
    )
    states = {
        feature["properties"]["state"]
        for name in ("construction_sites", "events", "detours")
        for feature in client.get(ITEMS.format(name), params={"limit": 1000}).json()["features"]
    }
    assert states == {"confirmed", "granted", "active"}


def test_the_same_state_is_not_sent_twice(client: TestClient) -> None:
    for address in (
        ITEMS.format("permits"),
        "/ogc",
        "/ogc/collections",
        "/ogc/api",
        ITEMS.format("permits") + "?f=html",
    ):
        first = client.get(address)
        assert first.headers["etag"].startswith('"')
        again = client.get(address, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["access-control-allow-origin"] == "*"
    other = client.get(ITEMS.format("permits"), params={"limit": 3})
    assert other.headers["etag"] != client.get(ITEMS.format("permits")).headers["etag"]


@pytest.mark.parametrize(
    ("accepted", "used"),
    [
        ("gzip", "gzip"),
        ("br, gzip", "br"),
        ("gzip, zstd;q=0", "gzip"),
        ("zstd, br", "zstd"),
        ("identity", None),
    ],
)
@pytest.mark.parametrize("limit", [2, 500])
def test_bodies_are_compressed_as_the_client_likes(
    client: TestClient, accepted: str, used: str | None, limit: int
) -> None:
    answer = client.get(
        ITEMS.format("road_segments"), params={"limit": limit}, headers={"Accept-Encoding": accepted}
    )
    assert answer.headers.get("content-encoding") == used
    assert answer.json()["numberReturned"] == limit
    assert "Accept-Encoding" in answer.headers["vary"]
