"""Pages, single features and tiles of 300,000 road segments, numberMatched included, beside others on the same table.

Three states of our side are told apart: *unread*, a process that has not read the collection into memory, as in its
first seconds, and has sent none of the features; *fresh*, it has read it, and has sent none of the features; *again*,
the very same addresses. The peers keep nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from tests.benchmarks.floor import floor_rate
from tests.benchmarks.ground import bench_cluster, migrated, tipg_serving
from tests.benchmarks.load import Measured, request_bytes, run_load, together
from tests.benchmarks.pygeoapi_peer import COLLECTION, assert_same_page, pygeoapi_serving
from tests.benchmarks.report import Row
from tests.benchmarks.segments import SEGMENTS, boxes, fill, in_metres, large_boxes, properties, tiles
from tests.benchmarks.sides import ITEMS, METRES, Sides, once, tile_address
from tests.benchmarks.whole import measure_whole

ROUNDS = 3  # of both sides in turns: the machine itself is faster in one minute than in the next
# What a tile of ours says of a segment; the peer is asked for no more.
IN_A_TILE = "segment_id,street_name,road_class"


def measure_pages() -> list[Row]:
    """Rows of the table: medians over one connection, rates over eight."""
    with bench_cluster() as cluster:
        database = migrated(cluster, "bench_pages")
        print(f"  {SEGMENTS:,} segments loaded in {fill(database):.0f} s", flush=True)
        rows = rows_of(cluster, database)
        return rows + measure_whole(cluster, "bench_pages", database, properties(database))


def rows_of(cluster: LocalCluster, database: Database) -> list[Row]:
    """The comparisons on a database that is filled."""
    with tipg_serving(cluster, "bench_pages", properties(database)) as peer_port:
        sides = Sides(database, peer_port)
        sides.peer([f"/items?limit=1000&bbox={box}" for box in boxes()[:20]])
        rows = [
            *_pages(sides), *_rates(sides), *_german_maps(sides), *_single(sides), *_tiles(sides), _floor(cluster, sides),
        ]  # fmt: skip
    with pygeoapi_serving(cluster, "bench_pages", properties(database)) as other_port:
        return rows + _beside_pygeoapi(sides, other_port)


def _in_turns(peer: Callable[[], Measured], own: Callable[[], dict[str, Measured]]) -> dict[str, Measured]:
    """Both sides in turns, all rounds of each taken together; the peer's under its own name."""
    rounds = [{"peer": peer(), **own()} for _ in range(ROUNDS)]
    return {name: together([each[name] for each in rounds]) for name in rounds[0]}


def _pages(sides: Sides) -> list[Row]:
    paths = [f"{ITEMS}?limit=1000&bbox={box}" for box in boxes()]

    def own() -> dict[str, Measured]:
        with sides.own(unread=True) as port:
            unread = once(port, paths)
        with sides.own() as port:
            fresh = once(port, paths)
            once(port, paths[:20])  # a large answer is kept when it is asked for once more
            return {"unread": unread, "fresh": fresh, "again": once(port, paths[:20] * 10)}

    asked = _in_turns(
        lambda: sides.peer([f"/items?limit=1000&bbox={box}" for box in boxes()], seconds=5), own
    )
    peer = asked.pop("peer")
    name = "page of 1,000 of 300,000 by bbox, 1 connection, median"
    size = f"{peer.body_bytes / 1e6:.2f} MB"
    return [
        Row(f"{name}: {state}", f"{own.median_ms:.2f} ms", f"tipg {peer.median_ms:.1f} ms", peer.median_ms / own.median_ms, 15,
            f"bodies {own.body_bytes / 1e6:.2f} MB / {size}")
        for state, own in asked.items()
    ]  # fmt: skip


def _rates(sides: Sides) -> list[Row]:
    paths = [f"{ITEMS}?limit=1000&bbox={box}" for box in boxes()]

    def own() -> dict[str, Measured]:
        found = {}
        for state in ("unread", "fresh"):
            with sides.own(unread=state == "unread") as port:
                found[state] = once(port, paths, 8)
        return found

    asked = _in_turns(
        lambda: sides.peer([f"/items?limit=1000&bbox={box}" for box in boxes()], connections=8, seconds=5),
        own,
    )
    peer = asked.pop("peer")
    return [
        Row(f"page of 1,000 of 300,000 by bbox, 8 connections, rate: {state}", f"{own.rate:.0f}/s", f"tipg {peer.rate:.1f}/s",
            own.rate / peer.rate, 10, "one server process each")
        for state, own in asked.items()
    ]  # fmt: skip


def german_queries() -> list[str]:
    """The query of a map in EPSG:25832, for each large box."""
    metres = map(in_metres, large_boxes())
    return [f"limit=10000&bbox={box}&bbox-crs={METRES}&crs={METRES}" for box in metres]


