"""How long a check takes that looks for alternatives: `python -m tests.benchmarks alternatives`.

On the demo (a scaffold where something binding stands already, for everything binding), and on a hot spot of 200
granted uses that overlap: all of them for half a year, or each for up to sixty days of it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import shapely
from shapely.geometry import box
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.commands.demo import fill
from geo_service.conflicts.alternatives import is_worth_a_search
from geo_service.db.database import Database, operator_session
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import locate_many
from geo_service.occupations.use_request import UseRequest, occupation_of
from geo_service.occupations.write_many import save_occupations
from geo_service.permits.assess_request import assess_request, with_alternatives
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row

ROUNDS = 3
HOT = 200
BUDGET_MS = 2000
BINDING = "SELECT ST_AsBinary(area) AS area, lower(period) AS start, upper(period) AS end FROM occupation WHERE binding AND area IS NOT NULL AND ST_Area(area) < 2000 AND upper(period) > now() ORDER BY occupation_id"
STREET = "SELECT ST_AsBinary(ST_LineInterpolatePoint(axis, 0.5)) FROM road_segment WHERE street_name = 'Hauptstraße' AND length_m > 60 ORDER BY segment_id LIMIT 1"


def wished(area: shapely.Geometry, period: Interval) -> UseRequest:
    return UseRequest(use_type="geruest", period=period, area=area, takes=frozenset(), alternatives=True)


def of_the_demo(engine: Engine) -> Iterator[UseRequest]:
    today = datetime.now(TOWN_ZONE).date()
    with Session(engine) as session:
        for row in session.execute(text(BINDING)):
            first = max(Interval(row.start, row.end).first_day(), today)
            period = Interval.of_days(first, first + timedelta(days=13))
            yield wished(shapely.from_wkb(bytes(row.area)), period)


def crowd(engine: Engine, *, longest_days: int) -> UseRequest:
    """Fills a hot spot in a street; returns the wish to stand in the middle of it."""
    dice = random.Random(5)  # the same crowd in every run
    today = datetime.now(TOWN_ZONE).date()
    with operator_session(engine) as session:
        session.execute(text("DELETE FROM occupation WHERE label = 'Gedränge'"))
        middle = shapely.from_wkb(bytes(session.execute(text(STREET)).scalar_one()))
        crowded = []
        for _ in range(HOT):
            x, y = middle.x + dice.uniform(-3, 0), middle.y + dice.uniform(-3, 0)
            first = today + timedelta(days=0 if longest_days > 180 else dice.randrange(150))
            last = first + timedelta(days=180 if longest_days > 180 else dice.randrange(longest_days))
            area = box(x, y, x + dice.uniform(2, 10), y + dice.uniform(2, 6))
            mine = occupation_of(
                wished(area, Interval.of_days(first, last)),
                filed_at=datetime.now(UTC), source_id=uuid4(), state="granted",
            )  # fmt: skip
            crowded.append(replace(mine, label="Gedränge"))
        locations = locate_many(session, [one.area for one in crowded], day=today)
        save_occupations(session, crowded, locations)
    start = today + timedelta(days=20)
    here = box(middle.x - 1, middle.y - 1, middle.x + 5, middle.y + 3)
    return wished(here, Interval.of_days(start, start + timedelta(days=13)))


def measure(database: Database, name: str, wishes: list[UseRequest]) -> Row:
    """The longest search, against the time it may take; one that ran out of time does not reach it."""
    engine = database.reading_engine()
    plain, searching, incomplete, offered = [], [], 0, 0
    for number in range(ROUNDS + 1):
        for wish in wishes:
            with Session(engine) as session:
                as_of = datetime.now(UTC)
                begin = time.perf_counter()
                assessment = assess_request(session, wish, as_of=as_of)
                between = time.perf_counter()
                found = with_alternatives(session, wish, assessment, as_of=as_of).alternatives
                end = time.perf_counter()
            # The first round warms up.
            if number and is_worth_a_search(assessment.check) and found is not None:
                plain.append(1000 * (between - begin))
                searching.append(1000 * (end - begin))
                incomplete += found.incomplete
                offered += (found.time is not None) + (found.place is not None)
    engine.dispose()
    note = (
        f"{len(searching) // ROUNDS} blocked, {offered // ROUNDS} offers, {incomplete} incomplete; median"
        f" {median(searching):.0f} ms, check alone {median(plain):.1f} ms"
    )
    longest_ms = max(searching) if not incomplete else float("inf")
    return Row(
        f"check with alternatives, {name}, longest", f"{max(searching):.0f} ms", f"budget {BUDGET_MS} ms",
        BUDGET_MS / longest_ms, 1, note,
    )  # fmt: skip


def measure_alternatives() -> list[Row]:
    """Rows of the table: the demo, and two crowded spots."""
    with bench_cluster() as cluster:
        database = migrated(cluster, "alternatives")
        fill(database, print)
        engine = database.app_engine()
        rows = [measure(database, "demo", list(of_the_demo(engine)))]
        for name, longest in (
            (f"hot spot of {HOT}, half a year", 181),
            (f"hot spot of {HOT}, up to 60 days", 60),
        ):
            wish = crowd(engine, longest_days=longest)
            with database.owner_connection() as owner:
                owner.execute("ANALYZE occupation")
            rows.append(measure(database, name, [wish]))
        engine.dispose()
    return rows
