"""Pages, single features and tiles of 300,000 road segments, numberMatched included, beside others on the same table.

Three states of our side are told apart: *fresh*, a process that has not sent any of the features before; *known*, it
has sent them, but for other boxes; *again*, the very same addresses. The peers keep nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import psycopg
from pyproj import Transformer

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.settings import Settings
from tests.benchmarks.floor import floor_rate
from tests.benchmarks.ground import bench_cluster, migrated, tipg_serving
from tests.benchmarks.load import Measured, request_bytes, run_load, together
from tests.benchmarks.pygeoapi_peer import COLLECTION, assert_same_page, pygeoapi_serving
from tests.benchmarks.report import Row
from tests.benchmarks.whole import measure_whole
from tests.clients.server import serving
from tests.ogc.rows import TOWN

SEGMENTS = 300_000
ROUNDS = 3  # of both sides in turns: the machine itself is faster in one minute than in the next
# What a tile of ours says of a segment; the peer is asked for no more.
IN_A_TILE = "segment_id,street_name,road_class"
METRES = "http://www.opengis.net/def/crs/EPSG/0/25832"
ITEMS = "/ogc/collections/road_segments/items"

# Streets of some 40 m with six points and names, in a square of 22 km: as dense as a built-up area. Neighbours
# lie together in the table (ORDER BY a geometry is the Hilbert curve), as towns are imported one after the other.
ROADS = """
INSERT INTO road_segment (segment_id, town, street_name, road_class, highway, road_owner, axis, carriageway_width_m,
    lane_count, max_speed_kmh, modes, in_service, width_source, source, source_id)
SELECT 'bench:' || number.i, '06431002', 'Straße am Rand Nr. ' || number.i %% 900, 'gemeindestrasse', 'residential', 'gemeinde',
       ST_SetSRID(ST_MakeLine(ARRAY(
           SELECT ST_MakePoint(x.at + 8 * k, y.at + 3 * k + 2 * (k %% 2)) FROM generate_series(0, 5) AS k)), 25832),
       5.5, 2, 30, '{car,bicycle,foot}', true, 'assumed', 'bench', number.i::text
FROM generate_series(1, %(n)s) AS number (i),
     LATERAL (SELECT 463000 + 22000 * random() AS at, number.i AS of_road) AS x, LATERAL (SELECT 5490000 + 22000 * random() AS at, number.i AS of_road) AS y
ORDER BY ST_MakePoint(x.at, y.at)"""


def fill(database: Database) -> float:
    """300,000 segments; seconds it took, triggers and indexes included."""
    start = time.perf_counter()
    with psycopg.connect(database.owner_conninfo()) as owner:
        owner.execute(TOWN)
        owner.execute("SELECT setseed(0.5)")
    with psycopg.connect(database.app_conninfo(), autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute("SELECT set_config('app.actor', 'operator', false), setseed(0.5)")
        connection.execute(ROADS, {"n": SEGMENTS})
    with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
        owner.execute("VACUUM (ANALYZE) road_segment")
    return time.perf_counter() - start


def boxes(shift: float = 0.0) -> list[str]:
    """58 boxes apart from each other, some 1.6 km × 2.2 km with about 2,000 segments each, in degrees."""
    west, south = 8.495 + shift, 49.563 + shift
    return [
        f"{west + 0.022 * col:.5f},{south + 0.02 * row:.5f},{west + 0.022 * (col + 1):.5f},{south + 0.02 * (row + 1):.5f}"
        for row in range(9)
        for col in range(13)
        if (row + col) % 2
    ]


def large_boxes() -> list[str]:
    """A dozen of some 4 km × 4 km with about 10,000 segments each, in degrees."""
    return [
        f"{8.50 + 0.056 * col:.5f},{49.57 + 0.036 * row:.5f},{8.555 + 0.056 * col:.5f},{49.606 + 0.036 * row:.5f}"
        for row in range(3)
        for col in range(4)
    ]


def tiles(zoom: int = 14) -> list[tuple[int, int]]:
    """Column and row of the tiles in the middle."""
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform((8.53, 8.73), (49.60, 49.72))
    half, side = 20037508.342789244, 2 * 20037508.342789244 / 2**zoom
    cols = range(int((x[0] + half) // side), int((x[1] + half) // side) + 1)
    rows = range(int((half - y[1]) // side), int((half - y[0]) // side) + 1)
    return [(col, row) for row in rows for col in cols]


def properties(database: Database) -> list[str]:
    """Columns without what is stored for pages only, which tipg shall not have to send."""
    with psycopg.connect(database.owner_conninfo()) as owner:
        rows = owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'road_segment'"
            " AND column_name NOT LIKE 'fragment%' AND column_name <> 'bounds' ORDER BY ordinal_position"
        ).fetchall()
    return [row[0] for row in rows]


@dataclass(frozen=True, slots=True)
class Sides:
    """The two servers: ours begins anew for each state, the peer runs on."""

    database: Database
    peer_port: int

    @contextmanager
    def own(self) -> Iterator[int]:
        """Port of a server of ours that has answered nothing yet but one page elsewhere, its statements planned."""
        with serving(self.database, Settings(), log_to="/dev/null") as own:
            port = int(own.rpartition(":")[2])
            # Every connection of the pool has to have touched the table, as the peer's have; no feature is sent.
            counts = [f"{ITEMS}?resultType=hits&bbox={box}" for box in (*boxes(), *large_boxes())]
            for _ in range(3):
                once(port, counts * 3, connections=8)
            yield port

    def peer(self, paths: list[str], connections: int = 1, seconds: float = 6) -> Measured:
        """The peer's answers to the same."""
        base = f"http://127.0.0.1:{self.peer_port}/collections/public.road_segment"
        requests = [request_bytes(f"{base}{path}") for path in paths]
        return run_load(
            self.peer_port, requests, connections=connections, at_most=len(paths), seconds=seconds
        )


