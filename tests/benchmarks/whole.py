"""A whole collection of 1,000,000 features to disk, beside ogr2ogr from the same table."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from geo_service.db.database import APP_ROLE, OWNER_ROLE, Database
from geo_service.db.local_cluster import LocalCluster
from tests.benchmarks.ground import free_port, wait_until_answers
from tests.benchmarks.report import Row

FEATURES = 1_000_000
# Streets again under other names, their stored features as they are: triggers would take minutes.
MORE = """
INSERT INTO road_segment ({columns}, segment_id)
SELECT {columns}, 'more:' || more.i || ':' || gid FROM road_segment, generate_series(1, %(times)s) AS more (i)
ORDER BY more.i, gid LIMIT %(missing)s"""


def fill_up(database: Database) -> None:
    """So many segments."""
    with psycopg.connect(database.owner_conninfo(), autocommit=True) as owner:
        owner.execute("SELECT set_config('app.actor', 'operator', false)")
        (there,) = owner.execute("SELECT count(*) FROM road_segment").fetchone() or (0,)
        names = owner.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns WHERE table_name = 'road_segment'"
            " AND is_generated = 'NEVER' AND is_identity = 'NO' AND column_name <> 'segment_id'"
        ).fetchone()
        assert names
        if there < FEATURES:
            owner.execute("ALTER TABLE road_segment DISABLE TRIGGER road_segment_fragments")
            text = MORE.format(columns=names[0])
            owner.execute(text, {"times": FEATURES // there + 1, "missing": FEATURES - there})
            owner.execute("ALTER TABLE road_segment ENABLE TRIGGER road_segment_fragments")
            owner.execute("VACUUM (ANALYZE) road_segment")


def measure_whole(cluster: LocalCluster, name: str, database: Database, columns: list[str]) -> list[Row]:
    """Seconds, first byte and memory; ogr2ogr writes the same columns."""
    fill_up(database)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        with _served(cluster, name, out / "home") as (base, server):
            _export(base, out / "warm.geojsons")
            before = _memory_mb(server)
            highest, done = [before], threading.Event()
            watch = threading.Thread(target=_watch, args=(server, highest, done))
            watch.start()
            seconds, first_ms = _export(base, out / "own.geojsons")
            done.set()
            watch.join()
        lines = _count(out / "own.geojsons")
        assert lines == FEATURES, lines
        peer = _ogr2ogr(cluster, name, columns, out / "ogr.geojsons")
    note = f"first byte after {first_ms:.0f} ms; memory of the server {before:.0f} MB before, {max(highest):.0f} MB at most"
    rows = [
        Row("first byte of 1,000,000 features", f"{first_ms:.0f} ms", "200 ms", 200 / max(first_ms, 1), 1),
        Row("memory of the server meanwhile", f"{max(highest):.0f} MB", "150 MB", 150 / max(highest), 1),
    ]
    if peer is None:
        print("  no ogr2ogr here (Debian package gdal-bin): the whole collection is not compared", flush=True)
        return rows
    return [
        Row(
            "whole collection, 1,000,000 features to disk",
            f"{seconds:.1f} s",
            f"ogr2ogr {peer:.1f} s",
            peer / seconds,
            1,
            note,
        ),
        *rows,
    ]


@contextmanager
def _served(cluster: LocalCluster, name: str, home: Path) -> Iterator[tuple[str, int]]:
    """Address and process id of a server as an operator starts it: with what it needs itself, and no more."""
    with psycopg.connect(
        cluster.conninfo(name, "postgres")
    ) as admin:  # as whoever gives a database to the service
        admin.execute(f"GRANT {APP_ROLE} TO {OWNER_ROLE}")
    port = free_port()
    settings = {
        "GEO_SERVICE_DATABASE_URL": f"postgresql://{OWNER_ROLE}@127.0.0.1:{cluster.port}/{name}",
        "GEO_SERVICE_HOME": str(home),
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "geo_service", "serve", "--no-worker", "--port", str(port)],
        env=os.environ | settings, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_answers(f"{base}/health/ready")
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _export(base: str, target: Path) -> tuple[float, float]:
    """Seconds, and milliseconds to the first byte."""
    done = subprocess.run(
        ["curl", "-sS", "--fail", "-o", str(target), "-w", "%{time_total} %{time_starttransfer}", f"{base}/ogc/collections/road_segments/export?f=geojsonseq"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    total, first = map(float, done.stdout.split())
    return total, first * 1000


def _ogr2ogr(cluster: LocalCluster, name: str, columns: list[str], target: Path) -> float | None:
    program = os.environ.get("OGR2OGR") or shutil.which("ogr2ogr")
    if program is None:
        return None
    source = f"PG:host=127.0.0.1 port={cluster.port} dbname={name} user={OWNER_ROLE}"
    start = time.perf_counter()
    subprocess.run(
        [
            program,
            "-f",
            "GeoJSONSeq",
            str(target),
            source,
            "-sql",
            f"SELECT {', '.join(columns)} FROM road_segment",
        ],
        check=True,
    )
    taken = time.perf_counter() - start
    assert _count(target) == FEATURES
    return taken


def _count(path: Path) -> int:
    with path.open("rb") as lines:
        return sum(part.count(b"\n") for part in iter(lambda: lines.read(2**20), b""))


def _memory_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def _watch(pid: int, highest: list[float], done: threading.Event) -> None:
    while not done.wait(0.02):
        highest.append(_memory_mb(pid))
