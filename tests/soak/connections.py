"""64 connections for a minute on the collections: no error, and the server does not grow."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass
from pathlib import Path

from geo_service.settings import Settings
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.load import request_bytes, run_load
from tests.clients.server import serving
from tests.ogc.rows import insert_rows

CONNECTIONS, WARM_S, SECONDS = 64, 15.0, 60.0
# Pages small and large, by box, by filter, single features, documents; JSON, CSV, HTML.
PATHS = (
    "/ogc", "/ogc/collections", "/ogc/conformance", "/ogc/collections/road_segments/items",
    "/ogc/collections/road_segments/items?limit=1000&bbox=8.60,49.60,8.70,49.70",
    "/ogc/collections/construction_sites/items?limit=500&f=csv", "/ogc/collections/events/items?datetime=2026-12-01/..",
    "/ogc/collections/permits/items?filter=use_type%3D%27geruest%27", "/ogc/collections/towns/items/06431002",
    "/ogc/collections/road_segments/items?f=html&limit=50", "/ogc/collections/road_segments/items?limit=10&offset=20000",
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    answers: int
    rate: float
    median_ms: float
    p99_ms: float
    warm_mb: float
    after_mb: float


def measure_connections() -> Held:
    """Raises RuntimeError at the first answer that is no 200."""
    with bench_cluster() as cluster:
        database = migrated(cluster, "ogc")
        insert_rows(database, roads=25_050, sites=1_200, events=40, detours=30, permits=25)
        with serving(database, Settings(_env_file=None), log_to="/dev/null") as address:
            pid = multiprocessing.active_children()[-1].pid
            assert pid is not None
            port = int(address.rpartition(":")[2])
            requests = [request_bytes(address + path) for path in PATHS]
            run_load(port, requests, connections=CONNECTIONS, at_most=10**9, seconds=WARM_S)
            warm = resident_mb(pid)
            told = run_load(port, requests, connections=CONNECTIONS, at_most=10**9, seconds=SECONDS)
            return Held(
                len(told.milliseconds), told.rate, told.median_ms, told.p99_ms, warm, resident_mb(pid)
            )


def resident_mb(pid: int) -> float:
    """Resident memory of a process, megabytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no process {pid}")
