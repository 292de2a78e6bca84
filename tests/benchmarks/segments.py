"""300,000 road segments, and the areas and tiles that are asked about."""

from __future__ import annotations

import time

import psycopg
from pyproj import Transformer

from geo_service.db.database import Database
from tests.ogc.rows import TOWN

SEGMENTS = 300_000

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


def boxes() -> list[str]:
    """58 boxes apart from each other, some 1.6 km × 2.2 km with about 2,000 segments each, in degrees."""
    west, south = 8.495, 49.563
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


def in_metres(box: str) -> str:
    """The box around the corners of a box in degrees, EPSG:25832."""
    west, south, east, north = map(float, box.split(","))
    (left, right), (low, high) = Transformer.from_crs(4326, 25832, always_xy=True).transform(
        (west, east), (south, north)
    )
    return f"{left:.1f},{low:.1f},{right:.1f},{high:.1f}"