def ours(path: str) -> bytes:
    """A request of ours."""
    return request_bytes(f"http://127.0.0.1{path}")


def once(port: int, paths: list[str], connections: int = 1) -> Measured:
    """Each address once."""
    return run_load(
        port, [ours(path) for path in paths], connections=connections, at_most=len(paths), seconds=20
    )


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
    paths, panned = ([f"{ITEMS}?limit=1000&bbox={box}" for box in boxes(shift)] for shift in (0.0, 0.0004))

    def own() -> dict[str, Measured]:
        with sides.own() as port:
            states = {"fresh": once(port, paths), "known": once(port, panned)}
            once(port, panned[:20])
            return {**states, "again": once(port, panned[:20] * 10)}

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
    paths, panned = ([f"{ITEMS}?limit=1000&bbox={box}" for box in boxes(shift)] for shift in (0.0, 0.0004))

    def own() -> dict[str, Measured]:
        with sides.own() as port:
            return {"fresh": once(port, paths, 8), "known": once(port, panned, 8)}

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


def in_metres(box: str) -> str:
    """The box around the corners of a box in degrees, EPSG:25832."""
    west, south, east, north = map(float, box.split(","))
    (left, right), (low, high) = Transformer.from_crs(4326, 25832, always_xy=True).transform(
        (west, east), (south, north)
    )
    return f"{left:.1f},{low:.1f},{right:.1f},{high:.1f}"


def german_queries() -> list[str]:
    """The query of a map in EPSG:25832, for each large box."""
    metres = map(in_metres, large_boxes())
    return [f"limit=10000&bbox={box}&bbox-crs={METRES}&crs={METRES}" for box in metres]


def _german_maps(sides: Sides) -> list[Row]:
    paths = [f"{ITEMS}?{query}" for query in german_queries()]
    kept = paths[:6]  # twelve such answers are more than a process keeps

    def own() -> dict[str, Measured]:
        with sides.own() as port:
            fresh = once(port, paths)
        with sides.own() as port:
            once(port, kept)
            others = [f"{path}&limit=9999".replace("limit=10000&", "") for path in kept]
            return {"fresh": fresh, "known": once(port, others)}

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
    paths = [f"/ogc/collections/road_segments/tiles/WebMercatorQuad/14/{row}/{col}" for col, row in there]

    def own() -> dict[str, Measured]:
        with sides.own() as port:
            return {"fresh": once(port, paths), "again": once(port, paths * 10)}

    asked = _in_turns(
        lambda: sides.peer(
            [f"/tiles/WebMercatorQuad/14/{col}/{row}?properties={IN_A_TILE}" for col, row in there], seconds=6
        ),
        own,
    )
    peer = asked.pop("peer")
    wanted = {"fresh": 3.0, "again": 20.0}
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
            once(port, [f"{ITEMS}?limit=1000&bbox={box}" for box in boxes(0.0004)])
            rates.append(once(port, paths))
    floor, own = median(floors), together(rates)
    return Row("page of 1,000 against the floor, rate at 1 connection: known", f"{own.rate:.0f}/s", f"pgbench {floor:.0f}/s",
               own.rate / floor, 0.6, "the same bytes read from a prepared column by plain SQL")  # fmt: skip
