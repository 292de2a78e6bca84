"""What the strip rules (K04, K05, K06, K08, K15) add to a check in the streets of Limburg; target 40 ms at the median.

`python -m tests.benchmarks.strips [FILE.osm.pbf]`
"""

from __future__ import annotations

import math
import random
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from shapely import LineString, Polygon, from_wkb
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, check_with
from geo_service.db.database import operator_session
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import locate, located
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.parameters import parameters
from geo_service.occupations.write_occupation import save_occupation
from geo_service.roads.import_roads import import_roads
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row
from tests.benchmarks.roads_import import default_file

TODAY = date(2026, 5, 1)
AS_OF = datetime(2026, 5, 1, 10, tzinfo=TOWN_ZONE)
STORED, QUESTIONS, SPOT = 3000, 300, 200
STREETS = """
SELECT ST_AsBinary(axis) AS axis, coalesce(carriageway_width_m, 0) / 2 AS half_m, coalesce(footway_width_left_m, 0) AS left_m
FROM road_segment WHERE in_service AND modes && '{car,foot}' AND length_m > 15 ORDER BY segment_id"""


class Places:
    """Random uses on footways and carriageways: rectangles along an axis."""

    def __init__(self, session: Session, seed: int) -> None:
        self.streets = [(from_wkb(bytes(r.axis)), r.half_m, r.left_m) for r in session.execute(text(STREETS))]
        self.chance = random.Random(seed)

    def area(self) -> Polygon:
        axis, half_m, left_m = self.chance.choice(self.streets)
        on_footway = left_m > 0 and self.chance.random() < 0.5
        low = half_m + 0.5 * left_m if on_footway else self.chance.uniform(-half_m, half_m - 0.5)
        return along(
            axis,
            self.chance.uniform(5, axis.length - 5),
            low,
            self.chance.uniform(3, 10),
            self.chance.uniform(1, 2.5),
        )

    def use(self, number: int, area: Polygon | None = None) -> Occupation:
        start = datetime(2026, 6, 1, tzinfo=TOWN_ZONE) + timedelta(days=self.chance.randint(0, 60))
        return Occupation(
            collection="permits", source_id=UUID(int=number), case_group=UUID(int=number), state="granted",
            counts=True, binding=True, published=True, use_type="geruest", exclusive=True,
            period=Interval(start, start + timedelta(days=self.chance.randint(1, 40))),
            filed_at=datetime(2026, 4, 1, tzinfo=UTC), area=area or self.area(),
        )  # fmt: skip


def along(axis: LineString, station: float, low: float, length: float, depth: float) -> Polygon:
    """A rectangle of `length` × `depth` that begins at a station, `low` metres to the left of the axis."""
    a, b = axis.interpolate(station), axis.interpolate(min(station + 0.5, axis.length))
    step = math.dist(a.coords[0], b.coords[0])
    u = ((b.x - a.x) / step, (b.y - a.y) / step)
    corners = [(0, low), (length, low), (length, low + depth), (0, low + depth)]
    return Polygon([(a.x + s * u[0] - t * u[1], a.y + s * u[1] + t * u[0]) for s, t in corners])


def seconds(session: Session, question: CheckQuestion, found: Catalogue) -> float:
    begin = time.perf_counter()
    check_with(session, found, question, as_of=AS_OF)
    return time.perf_counter() - begin


def measure(file: Path) -> dict[str, float]:
    """Milliseconds of a check with all rules, without the strip rules, and what they add."""
    everything = catalogue_of(rulebook(), (), None, TODAY)
    rules = tuple(rule for rule in rulebook().rules if rule.kind != "strip")
    others = catalogue_of(make_rulebook(rules, parameters()), (), None, TODAY)
    with bench_cluster() as cluster:
        database = migrated(cluster, "strips")
        engine = database.app_engine()
        with operator_session(engine) as session:
            import_roads(session, file)
        with database.owner_connection() as owner:
            owner.execute("ANALYZE")
        return {**_ordinary(engine, everything, others), **_hot_spot(engine, everything)}


def _ordinary(engine: Engine, everything: Catalogue, others: Catalogue) -> dict[str, float]:
    with operator_session(engine) as session:
        places = Places(session, 1)
        for number in range(STORED):
            save_occupation(session, places.use(number))
    taken = []
    with operator_session(engine) as session:
        for number in range(QUESTIONS + 20):
            mine = replace(places.use(STORED + number), state="submitted", binding=False)
            location = locate(session, mine.area, day=TODAY)
            question = CheckQuestion(mine=located(mine, location), location=location)
            taken.append((seconds(session, question, everything), seconds(session, question, others)))
    added = [1000 * (with_them - without) for with_them, without in taken[20:]]
    return {
        "with_ms": 1000 * median(one for one, _ in taken[20:]),
        "without_ms": 1000 * median(one for _, one in taken[20:]),
        "added_ms": median(added),
        "added_p95_ms": quantiles(added, n=20)[-1],
    }


def _hot_spot(engine: Engine, everything: Catalogue) -> dict[str, float]:
    with operator_session(engine) as session:
        places = Places(session, 2)
        axis, half_m, _ = next(s for s in places.streets if s[1] >= 3 and s[0].length > 60)
        for number in range(SPOT):
            area = along(
                axis, 20 + places.chance.uniform(0, 3), half_m - 2 + places.chance.uniform(0, 1.5), 5, 1
            )
            save_occupation(session, places.use(100_000 + number, area))
        mine = replace(
            places.use(200_000, along(axis, 19, half_m - 2, 9, 2)), state="submitted", binding=False
        )
        location = locate(session, mine.area, day=TODAY)
        question = CheckQuestion(mine=located(mine, location), location=location)
        times = [seconds(session, question, everything) for _ in range(7)]
    return {"hot_spot_ms": 1000 * median(times[2:])}


def measure_strips() -> list[Row]:
    """Rows of the table: what the strip rules add where uses stand in streets, and on a crowded spot."""
    found = measure(default_file())
    note = f"whole check {found['with_ms']:.1f} ms; 95th percentile of what is added {found['added_p95_ms']:.1f} ms"
    return [
        Row(f"strip rules add to a check in Limburg, {STORED:,} uses, median", f"{found['added_ms']:.1f} ms", "goal 40 ms",
            40 / found["added_ms"], 1, note),
        Row(f"the same beside {SPOT} uses that overlap in one strip", f"{found['hot_spot_ms']:.0f} ms", "goal 250 ms",
            250 / found["hot_spot_ms"], 1, "whole check, all rules"),
    ]  # fmt: skip


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]) if sys.argv[1:] else default_file()).items():
        print(f"{name}: {value:.1f}")
