"""A conflict check over HTTP at 10,000 and 1,000,000 occupations, beside geopandas on a frame in memory."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import geopandas
import httpx
import pandas as pd
import psycopg
import shapely

from geo_service.crs import to_lonlat
from geo_service.db.database import Database
from geo_service.settings import Settings
from tests.benchmarks.bare_check import PATH as BARE_PATH
from tests.benchmarks.bare_check import build_with_bare_check
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.load import Measured, request_bytes, run_load
from tests.benchmarks.report import Row
from tests.clients.server import serving

SMALL, LARGE = 10_000, 1_000_000
ROUNDS = 9  # the machine itself is faster in one minute than in the next
QUESTIONS = 200

# South-west corners of three towns of 7.6 km × 7.6 km, metres.
TOWNS = (
    ("06431002", "bensheim", 475000, 5499000),
    ("06431020", "viernheim", 465000, 5484000),
    ("06431011", "heppenheim", 475000, 5490000),
)
SIDE_M = 7600

TOWN = """
INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution, reference_prefix, accepts_requests)
VALUES (%(ags)s, %(slug)s, initcap(%(slug)s), 'Stadt', ST_Multi(ST_MakeEnvelope(%(x)s, %(y)s, %(x)s + 7600, %(y)s + 7600, 25832)),
        100, 'bench', upper(left(%(slug)s, 3)), true)"""
PIECES = "INSERT INTO town_piece (town, piece) SELECT ags, ST_Subdivide(boundary, 32) FROM town"

# Scaffolds, skips and stands of 4 to 60 m², one day to two months, over ten years; four in a hundred crowd together
# in hot spots of 200 that overlap.
OCCUPATIONS = """
INSERT INTO occupation (town, collection, source_id, case_group, reference, label, state, counts, binding, published,
    use_type, area, period, exclusive, takes, area_m2)
SELECT (%(ags)s::text[])[1 + dice.i %% 3], 'permits', source.id, source.id, 'BEN-2026-' || lpad(dice.i::text, 7, '0'), 'Gerüst',
       'granted', true, true, true, (ARRAY['geruest', 'container', 'aussengastronomie'])[1 + dice.i %% 3],
       ST_SetSRID(ST_MakeEnvelope(place.x, place.y, place.x + 2 + 8 * dice.b, place.y + 2 + 4 * dice.c), 25832),
       tstzrange(days.start, days.start + interval '1 day' * ceil(60 * dice.e)), true, '{footway}', 10
FROM (SELECT i, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e, random() AS f
      FROM generate_series(1, %(n)s) AS i OFFSET 0) AS dice,
     LATERAL (SELECT md5('bench' || dice.i)::uuid AS id) AS source,
     LATERAL (SELECT timestamptz '2021-12-31 23:00Z' + interval '1 day' * floor(3650 * dice.d) AS start) AS days,
     LATERAL (SELECT CASE WHEN dice.i %% 25 = 0 THEN hashint4(dice.i / 5000) & 8191 ELSE 8192 * dice.a END AS east,
                     CASE WHEN dice.i %% 25 = 0 THEN hashint4(dice.i / 5000 + 77) & 8191 ELSE 8192 * dice.f END AS north) AS spot,
     LATERAL (SELECT (%(x)s::float8[])[1 + dice.i %% 3] + spot.east * 7500 / 8192 + CASE WHEN dice.i %% 25 = 0 THEN 3 * dice.a ELSE 0 END AS x,
                     (%(y)s::float8[])[1 + dice.i %% 3] + spot.north * 7500 / 8192 + CASE WHEN dice.i %% 25 = 0 THEN 3 * dice.f ELSE 0 END AS y) AS place"""

CROWDED = 200
CROWD_AT = (478_000, 5_503_000)  # in the middle of the first town
CROWD = """
INSERT INTO occupation (town, collection, source_id, case_group, reference, label, state, counts, binding, published,
    use_type, area, period, exclusive, takes, area_m2)
SELECT %(ags)s, 'permits', source.id, source.id, 'BEN-2027-' || lpad(i::text, 7, '0'), 'Gerüst', 'granted', true, true, true, 'geruest',
       ST_SetSRID(ST_MakeEnvelope(%(x)s + random(), %(y)s + random(), %(x)s + 4 + 4 * random(), %(y)s + 3 + 2 * random()), 25832),
       tstzrange(timestamptz '2027-05-31 22:00Z' - interval '1 day' * ceil(20 * random()), timestamptz '2027-06-14 22:00Z' + interval '1 day' * ceil(20 * random())),
       true, '{footway}', 20
