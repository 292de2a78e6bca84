"""What the network rules cost a check that closes a street, with one other closure on the way around it.

`python -m tests.benchmarks network`: Limburg as imported, and with 300,000 segments in the database.
"""

from __future__ import annotations

import random
import statistics
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import psycopg
import shapely
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import CheckQuestion, check_with, measured_findings
from geo_service.db.database import Database, operator_session, speak_as
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import locate, located
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.write_occupation import save_occupation
from geo_service.roads.import_roads import import_roads
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row
from tests.benchmarks.roads_import import default_file

QUESTIONS = 100
COPIES, APART_M = 35, 15_000
AS_OF = datetime(2026, 5, 1, 10, tzinfo=UTC)
JUNE = Interval.of_days(date(2026, 6, 1), date(2026, 6, 14))

_STREETS = """
SELECT ST_AsEWKB(axis) AS axis FROM road_segment
WHERE in_service AND 'car' = ANY (modes) AND street_name IS NOT NULL AND length_m > 30 AND gid <= :last
ORDER BY md5(segment_id) LIMIT :number"""


def copy_roads(database: Database) -> int:
    """Limburg again and again beside itself, until there are 300,000 segments; returns how many there are."""
    with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
        owner.execute("SELECT set_config('app.actor', 'operator', false)")
        rows = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'road_segment'::regclass AND attnum > 0"
            " AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('gid', 'length_m', 'segment_id', 'axis', 'start_node', 'end_node')"
        ).fetchall()
        others = sql.SQL(", ").join(sql.Identifier(name) for (name,) in rows)
        owner.execute("ALTER TABLE road_segment DISABLE TRIGGER road_segment_fragments")
        for copy in range(1, COPIES):
            owner.execute(
                sql.SQL(
                    "INSERT INTO road_segment (segment_id, axis, start_node, end_node, {others})"
                    " SELECT segment_id || {copy}, ST_Translate(axis, {east}, {north}), start_node + {nodes}, end_node + {nodes}, {others}"
                    " FROM road_segment WHERE segment_id NOT LIKE '%#%'"
                ).format(
                    others=others,
                    copy=sql.Literal(f"#{copy}"),
                    east=sql.Literal(APART_M * (copy % 6)),
                    north=sql.Literal(APART_M * (copy // 6)),
                    nodes=sql.Literal(copy * 10_000_000),
                )
            )
        owner.execute("ALTER TABLE road_segment ENABLE TRIGGER road_segment_fragments")
        owner.execute("VACUUM (ANALYZE) road_segment")
        found = owner.execute("SELECT count(*) FROM road_segment").fetchone()
        return int(found[0]) if found else 0


def closure(axis: bytes, state: str) -> Occupation:
    """A full closure of 16 m in the middle of a street."""
    middle = shapely.from_wkb(bytes(axis)).interpolate(0.5, normalized=True)
    own_id = uuid4()
    return Occupation(
        collection="permits", source_id=own_id, case_group=own_id, state=state, counts=True,
        binding=state == "granted", published=False, period=JUNE, exclusive=True, filed_at=AS_OF,
        use_type="geruest", area=middle.buffer(8), restriction="full_closure", pedestrian_guidance="diverted",
    )  # fmt: skip


def measure_ms(database: Database, last: int) -> tuple[list[float], list[float]]:
    """Milliseconds of whole checks and of their network part, each with one other closure within 600 m."""
    whole, part = [], []
    dice = random.Random(7)
    engine = database.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="operator")
        rows = session.execute(text(_STREETS), {"last": last, "number": 600}).all()
        areas = [closure(row.axis, "submitted").area for row in rows]
        near = shapely.STRtree(areas)
        for number in range(QUESTIONS):
            beside = [i for i in near.query(areas[number].buffer(600)) if i != number] or [number + 1]
            with session.begin_nested() as trial:
                save_occupation(session, closure(rows[dice.choice(beside)].axis, "granted"))
                day = AS_OF.astimezone(TOWN_ZONE).date()
                mine = closure(rows[number].axis, "submitted")
                location = locate(session, mine.area, day=day)
                question = CheckQuestion(mine=located(mine, location), location=location)
                found = catalogue(session, mine.town, day)
                begin = time.perf_counter()
                check_with(session, found, question, as_of=AS_OF)
                whole.append((time.perf_counter() - begin) * 1000)
                again = replace(question, mine=replace(question.mine, source_id=uuid4()))
                begin = time.perf_counter()
                measured_findings(session, found, "network", again, as_of=AS_OF)
                part.append((time.perf_counter() - begin) * 1000)
                trial.rollback()
    engine.dispose()
    return whole, part


def measure_network() -> list[Row]:
    """Rows of the table: a town, and many towns in one database."""
    rows = []
    with bench_cluster() as cluster:
        migrated(cluster, "bench_network")
        database = cluster.database("bench_network")
        with operator_session(database.app_engine()) as session:
            import_roads(session, default_file())
            last = session.execute(text("SELECT max(gid) FROM road_segment")).scalar_one()
        for wanted_ms in (100, 150):
            number = last if wanted_ms == 100 else copy_roads(database)
            whole, part = measure_ms(database, last)
            median_ms, slow_ms = statistics.median(whole), statistics.quantiles(whole, n=20)[18]
            note = f"network rules {statistics.median(part):.1f} ms; 95th percentile {slow_ms:.0f} ms"
            rows.append(
                Row(
                    f"check of a full closure with one other, {number:,} segments, median",
                    f"{median_ms:.1f} ms", f"goal {wanted_ms} ms", wanted_ms / median_ms, 1, note,
                )
            )  # fmt: skip
    return rows
