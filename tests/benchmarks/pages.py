"""A page of 1,000 road segments by bbox out of 300,000, numberMatched included, beside tipg on the same table."""

from __future__ import annotations

import random
import time
from statistics import median

import psycopg

from geo_service.db.database import Database
from geo_service.settings import Settings
from tests.benchmarks.ground import bench_cluster, migrated, tipg_serving
from tests.benchmarks.load import Measured, request_bytes, run_load
from tests.benchmarks.report import Row
from tests.clients.server import serving
from tests.ogc.rows import TOWN

SEGMENTS = 300_000
# Short turns, so that whatever else the machine does meets both sides alike.
ROUNDS = 6

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


def boxes(number: int) -> list[str]:
    """Boxes of some 1.6 km × 2.2 km with about 2,000 segments each, in degrees."""
    dice = random.Random(7)  # the same boxes in every run
    corners = [(dice.uniform(8.50, 8.74), dice.uniform(49.57, 49.72)) for _ in range(number)]
    return [f"{west:.5f},{south:.5f},{west + 0.022:.5f},{south + 0.02:.5f}" for west, south in corners]


def properties(database: Database) -> list[str]:
    """Columns without the stored features, which tipg shall not have to send."""
    with psycopg.connect(database.owner_conninfo()) as owner:
        rows = owner.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'road_segment'"
            " AND column_name NOT LIKE 'fragment%' ORDER BY ordinal_position"
        ).fetchall()
    return [row[0] for row in rows]


def measure_pages() -> list[Row]:
    """Rows of the table: median over one connection, rate over eight."""
    with bench_cluster() as cluster:
        database = migrated(cluster, "bench_pages")
        print(f"  {SEGMENTS:,} segments loaded in {fill(database):.0f} s", flush=True)
        with (
            serving(database, Settings(), log_to="/dev/null") as own,
            tipg_serving(cluster, "bench_pages", properties(database)) as peer_port,
        ):
            own_port = int(own.rpartition(":")[2])
            peer = f"http://127.0.0.1:{peer_port}/collections/public.road_segment/items"
            ours = [
                request_bytes(f"{own}/ogc/collections/road_segments/items?limit=1000&bbox={box}")
                for box in boxes(60)
            ]
            theirs = [request_bytes(f"{peer}?limit=1000&bbox={box}") for box in boxes(60)]
            return _side_by_side(own_port, ours, peer_port, theirs)


def _side_by_side(own_port: int, ours: list[bytes], peer_port: int, theirs: list[bytes]) -> list[Row]:
    for port, requests in ((own_port, ours), (peer_port, theirs)):
        run_load(port, requests, connections=8, at_most=40, seconds=20)
    alone: list[tuple[Measured, Measured]] = []
    together: list[tuple[Measured, Measured]] = []
    for _ in range(ROUNDS):
        alone.append(_pair(own_port, ours, peer_port, theirs, connections=1))
        together.append(_pair(own_port, ours, peer_port, theirs, connections=8))
    own_ms, peer_ms = (median(pair[side].median_ms for pair in alone) for side in (0, 1))
    own_rate, peer_rate = (median(pair[side].rate for pair in together) for side in (0, 1))
    size = f"{alone[0][0].body_bytes / 1e6:.2f} MB / {alone[0][1].body_bytes / 1e6:.2f} MB"
    return [
        Row("page of 1,000 of 300,000 by bbox, 1 connection, median", f"{own_ms:.1f} ms", f"tipg {peer_ms:.1f} ms",
            median(pair[1].median_ms / pair[0].median_ms for pair in alone), 15, f"goal of a later step; body {size}"),
        Row("page of 1,000 of 300,000 by bbox, 8 connections, rate", f"{own_rate:.0f}/s", f"tipg {peer_rate:.1f}/s",
            median(pair[0].rate / pair[1].rate for pair in together), 10, "one server process each"),
    ]  # fmt: skip


def _pair(
    own_port: int, ours: list[bytes], peer_port: int, theirs: list[bytes], *, connections: int
) -> tuple[Measured, Measured]:
    own = run_load(own_port, ours, connections=connections, at_most=2000, seconds=3)
    peer = run_load(peer_port, theirs, connections=connections, at_most=2000, seconds=3)
    return own, peer