FROM generate_series(1, %(n)s) AS i, LATERAL (SELECT md5('crowd' || i)::uuid AS id) AS source"""
Question = tuple[shapely.Polygon, str, str]  # area in EPSG:25832, first and last day
CROWD_QUESTION: Question = (
    shapely.box(CROWD_AT[0] + 1, CROWD_AT[1] + 1, CROWD_AT[0] + 7, CROWD_AT[1] + 5), "2027-06-01", "2027-06-14",
)  # fmt: skip


def fill(database: Database, number: int) -> float:
    """So many occupations, indexes built after the load; seconds it took."""
    start = time.perf_counter()
    with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
        for ags, slug, x, y in TOWNS:
            owner.execute(TOWN, {"ags": ags, "slug": slug, "x": x, "y": y})
        owner.execute(PIECES)
        indexes = owner.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'occupation' AND indexname NOT LIKE '%pkey%'"
        ).fetchall()
        for name, _ in indexes:
            owner.execute(psycopg.sql.SQL("DROP INDEX {}").format(psycopg.sql.Identifier(name)))
        with psycopg.connect(database.app_conninfo(), autocommit=True) as connection:
            connection.execute("SET statement_timeout = 0")
            connection.execute("SELECT set_config('app.actor', 'operator', false), setseed(0.25)")
            columns = list(zip(*TOWNS, strict=True))
            connection.execute(
                OCCUPATIONS,
                {"n": number, "ags": list(columns[0]), "x": list(columns[2]), "y": list(columns[3])},
            )
        for _, definition in indexes:
            owner.execute(definition)
        owner.execute("VACUUM (ANALYZE) occupation")
        owner.execute("ANALYZE")
    return time.perf_counter() - start


def questions() -> list[Question]:
    """Drawn areas (EPSG:25832) with first and last day, the same in every run."""
    dice = random.Random(11)  # the same questions in every run
    found = []
    for _ in range(QUESTIONS):
        _, _, x, y = dice.choice(TOWNS)
        west, south = x + dice.uniform(50, SIDE_M - 150), y + dice.uniform(50, SIDE_M - 150)
        day = pd.Timestamp("2027-01-01") + pd.Timedelta(days=dice.randrange(1000))
        last = day + pd.Timedelta(days=dice.randrange(1, 28))
        found.append((shapely.box(west, south, west + 6, south + 4), f"{day:%Y-%m-%d}", f"{last:%Y-%m-%d}"))
    return found


def _requests(port: int, asked: list[Question], *, path: str = "/api/v1/conflict-checks") -> list[bytes]:
    requests = []
    for area, first, last in asked:
        body = {
            "type": "Feature",
            "geometry": json.loads(shapely.to_geojson(to_lonlat(area))),
            "properties": {"use_type": "geruest", "from": first, "until": last},
        }
        requests.append(request_bytes(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode()))
    return requests


def frame_of(database: Database) -> geopandas.GeoDataFrame:
    """All occupations in memory with their spatial index built."""
    with psycopg.connect(database.owner_conninfo()) as owner:
        cursor = owner.cursor(binary=True)
        cursor.execute(
            "SELECT ST_AsBinary(area), extract(epoch FROM lower(period))::float8, extract(epoch FROM upper(period))::float8 FROM occupation"
        )
        areas, starts, ends = zip(*cursor.fetchall(), strict=True)
    columns = {
        "start": pd.to_datetime(starts, unit="s", utc=True),
        "end": pd.to_datetime(ends, unit="s", utc=True),
    }
    frame = geopandas.GeoDataFrame(columns, geometry=shapely.from_wkb(list(areas)), crs=25832)
    assert frame.sindex.size == len(frame)
    return frame


def assert_both_find_the_same(port: int, frame: geopandas.GeoDataFrame) -> None:
    """Where geopandas finds an overlap in place and time, the service reports K01; raises AssertionError if not."""
    for request, (area, first, last) in zip(_requests(port, questions()[:60]), questions()[:60], strict=True):
        answer = httpx.post(f"http://127.0.0.1:{port}/api/v1/conflict-checks", content=request.partition(b"\r\n\r\n")[2],
                            headers={"Content-Type": "application/json"}).json()  # fmt: skip
        overlapping = {
            finding["other"]["id"] for finding in answer["findings"] if finding["rule"] == "area_overlap"
        }
        near = frame.iloc[frame.sindex.query(area, predicate="intersects")]
        near = near[(near["start"] < _after(last)) & (near["end"] > _midnight(first))]
        shared = near[near.intersection(area).area > 0.3]
        assert len(overlapping) >= len(shared), (answer, shared)


def _midnight(day: str) -> pd.Timestamp:
    return pd.Timestamp(day, tz="Europe/Berlin")


def _after(day: str) -> pd.Timestamp:
    return _midnight(day) + pd.Timedelta(days=1)


def measure_geopandas(frame: geopandas.GeoDataFrame) -> list[float]:
    """Milliseconds of one join and date filter each, on the loaded frame."""
    times = []
    for area, first, last in questions()[:60]:
        start, end = _midnight(first), _after(last)
        mine = geopandas.GeoDataFrame({"mine": [1]}, geometry=[area], crs=25832)
        began = time.perf_counter()
        near = geopandas.sjoin(mine, frame, predicate="intersects")
        near[(near["start"] < end) & (near["end"] > start)]
        times.append((time.perf_counter() - began) * 1000)
    return times


@contextmanager
def _service(database: Database) -> Iterator[int]:
    settings = Settings(rate_checks="1000000/second")
    with serving(database, settings, log_to="/dev/null", build=build_with_bare_check) as address:
        yield int(address.rpartition(":")[2])


def crowd(database: Database) -> None:
    """A hot spot of 200 granted uses that overlap in place and time, each with all the others."""
    with psycopg.connect(database.app_conninfo(), autocommit=True) as connection:
        connection.execute("SELECT set_config('app.actor', 'operator', false), setseed(0.5)")
        connection.execute(CROWD, {"ags": TOWNS[0][0], "x": CROWD_AT[0], "y": CROWD_AT[1], "n": CROWDED})


@dataclass(frozen=True, slots=True)
class Asked:
    """What was measured in turns: whole checks here and there, in the crowd, the bare one, geopandas."""

    few: Measured
    many: Measured
    crowded: Measured
    bare: Measured
    peer: list[float]


def measure_round(small: int, large: int, frame: geopandas.GeoDataFrame) -> Asked:
    """One round on both services (ports)."""

    def ask(port: int, requests: list[bytes], at_most: int = QUESTIONS) -> Measured:
        return run_load(port, requests, connections=1, at_most=at_most, seconds=15)

    return Asked(
        few=ask(small, _requests(small, questions())),
        many=ask(large, _requests(large, questions())),
        crowded=ask(large, _requests(large, [CROWD_QUESTION]), 20),
        bare=ask(large, _requests(large, questions(), path=BARE_PATH)),
        peer=measure_geopandas(frame),
    )


def measure_checks() -> list[Row]:
    """Rows of the table: against geopandas, against bare K01, growth, the slowest, the crowd."""
    with bench_cluster() as cluster:
        for name in ("bench_small", "bench_large"):
            migrated(cluster, name)
        # As `make run` reaches its own cluster: by its socket.
        small, large = cluster.database("bench_small"), cluster.database("bench_large")
        print(f"  {SMALL:,} occupations loaded in {fill(small, SMALL):.0f} s", flush=True)
        print(f"  {LARGE:,} occupations loaded in {fill(large, LARGE):.0f} s", flush=True)
        crowd(large)
        frame = frame_of(large)
        measure_geopandas(frame)
        with _service(small) as small_port, _service(large) as large_port:
            assert_both_find_the_same(large_port, frame)
            rounds = [measure_round(small_port, large_port, frame) for _ in range(ROUNDS + 1)][1:]
    return _rows(rounds)


def _rows(rounds: list[Asked]) -> list[Row]:
    few, many, crowded, bare = (
        median(getattr(one, name).median_ms for one in rounds) for name in ("few", "many", "crowded", "bare")
    )
    slowest = median(one.many.p99_ms for one in rounds)
    peer = median(time for one in rounds for time in one.peer)
    own = f"{many:.2f} ms"
    return [
        Row("conflict check over HTTP, 1,000,000 occupations, median", own, f"geopandas.sjoin and dates {peer:.2f} ms",
            peer / many, 3, "all pair, place and own rules"),
        Row("the same, beside an endpoint of the same process with bare K01", own, f"{bare:.2f} ms", many / bare, 4,
            smaller_is_better=True),
        Row("the same, growth from 10,000 to 1,000,000", own, f"{few:.2f} ms", many / few, 1.5, smaller_is_better=True),
        Row("the same, 99th percentile beside the median", f"{slowest:.2f} ms", own, slowest / many, 5,
            smaller_is_better=True),
        Row(f"the same, on a spot of {CROWDED} that overlap", f"{crowded:.1f} ms", "goal 30 ms", 30 / crowded, 1),
    ]  # fmt: skip
