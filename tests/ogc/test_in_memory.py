"""Collections read into memory: never older than what was committed, bounded, read again when they changed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.errors import Unavailable
from geo_service.ogc.collection import EPSG_25832
from geo_service.ogc.memory import beside, packed_features
from geo_service.ogc.memory.beside import Beside
from geo_service.ogc.memory.kept_places import places_of
from geo_service.ogc.memory.packed_features import Packing
from geo_service.ogc.page_reading import PageReader
from geo_service.ogc.place import find_area
from geo_service.ogc.reading import Page
from geo_service.settings import Settings
from tests.conftest import clone
from tests.ogc.in_memory import ROADS, holds_places, never_read, read_into_memory, settle
from tests.ogc.rows import insert_rows

SQUARE = (471000, 5495990, 471990, 5496010)
METRES = f"crs={EPSG_25832}&bbox-crs={EPSG_25832}"
TRUTH = """
SELECT convert_to(fragment_25832, 'UTF8') FROM road_segment
WHERE ST_Intersects(axis, ST_MakeEnvelope(%s, %s, %s, %s, 25832)) ORDER BY gid"""


@pytest.fixture
def own_database(cluster: LocalCluster, template: str) -> Iterator[Database]:
    for database in clone(cluster, template):
        insert_rows(database, roads=600, sites=1, events=1, detours=1, permits=40)
        yield database


@pytest.fixture
def writer(own_database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(own_database.owner_conninfo(), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', false)")
        yield connection


@pytest.fixture
def client(own_database: Database) -> Iterator[TestClient]:
    with TestClient(build_app(Settings(), own_database)) as client:
        yield client


def edit(writer: psycopg.Connection, dice: random.Random) -> None:
    """One row comes, goes, moves or says something else."""
    one = "(SELECT gid FROM road_segment ORDER BY md5(gid::text || %s) LIMIT 1)"
    seed = str(dice.random())
    match dice.choice(("come", "go", "move", "say", "say")):
        case "come":
            writer.execute(
                "INSERT INTO road_segment (segment_id, town, road_class, axis, modes, in_service, width_source, source, source_id)"
                " SELECT 'new:' || %(seed)s, town, road_class, ST_Translate(axis, 3, 2), modes, true, width_source, 'test', %(seed)s"
                " FROM road_segment ORDER BY md5(gid::text || %(seed)s) LIMIT 1",
                {"seed": seed},
            )
        case "go":
            writer.execute(f"DELETE FROM road_segment WHERE gid = {one}", [seed])
        case "move":
            writer.execute(
                "UPDATE road_segment SET axis = ST_Translate(axis, %s, 0) WHERE gid = " + one,
                [dice.uniform(-400, 400), seed],
            )
        case "say":
            writer.execute(f"UPDATE road_segment SET street_name = %s WHERE gid = {one}", [seed, seed])


def test_a_page_is_what_was_committed_before_it_whatever_is_in_memory(
    client: TestClient, writer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "_REST", 0)
    dice = random.Random(11)
    answered_from_memory = 0
    of_places = PageReader._page_of_places

    async def counted(*asked: Any) -> Page | None:
        nonlocal answered_from_memory
        page = await of_places(*asked)
        answered_from_memory += page is not None
        return page

    monkeypatch.setattr(PageReader, "_page_of_places", counted)
    read_into_memory(client)
    for number in range(80):
        edit(writer, dice)
        west, south, east, north = SQUARE
        box = (west + dice.uniform(0, 400), south, east - dice.uniform(0, 400), north)
        expected = [row[0] for row in writer.execute(TRUTH, box)]
        assert len(expected) > 10
        for limit in (9_999, 9_998):  # an address of its own each, so that no kept answer is given
            body = client.get(f"{ROADS}?limit={limit}&{METRES}&bbox={','.join(map(str, box))}").content
            assert b'"features":[' + b",".join(expected) + b"]" in body
            assert f'"numberMatched":{len(expected)},'.encode() in body
            if number % 3:
                settle(client)
        hits = client.get(f"{ROADS}?resultType=hits&{METRES}&bbox={','.join(map(str, box))}").json()
        assert hits["numberMatched"] == len(expected)
    assert 60 < answered_from_memory < 160


def test_permits_are_held_as_well_and_a_time_asks_the_database(client: TestClient) -> None:
    path = "/ogc/collections/permits/items"
    read_into_memory(client, path)
    assert holds_places(client, "permits")
    box = f"{METRES}&bbox=475000,5499990,475105,5500010"
    found = client.get(f"{path}?{box}").json()
    assert len(found["features"]) == found["numberMatched"] == 10
    assert len(client.get(f"{path}?{box}&datetime=2026-06-03").json()["features"]) == 10
    assert client.get(f"{path}?{box}&datetime=2027-06-03").json()["features"] == []


def test_what_is_too_large_stays_in_the_database(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    never_read(monkeypatch)
    read_into_memory(client)
    assert not holds_places(client)
    asked = client.app.state.kept_places.beside._not_before.copy()  # type: ignore[attr-defined]
    monkeypatch.setattr(beside, "_REST", 0)
    read_into_memory(client)  # it is known to be too large, and not read again
    assert client.app.state.kept_places.beside._not_before == asked  # type: ignore[attr-defined]
    assert client.app.state.packed_features._packed == {}  # type: ignore[attr-defined]
    page = client.get(f"{ROADS}?limit=7&{METRES}&bbox={','.join(map(str, SQUARE))}").json()
    assert len(page["features"]) == 7


def test_operators_see_what_is_held_and_it_is_read_again_when_much_of_it_changed(
    client: TestClient, writer: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "_REST", 0)
    read_into_memory(client)
    held = [
        line
        for line in client.get("/metrics").text.splitlines()
        if line.startswith("geo_service_features_in_memory{")
    ]
    assert [line.rpartition(" ")[2] for line in held if "road_segments" in line] == ["600.0", "600.0"]
    packed = client.app.state.packed_features  # type: ignore[attr-defined]
    kind = ("road_segments", "fragment_25832")
    before = packed._packed[kind]
    page = f"{ROADS}?limit=10000&{METRES}&bbox={','.join(map(str, SQUARE))}"
    writer.execute("UPDATE road_segment SET street_name = 'einer' WHERE source_id IN ('1', '2', '3')")
    client.get(page)
    settle(client)
    assert packed._packed[kind] is before
    writer.execute("UPDATE road_segment SET street_name = 'alle'")
    client.get(page)
    settle(client)
    after = packed._packed[kind]
    assert after is not before
    assert after.find(after.gids.tolist(), after.contents.tolist()).count(None) == 0
    assert before.find(after.gids.tolist(), after.contents.tolist()).count(None) == 600


def test_a_large_page_is_kept_ready_when_it_is_asked_for_again(client: TestClient) -> None:
    page = f"{ROADS}?limit=500&{METRES}&bbox=470000,5495000,480000,5497000"
    plain = {"Accept-Encoding": "identity"}
    answers, taken = [], []
    for _ in range(3):
        answers.append(client.get(page, headers=plain))
        taken.append(client.app.state.kept_answers.taken_bytes)  # type: ignore[attr-defined]
    assert len(answers[0].content) > 200_000
    assert taken[0] == 0 < taken[1] == taken[2]
    assert {each.headers["ETag"] for each in answers} == {answers[0].headers["ETag"]}
    assert len({each.content.partition(b'"timeStamp"')[0] for each in answers}) == 1
    assert all(int(each.headers["Content-Length"]) == len(each.content) for each in answers)


@given(st.lists(st.tuples(st.integers(1, 3), st.binary(max_size=30)), max_size=90), st.randoms())
def test_every_feature_is_found_by_its_content_and_by_no_other(
    steps: list[tuple[int, bytes]], dice: random.Random
) -> None:
    gids = np.cumsum([step for step, _ in steps]).tolist()
    rows = [(gid, hash(text), text) for gid, (_, text) in zip(gids, steps, strict=True)]
    packing = Packing()
    whole = len(rows) // packed_features.BLOCK * packed_features.BLOCK
    for part in (rows[:whole], rows[whole:]):
        if part:
            packing.add(part)
    packed = packing.done()
    asked = sorted(dice.sample(range(200), dice.randrange(0, 100)))
    there = {gid: (content, text) for gid, content, text in rows}
    contents = [there.get(gid, (0, b""))[0] + (dice.random() < 0.2) for gid in asked]
    expected = [
        there[gid][1] if gid in there and there[gid][0] == content else None
        for gid, content in zip(asked, contents, strict=True)
    ]
    assert packed.find(asked, contents) == expected


@pytest.mark.parametrize("count", [0, 1, 63, 64, 65, 3_000])
def test_what_may_meet_an_area_is_everything_whose_bounds_do(count: int) -> None:
    dice = np.random.default_rng(7)
    rows = np.zeros(count, np.dtype([("gid", ">i8"), ("content", ">i8"), ("box", ">f8", 4)]))
    rows["gid"] = dice.permutation(count) + 1
    rows["content"] = rows["gid"] * 10
    west, south = dice.uniform(470_000, 471_000, count), dice.uniform(5_500_000, 5_501_000, count)
    width, height = dice.choice([1, 20, 300], (2, count))
    # box_send: the upper corner first
    rows["box"] = np.column_stack([west + width, south + height, west, south]).astype(np.float32)
    places = places_of(5, rows.tobytes())
    for _ in range(40):
        x, y, side = (
            dice.uniform(470_000, 471_000),
            dice.uniform(5_500_000, 5_501_000),
            dice.choice([3, 200, 900]),
        )
        area = find_area(f"{x},{y},{x + side},{y + side}", EPSG_25832)
        assert area is not None
        found = asyncio.run(places.find(area))
        box = rows["box"]
        meets = (box[:, 2] <= x + side) & (box[:, 0] >= x) & (box[:, 3] <= y + side) & (box[:, 1] >= y)
        assert found.state == 5
        assert set(rows["gid"][meets].tolist()) <= set(found.gids.tolist())
        assert (np.diff(found.gids) > 0).all()
        assert found.contents.tolist() == [10 * gid for gid in found.gids.tolist()]
        inside = (box[:, 0] <= x + side) & (box[:, 2] >= x) & (box[:, 1] <= y + side) & (box[:, 3] >= y)
        assert set(found.gids[found.sure].tolist()) <= set(rows["gid"][meets].tolist())
        if side > 3:
            core = (
                inside
                & (box[:, 0] < x + side - 2)
                & (box[:, 2] > x + 2)
                & (box[:, 1] < y + side - 2)
                & (box[:, 3] > y + 2)
            )
            assert set(rows["gid"][core].tolist()) <= set(found.gids[found.sure].tolist())


def test_of_each_name_one_reading_runs_and_then_rests() -> None:
    began: list[str] = []

    async def run() -> None:
        readings = Beside()

        async def read(name: str, *, fails: bool = False) -> None:
            began.append(name)
            await asyncio.sleep(0.02)
            if fails:
                raise Unavailable

        for _ in range(3):
            readings.start("roads", lambda: read("roads"))
            readings.start("permits", lambda: read("permits", fails=True))
        await readings.settled()
        assert sorted(began) == ["permits", "roads"]
        readings.start("roads", lambda: read("roads"))  # it rests for 20 times as long
        await readings.settled()
        assert len(began) == 2
        await asyncio.sleep(0.7)
        readings.start("roads", lambda: read("roads"))
        await asyncio.sleep(0)
        await readings.close()
        assert began == [*began[:2], "roads"]

    asyncio.run(run())
