"""Tiles of lines written from memory: the same as the database writes them, shape by shape."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import mapbox_vector_tile
import numpy as np
import psycopg
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.memory import beside
from geo_service.ogc.tiles import reading
from geo_service.ogc.tiles.grid import MARGIN
from geo_service.ogc.tiles.line_layer import EXTENT, Lines, Told, write_layer, written_value
from geo_service.settings import Settings
from tests.conftest import clone
from tests.ogc.in_memory import settle
from tests.ogc.rows import ODD_NAMES, insert_shapes

MIDDLE = (5579, 8586)  # row and column at zoom 14


def roads() -> Iterator[dict[str, Any]]:
    """Lines of two to sixty points in 4 km × 4 km, from centimetres to beyond every tile; many without a name."""
    dice = random.Random(31)
    for number in range(1_200):
        step = dice.choice((0.01, 0.3, 8, 60, 900))
        x, y = 475_000 + dice.uniform(0, 4_000), 5_500_000 + dice.uniform(0, 4_000)
        points = [(x, y)]
        for _ in range(dice.choice((1, 1, 3, 9, 59))):
            # Never back on itself: such a spike ST_AsMVTGeom may leave out.
            x, y = x + dice.uniform(0, step), y + dice.uniform(-step, step)
            points.append((x, y))
        yield {
            "id": f"line:{number}",
            "name": dice.choice((None, None, *ODD_NAMES, f"Straße {number % 40}")),
            "axis": shapely.to_wkb(shapely.LineString(points)),
        }


@pytest.fixture(scope="module")
def ground(cluster: LocalCluster, template: str) -> Iterator[Database]:
    for database in clone(cluster, template):
        insert_shapes(database, list(roads()))
        yield database


def address(zoom: int, row: int, col: int) -> str:
    return f"/ogc/collections/road_segments/tiles/WebMercatorQuad/{zoom}/{row}/{col}"


def decoded(body: bytes) -> dict[int, tuple[dict[str, Any], Any]]:
    """What a tile says of each feature, and its shape in units, rows from the north."""
    if not body:
        return {}
    tile = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True})
    assert list(tile) == ["road_segments"]
    assert (tile["road_segments"]["extent"], tile["road_segments"]["version"]) == (EXTENT, 2)
    features = tile["road_segments"]["features"]
    found = {one["id"]: (one["properties"], shapely.geometry.shape(one["geometry"])) for one in features}
    assert len(found) == len(features)
    return found


def read_lines(client: TestClient) -> None:
    """Ask for a tile, and wait until the lines are in memory."""
    assert client.get(address(14, *MIDDLE)).status_code in (200, 204)
    settle(client)
    assert holds_lines(client)


def holds_lines(client: TestClient) -> bool:
    lines = client.app.state.kept_lines  # type: ignore[attr-defined]
    return lines.get(COLLECTIONS["road_segments"]) is not None


def count_from_memory(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The layers that are written from memory from now on."""
    made: list[bytes] = []
    from_memory = reading._from_memory

    async def noted(*wanted: Any) -> tuple[bytes, int] | None:
        found = await from_memory(*wanted)
        if found is not None:
            made.append(found[0])
        return found

    monkeypatch.setattr(reading, "_from_memory", noted)
    return made


def the_same(one: Any, other: Any) -> bool:
    """Every part of each lies along the other, as far as the margin.

    There one cuts before it rounds, the other after.
    """
    if shapely.hausdorff_distance(one, other) <= 2.3:
        return True

    def along(of: Any, by: Any) -> bool:
        inside = shapely.clip_by_rect(of, -56, -56, EXTENT + 56, EXTENT + 56)
        return inside.difference(by.buffer(2.3)).length < 3

    return along(one, other) and along(other, one)


def tiles_at(zoom: int, count: int) -> list[tuple[int, int, int]]:
    """Tiles of the square of the roads, and some beside it."""
    dice = random.Random(zoom)
    (first_row, first_col), size = (5577, 8584), 2.0 ** (zoom - 14)
    return [
        (zoom, int((first_row + dice.uniform(0, 6)) * size), int((first_col + dice.uniform(0, 6)) * size))
        for _ in range(count)
    ]


