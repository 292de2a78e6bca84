"""Answers kept ready: never older than what was committed before they were asked for, never private, bounded."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from itertools import pairwise

import httpx
import psycopg
import pytest
from fastapi.testclient import TestClient

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.feature_reading import Read
from geo_service.ogc.memory.kept_answers import KeptAnswer, KeptAnswers, Question
from geo_service.ogc.memory.kept_features import KeptFeatures
from geo_service.ogc.open_ended import ENCODINGS, open_ended
from geo_service.ogc.ready import nothing_more
from geo_service.ogc.states import CollectionStates
from geo_service.settings import Settings
from tests.clients.server import serving
from tests.conftest import clone
from tests.ogc.rows import insert_rows

SITES = "/ogc/collections/construction_sites/items"


@pytest.fixture(scope="module")
def own_database(cluster: LocalCluster, template: str) -> Iterator[Database]:
    """Rows of every collection, to be changed."""
    for database in clone(cluster, template):
        insert_rows(database, roads=600, sites=30, events=10, detours=10, permits=10)
        yield database


@pytest.fixture
def writer(own_database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_database.owner_conninfo(), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', false)")
        yield connection


@pytest.fixture
def reader(own_database: Database) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(), own_database)) as client:
        yield client


def states(database: Database) -> dict[str, int]:
    async def ask() -> dict[str, int]:
        pool = database.async_pool(size=1)
        await pool.open()
        found = await CollectionStates(pool).get(*COLLECTIONS)
        await pool.close()
        return dict(zip(COLLECTIONS, found, strict=True))

    return asyncio.run(ask())


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_change_changes_the_state_of_its_collection_with_the_commit(
    own_database: Database, writer: psycopg.Connection, name: str
) -> None:
    before = states(own_database)
    change = f"UPDATE {COLLECTIONS[name].table} SET updated_at = now()"
    with writer.transaction(force_rollback=True):
        writer.execute(change)
        assert states(own_database) == before
    assert states(own_database) == before
    with writer.transaction():
        writer.execute(change)
        with writer.transaction(force_rollback=True):
            writer.execute(change)
        writer.execute(change)
        assert states(own_database) == before
    after = states(own_database)
    assert {one for one in after if after[one] != before[one]} == {name}


def test_a_change_in_a_savepoint_after_one_that_was_rolled_back_counts(
    own_database: Database, writer: psycopg.Connection
) -> None:
    before = states(own_database)["events"]
    with writer.transaction():
        with writer.transaction(force_rollback=True):
            writer.execute("UPDATE event SET updated_at = now()")
        writer.execute("UPDATE event SET updated_at = now()")
    assert states(own_database)["events"] != before


def test_writers_of_a_collection_do_not_wait_for_each_other(own_database: Database) -> None:
    seen = {states(own_database)["events"]}
    connections = [psycopg.connect(own_database.owner_conninfo()) for _ in range(6)]
    for number, connection in enumerate(connections):
        connection.execute("SELECT set_config('app.actor', 'operator', true)")
        connection.execute("SET lock_timeout = '2s'")
        connection.execute("UPDATE event SET updated_at = now() WHERE source_id = %s", [str(number + 1)])
    for connection in reversed(connections):
        connection.commit()
        connection.close()
        seen.add(states(own_database)["events"])
    assert len(seen) == 7


def test_an_answer_is_the_same_until_the_collection_changes(
    reader: TestClient, writer: psycopg.Connection
) -> None:
    first, again = reader.get(SITES), reader.get(SITES)
    assert first.headers["etag"] == again.headers["etag"]
    assert reader.get(SITES, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    assert {**first.json(), "timeStamp": 0} == {**again.json(), "timeStamp": 0}
    assert first.json()["timeStamp"] < again.json()["timeStamp"]
    writer.execute("UPDATE construction_site SET title = 'Neu' WHERE source_id = '1'")
    changed = reader.get(SITES, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]
    assert "Neu" in {feature["properties"]["title"] for feature in changed.json()["features"]}
    # What changes elsewhere leaves it alone.
    writer.execute("UPDATE event SET updated_at = now()")
    assert reader.get(SITES, headers={"If-None-Match": changed.headers["etag"]}).status_code == 304


def test_what_is_ready_is_not_asked_for_again(reader: TestClient, own_database: Database) -> None:
    address = SITES + "?limit=7&f=jsonfg"
    reader.get(address)
    scanned = (
        "SELECT seq_scan + coalesce(idx_scan, 0) FROM pg_stat_user_tables WHERE relname = 'construction_site'"
    )
    with psycopg.connect(own_database.owner_conninfo(), autocommit=True) as owner:

        def scans() -> int:
            for connection in reader.app.state.pool._pool:  # counts reach the view when a backend is told to
                reader.portal.call(connection.execute, "SELECT pg_stat_force_next_flush()")
            return int(owner.execute(scanned).fetchone()[0])

        before = scans()
        for _ in range(3):
            assert reader.get(address).status_code == 200
        assert scans() == before
        reader.get(SITES + "?limit=8&f=jsonfg")
        assert scans() > before


@pytest.mark.parametrize("query", ["", "?limit=5", "?f=jsonfg", "?f=csv", "?f=geojsonseq", "?crs=EPSG:3857", "?bbox=8,49,9,50&limit=400"])  # fmt: skip
def test_ready_and_fresh_bodies_are_the_same_in_every_encoding(reader: TestClient, query: str) -> None:
    address = f"/ogc/collections/road_segments/items{query}"
    plain = reader.get(address, headers={"Accept-Encoding": "identity"})
    for encoding in (*ENCODINGS, "identity"):
        for _ in range(2):
            answer = reader.get(address, headers={"Accept-Encoding": encoding})
            assert answer.headers.get("content-encoding") == (None if encoding == "identity" else encoding)
            assert answer.headers["content-type"] == plain.headers["content-type"]
            assert len(answer.content) == len(plain.content)
            if "json" in plain.headers["content-type"] and "seq" not in query:
                assert {**answer.json(), "timeStamp": 0} == {**plain.json(), "timeStamp": 0}
            else:
                assert answer.content == plain.content


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("start", [b"", b"x", b'{"type":"Feature"}' * 40_000])
@pytest.mark.parametrize(
    "end", [b"", b"}", b',"timeStamp":"2026-06-01T00:00:00.000000Z"}', b'"Feature"' * 7_000]
)
def test_an_end_can_follow_what_is_compressed_already(encoding: str, start: bytes, end: bytes) -> None:
    body = open_ended(encoding, start).ended(end)
    answer = httpx.Response(200, headers={"Content-Encoding": encoding}, content=body)
    assert answer.content == start + end


def test_names_in_another_order_are_the_same_question(reader: TestClient) -> None:
    one = reader.get(SITES + "?limit=3&bbox=8,49,9,50")
    other = reader.get(SITES + "?bbox=8,49,9,50&limit=3")
    assert one.headers["etag"] == other.headers["etag"]
    assert one.headers["etag"] != reader.get(SITES + "?bbox=8,49,9,50&limit=4").headers["etag"]


def question(name: str) -> Question:
    return Question(name, "json", "de", None)


def answer(size: int, caching: str = "public, max-age=0") -> KeptAnswer:
    return KeptAnswer((1,), open_ended(None, b"x" * size), nothing_more, {"Cache-Control": caching})


def test_the_memory_is_bounded_and_the_latest_stay() -> None:
    keeps = KeptAnswers(most_bytes=1_000_000)
    for number in range(100):
        keeps.keep(question(str(number)), answer(60_000))
        keeps.find(question("0"))
        assert keeps.taken_bytes <= 1_000_000
    assert keeps.find(question("0"))
    assert keeps.find(question("99"))
    assert not keeps.find(question("50"))
    keeps.keep(question("99"), answer(10))
    keeps.keep(question("large"), answer(200_000))
    assert not keeps.find(question("large"))
    assert keeps.taken_bytes == sum(one.size for one in keeps._answers.values())


@pytest.mark.parametrize("caching", ["private, no-store", "no-store", ""])
def test_what_is_not_public_is_never_kept(caching: str) -> None:
    keeps = KeptAnswers()
    keeps.keep(question("a"), answer(10))
    keeps.keep(question("a"), answer(10, caching))
    assert keeps.find(question("a")) is None
    assert keeps.taken_bytes == 0


def test_a_commit_is_seen_by_every_question_after_it(own_database: Database) -> None:
    """One writes numbers, eight read over two server processes: nobody gets a number older than the last commit."""
    committed, stop = 0, threading.Event()
    address = SITES + "?filter=source_id='2'"

    def write() -> None:
        nonlocal committed
        with psycopg.connect(own_database.owner_conninfo(), autocommit=True) as connection:
            connection.execute("SELECT set_config('app.actor', 'operator', false)")
            for number in range(1, 150):
                connection.execute(
                    "UPDATE construction_site SET case_number = %s WHERE source_id = '2'", [str(number)]
                )
                committed = number
                stop.wait(0.01)
        stop.set()

    async def read(client: httpx.AsyncClient, base: str, seen: list[int]) -> None:
        while not stop.is_set():
            known = committed
            found = json.loads((await client.get(base + address)).content)["features"][0]["properties"][
                "case_number"
            ]
            assert int(found or 0) >= known
            seen.append(int(found or 0))

    async def run(bases: list[str]) -> list[int]:
        seen: list[int] = []
        async with httpx.AsyncClient(timeout=30) as client:
            await asyncio.gather(*(read(client, bases[number % 2], seen) for number in range(8)))
        return seen

    with serving(own_database) as one, serving(own_database) as two:
        thread = threading.Thread(target=write)
        thread.start()
        try:
            seen = asyncio.run(run([one, two]))
        finally:
            stop.set()
            thread.join()
    assert len(set(seen)) > 20


def test_a_page_shows_one_moment(own_database: Database) -> None:
    """All rows get one number at a time; a page whose features come from memory and table never shows two."""
    stop = threading.Event()

    def write() -> None:
        with psycopg.connect(own_database.owner_conninfo(), autocommit=True) as connection:
            connection.execute("SELECT set_config('app.actor', 'operator', false)")
            for number in range(25):
                connection.execute("UPDATE road_segment SET road_number = %s", [f"L {number}"])
        stop.set()

    thread = threading.Thread(target=write)
    with TestClient(build_app(Settings(), own_database)) as client:
        thread.start()
        seen = set()
        while not stop.is_set():
            features = client.get("/ogc/collections/road_segments/items?limit=600").json()["features"]
            numbers = {feature["properties"]["road_number"] for feature in features}
            assert len(features) == 600
            assert len(numbers) == 1
            seen |= numbers
        thread.join()
    assert len(seen) > 5


def test_features_kept_are_those_read_last_and_bounded() -> None:
    kept = KeptFeatures(most_bytes=100_000)
    roads, metres = ("road_segments", "fragment_crs84"), ("road_segments", "fragment_25832")
    gids, contents = list(range(500)), [-number for number in range(500)]
    kept.keep(metres, [1], [-1], [b"y"])
    assert kept.find(metres, [0, 1], [0, -1]) == [None, b"y"]
    assert kept.find(roads, [0, 1], [0, -1]) == [None, None]
    for gid, following in pairwise(gids):
        kept.keep(roads, [gid], [-gid], [b"x" * 500])
        kept.keep(roads, [gid, following], [-gid, -following], [b"x" * 500] * 2)
        assert kept.find(roads, [gid], [-gid]) == [b"x" * 500]
        assert kept.taken_bytes <= 100_000
    assert kept.find(metres, [0, 1], [0, -1]) == [None, None]
    held = [place for place, feature in enumerate(kept.find(roads, gids, contents)) if feature is not None]
    assert held == list(range(500 - len(held), 500))
    assert 100 < len(held) < 200
    assert kept.taken_bytes == 800 * len(held)


def test_features_come_in_the_order_of_the_page_and_none_is_missing() -> None:
    read = Read([7, 3, 5], [70, 30, 50], [b"seven", b"three", b"five"])
    assert read.as_wanted([7, 3, 5], [70, 30, 50]) == [b"seven", b"three", b"five"]
    assert read.as_wanted([3, 5, 7], [30, 50, 70]) == [b"three", b"five", b"seven"]
    assert read.as_wanted([3, 7], [30, 70]) == [b"three", b"seven"]
    assert read.as_wanted([7, 3, 5], [70, 30, 51]) is None
    assert read.as_wanted([3, 5, 7], [30, 51, 70]) is None
    assert read.as_wanted([3, 5, 7, 9], [30, 50, 70, 90]) is None


def test_of_a_feature_the_content_read_last_is_kept() -> None:
    kept = KeptFeatures(most_bytes=3_000)
    roads = ("road_segments", "fragment_crs84")
    kept.keep(roads, [7, 8], [70, 80], [b"old", b"eight"])
    kept.keep(roads, [7, 8], [71, 80], [b"new", b"eight"])
    assert kept.find(roads, [7, 8], [71, 80]) == [b"new", b"eight"]
    assert kept.find(roads, [8, 7], [80, 70]) == [b"eight", None]
    kept.keep(roads, [9], [90], [b"x" * 2_200])  # the first two make room, but not for what 7 says now
    assert kept.find(roads, [7, 8, 9], [71, 80, 90]) == [b"new", None, b"x" * 2_200]
    kept.keep(roads, [10], [100], [b"x" * 2_200])
    assert kept.find(roads, [7, 9, 10], [71, 90, 100]) == [None, None, b"x" * 2_200]
    assert kept.taken_bytes == 2_500


def test_a_reader_that_does_not_read_holds_no_connection(own_database: Database) -> None:
    """More clients than the pool has connections ask for pages and exports and read nothing of them."""
    with serving(own_database) as base:
        port = int(base.rpartition(":")[2])
        idle = []
        for number in range(24):
            path = ("items?limit=600", "export?f=json", "items?limit=600&f=html")[number % 3]
            client = socket.socket()
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            target = f"/ogc/collections/road_segments/{path}"
            client.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            idle.append(client)
        with httpx.Client(timeout=20) as other:
            for number in range(40):
                answer = other.get(
                    base + SITES, params={"limit": 1 + number % 30, "bbox": f"8,49,9,{50 + number / 100}"}
                )
                assert answer.status_code == 200
        text = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()"
        with psycopg.connect(own_database.app_conninfo()) as same_role:
            assert same_role.execute(text).fetchone() == (0,)
        for client in idle:
            client.close()
