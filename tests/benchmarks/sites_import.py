"""How long construction sites take with their findings: `python -m tests.benchmarks.sites_import [COUNT]`.

Invented polygons of 13 vertices in and around the imported town of the road extract, all in one year.
"""

from __future__ import annotations

import json
import math
import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_report import SiteReport
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import operator_session
from geo_service.roads.import_roads import import_roads
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row
from tests.benchmarks.roads_import import default_file

GOAL_S = 20.0
BOX = (8.00, 50.34, 8.13, 50.42)  # west, south, east, north; degrees
AS_OF = datetime(2026, 1, 2, tzinfo=UTC)


def invented(count: int) -> list[dict[str, Any]]:
    """Features with an uneven ring of 5 to 25 m and a month each."""
    numbers = random.Random(4)  # the same scene every time
    west, south, east, north = BOX
    found = []
    for number in range(count):
        lon, lat, radius_m = (
            numbers.uniform(west, east),
            numbers.uniform(south, north),
            numbers.uniform(5, 25),
        )
        turns = [2 * math.pi * corner / 12 for corner in range(12)]
        ring = [
            [
                lon + math.cos(turn) * radius_m * numbers.uniform(0.8, 1.2) / 71_000,
                lat + math.sin(turn) * radius_m / 111_000,
            ]
            for turn in turns
        ]
        month, day = numbers.randint(1, 11), numbers.randint(1, 28)
        properties = {
            "id": str(number), "title": f"Baustelle {number}", "restriction": "lane_closure",
            "von": f"2026-{month:02d}-{day:02d}", "bis": f"2026-{month + 1:02d}-{day:02d}",
        }  # fmt: skip
        geometry = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        found.append({"type": "Feature", "geometry": geometry, "properties": properties})
    return found


def measure(count: int) -> dict[str, float]:
    """Seconds of the first import and of the same file again, and what they stored."""
    profile = read_profile(find_profile("geojson"))
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, bench_cluster() as cluster:
        file = Path(folder) / "sites.geojson"
        file.write_text(json.dumps({"type": "FeatureCollection", "features": invented(count)}))
        engine = migrated(cluster, "sites").app_engine()
        with operator_session(engine) as session:
            import_roads(session, default_file())
        for name in ("first_s", "same_again_s"):
            begin = time.perf_counter()
            feed = read_feed(file, profile)
            with operator_session(engine) as session:
                report: SiteReport = store_feed(session, feed, as_of=AS_OF)
            found[name] = time.perf_counter() - begin
            if name == "first_s":
                found |= {"sites": report.stored, "findings": sum(report.findings.values())}
                found["kept_planned"] = len(report.held)
        engine.dispose()
    return found


def measure_sites() -> list[Row]:
    """The row of the table."""
    found = measure(10_000)
    note = f"{found['sites']:,.0f} stored, {found['findings']:,.0f} findings; the same file again {found['same_again_s']:.1f} s"
    return [
        Row("import 10,000 sites with their findings", f"{found['first_s']:.1f} s", f"goal {GOAL_S:.0f} s",
            GOAL_S / found["first_s"], 1, note),
    ]  # fmt: skip


if __name__ == "__main__":
    measured = measure(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    for title, value in measured.items():
        print(f"{title:14} {value:10.2f}")
    sys.exit(0 if measured["first_s"] < GOAL_S else 1)