def test_tiles_of_memory_say_what_tiles_of_the_database_say(
    ground: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [each for zoom in (13, 14, 15, 17, 20) for each in tiles_at(zoom, 25)]
    features = shapes = 0
    of_arrays = count_from_memory(monkeypatch)
    with (
        TestClient(build_app(Settings(), ground)) as unread,
        TestClient(build_app(Settings(), ground)) as read,
    ):
        read_lines(read)
        unread.app.state.kept_lines.get = lambda collection: None  # type: ignore[attr-defined]
        for tile in asked:
            of_memory, of_database = read.get(address(*tile)), unread.get(address(*tile))
            assert of_memory.headers["etag"] == of_database.headers["etag"]
            assert of_memory.headers["etag"].startswith("W/")
            ours, theirs = decoded(of_memory.content), decoded(of_database.content)
            for gid in ours.keys() | theirs.keys():
                if gid not in ours or gid not in theirs:
                    # What only touches the margin, or is a unit wide, may be left out by one and not by the other.
                    only = (ours.get(gid) or theirs[gid])[1]
                    edge = shapely.box(
                        -MARGIN + 1.5, -MARGIN + 1.5, EXTENT + MARGIN - 1.5, EXTENT + MARGIN - 1.5
                    )
                    assert shapely.box(*only.bounds).length <= 6 or not only.intersects(edge), (tile, gid)
                    continue
                assert ours[gid][0] == theirs[gid][0]
                assert the_same(ours[gid][1], theirs[gid][1]), (tile, gid)
                features += 1
                shapes += ours[gid][1].geom_type == "MultiLineString"
    assert features > 4_000
    assert shapes > 20
    assert len(of_arrays) > 90  # of 125, some of them asked for twice


def test_a_tile_is_what_was_committed_before_it(ground: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beside, "_REST", 0)
    of_arrays = count_from_memory(monkeypatch)
    with (
        TestClient(build_app(Settings(), ground)) as client,
        psycopg.connect(ground.owner_conninfo(), autocommit=True) as writer,
    ):
        writer.execute("SELECT set_config('app.actor', 'operator', false)")
        read_lines(client)
        days = (f"2026-01-01T00:00:{second:02}Z" for second in range(60))

        def tile() -> dict[int, tuple[dict[str, Any], Any]]:
            # Streets have no time: every day is the same tile by another address, so that no kept answer is given.
            found = decoded(client.get(address(14, *MIDDLE), params={"datetime": next(days)}).content)
            settle(client)
            return found

        gids = sorted(tile())
        assert len(gids) > 30
        before = len(of_arrays)
        for number, gid in enumerate(gids[:12]):
            writer.execute("UPDATE road_segment SET street_name = %s WHERE gid = %s", [f"neu {number}", gid])
            # Places hold no longer, then the line does not, then both are read anew.
            assert [tile()[gid][0]["street_name"] for _ in range(3)] == [f"neu {number}"] * 3
        writer.execute("DELETE FROM road_segment WHERE gid = %s", [gids[20]])
        for _ in range(3):
            assert set(tile()) == set(gids) - {gids[20]}
        assert 13 <= len(of_arrays) - before < 39


coordinate = st.integers(-300, EXTENT + 300) | st.integers(-9_000, 9_000)
line = st.lists(st.tuples(coordinate, coordinate), min_size=2, max_size=6)


@given(
    st.lists(
        st.tuples(line, st.none() | st.text(max_size=200), st.integers(0, 2**40)),
        max_size=20,
        unique_by=lambda one: one[2],
    )
)
def test_a_layer_can_be_read_again(drawn: list[tuple[list[tuple[int, int]], str | None, int]]) -> None:
    drawn.sort(key=lambda one: one[2])
    points = np.array([point for shape, _, _ in drawn for point in shape], float).reshape(-1, 2)
    lengths = np.array([len(shape) for shape, _, _ in drawn], int)
    texts = sorted({text for _, text, _ in drawn if text is not None})
    codes = np.array([-1 if text is None else texts.index(text) for _, text, _ in drawn], int)
    told = [Told("name", codes, [written_value(text.encode()) for text in texts])]
    ids = np.array([number for _, _, number in drawn], int)
    body = write_layer("road_segments", ids, Lines(*points.T, lengths), told, MARGIN)
    frame = shapely.box(-MARGIN, -MARGIN, EXTENT + MARGIN, EXTENT + MARGIN)
    found = decoded(body)
    assert all(shape.within(frame) for _, shape in found.values())
    for shape, text, number in drawn:
        expected = shapely.LineString(shape).intersection(frame)
        if number in found:
            properties, ours = found[number]
            assert properties == ({} if text is None else {"name": text})
            assert the_same(ours, expected)
        else:
            assert expected.length < 3