def _german_maps(sides: Sides) -> list[Row]:
    paths = [f"{ITEMS}?{query}" for query in german_queries()]

    def own() -> dict[str, Measured]:
        found = {}
        for state in ("unread", "fresh"):
            with sides.own(unread=state == "unread") as port:
                found[state] = once(port, paths)
        return found

    asked = _in_turns(
        lambda: sides.peer([f"/items?limit=10000&bbox={box}" for box in large_boxes()], seconds=9), own
    )
    peer = asked.pop("peer")
    return [
        Row(f"German map query, limit=10000, bbox and crs EPSG:25832: {state}", f"{own.median_ms:.0f} ms",
            f"tipg {peer.median_ms:.0f} ms", peer.median_ms / own.median_ms, 12,
            f"bodies {own.body_bytes / 1e6:.1f} MB / {peer.body_bytes / 1e6:.1f} MB; tipg answers in degrees")
        for state, own in asked.items()
    ]  # fmt: skip


def _single(sides: Sides) -> list[Row]:
    numbers = range(1000, 1600)
    peer = sides.peer([f"/items/{number}" for number in numbers])
    with sides.own() as port:
        own = once(port, [f"{ITEMS}/bench:{number}" for number in numbers])
    return [
        Row("one feature by its id, median", f"{own.median_ms:.2f} ms", f"tipg {peer.median_ms:.2f} ms",
            peer.median_ms / own.median_ms, 3)
    ]  # fmt: skip


def _tiles(sides: Sides) -> list[Row]:
    there = tiles()
    paths = [tile_address(14, row, col) for col, row in there]

    def own() -> dict[str, Measured]:
        with sides.own(unread=True) as port:
            unread = once(port, paths)
        with sides.own() as port:
            return {"unread": unread, "fresh": once(port, paths), "again": once(port, paths * 10)}

    asked = _in_turns(
        lambda: sides.peer(
            [f"/tiles/WebMercatorQuad/14/{col}/{row}?properties={IN_A_TILE}" for col, row in there], seconds=6
        ),
        own,
    )
    peer = asked.pop("peer")
    wanted = {"unread": 3.0, "fresh": 3.0, "again": 20.0}
    return [
        Row(f"vector tile, zoom 14, median: {state}", f"{own.median_ms:.2f} ms", f"tipg {peer.median_ms:.1f} ms",
            peer.median_ms / own.median_ms, wanted[state], f"bodies {own.body_bytes / 1000:.0f} kB / {peer.body_bytes / 1000:.0f} kB")
        for state, own in asked.items()
    ]  # fmt: skip


def _beside_pygeoapi(sides: Sides, port: int) -> list[Row]:
    """The same three questions put to pygeoapi; the last in the very same words, with the very same answer."""
    base = f"http://127.0.0.1:{port}{COLLECTION}"

    def other(queries: list[str], connections: int = 1, seconds: float = 12) -> Measured:
        requests = [request_bytes(f"{base}?{query}&f=json") for query in queries]
        return run_load(port, requests, connections=connections, at_most=len(queries), seconds=seconds)

    pages = [f"limit=1000&bbox={box}" for box in boxes()]
    other(pages[:10])
    with sides.own() as own_port:
        address = f"http://127.0.0.1:{own_port}{ITEMS}"
        same = assert_same_page(address, base, in_metres(large_boxes()[0]))
    both = []
    for queries, connections, seconds in ((pages, 1, 7), (pages, 8, 7), (german_queries(), 1, 12)):

        def own(queries: list[str] = queries, connections: int = connections) -> dict[str, Measured]:
            with sides.own() as own_port:
                return {"own": once(own_port, [f"{ITEMS}?{query}" for query in queries], connections)}

        def peer(queries: list[str] = queries, many: int = connections, up_to: float = seconds) -> Measured:
            return other(queries, connections=many, seconds=up_to)

        both.append(_in_turns(peer, own))
    page, rate, german = (each["peer"] for each in both)
    states = [each["own"] for each in both]
    return [
        Row("page of 1,000 of 300,000 by bbox, 1 connection, median: fresh", f"{states[0].median_ms:.2f} ms",
            f"pygeoapi {page.median_ms:.1f} ms", page.median_ms / states[0].median_ms, 15,
            f"bodies {states[0].body_bytes / 1e6:.2f} MB / {page.body_bytes / 1e6:.2f} MB"),
        Row("page of 1,000 of 300,000 by bbox, 8 connections, rate: fresh", f"{states[1].rate:.0f}/s", f"pygeoapi {rate.rate:.1f}/s",
            states[1].rate / rate.rate, 10, "one server process each"),
        Row("German map query, limit=10000, bbox and crs EPSG:25832: fresh", f"{states[2].median_ms:.0f} ms",
            f"pygeoapi {german.median_ms:.0f} ms", german.median_ms / states[2].median_ms, 12,
            f"the same words; compared: the same {same:,} matched, the same 1,000 shapes to a millimetre"),
    ]  # fmt: skip


def _floor(cluster: LocalCluster, sides: Sides) -> Row:
    paths = [f"{ITEMS}?limit=1000&bbox={box}" for box in boxes()]
    floors, rates = [], []
    for _ in range(ROUNDS):
        floors.append(floor_rate(cluster, "bench_pages", pages=len(paths)))
        with sides.own() as port:
            rates.append(once(port, paths))
    floor, own = median(floors), together(rates)
    return Row("page of 1,000 against the floor, rate at 1 connection: fresh", f"{own.rate:.0f}/s", f"pgbench {floor:.0f}/s",
               own.rate / floor, 0.6, "the same bytes read from a prepared column by plain SQL")  # fmt: skip
