"""Screening 1,000,000 occupations by K01 and K02, from the database to a written file, beside geopandas.

Each run is a process of its own, start and imports included; its peak memory is read while it runs.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg

from geo_service.db.database import APP_ROLE, OWNER_ROLE, Database
from tests.benchmarks.checks import fill
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row

NUMBER = 1_000_000
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds of wall clock, peak memory in MB."""

    seconds: float
    peak_mb: float


def measured(command: list[str], environment: dict[str, str]) -> Run:
    """Raises CalledProcessError if the process fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    # Not what the system says at the end: that begins with the memory of the process which started this one.
    peak_mb = 0.0
    while process.poll() is None:
        peak_mb = max(peak_mb, _peak_mb(process.pid))
        time.sleep(0.05)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Run(seconds, peak_mb)


def _peak_mb(pid: int) -> float:
    """The most memory a running process has had."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def run_own(database: Database, out: Path) -> Run:
    """The command as people run it."""
    command = [
        sys.executable,
        "-m",
        "geo_service",
        "screen",
        "--rule",
        "K01",
        "--rule",
        "K02",
        "--out",
        str(out),
    ]
    return measured(command, os.environ | {"GEO_SERVICE_DATABASE_URL": _address(database)})


def run_peer(database: Database, out: Path) -> Run:
    """geopandas in a fresh Python."""
    command = [sys.executable, "-m", "tests.benchmarks.screening_peer", database.owner_conninfo(), str(out)]
    return measured(command, dict(os.environ))


def _address(database: Database) -> str:
    parts = dict(part.split("=", 1) for part in database.owner.split())
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{parts['dbname']}"


def rules_in(file: Path, column: str) -> Counter[str]:
    """How many findings of which rule a written CSV holds."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return Counter(row[column] for row in csv.DictReader(lines))


def assert_both_find_the_same(own: Path, peer: Path) -> None:
    """K01 alike; K02 alike but for days on which clocks change, which the peer's 24 hours miss."""
    mine, theirs = rules_in(own, "number"), rules_in(peer, "rule")
    assert mine["K01"] == theirs["K01"] > 1000, (mine, theirs)
    assert abs(mine["K02"] - theirs["K02"]) < 0.05 * theirs["K02"], (mine, theirs)


def measure_screening() -> list[Row]:
    """Rows of the table: time and memory."""
    with bench_cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        database = migrated(cluster, "bench_screening")
        # As the command asks of a database that is not its own cluster's.
        with psycopg.connect(cluster.conninfo("postgres", "postgres"), autocommit=True) as admin:
            admin.execute(f"GRANT {APP_ROLE} TO {OWNER_ROLE}")
        print(f"  {NUMBER:,} occupations loaded in {fill(database, NUMBER):.0f} s", flush=True)
        own_file, peer_file = Path(folder) / "own.csv", Path(folder) / "peer.csv"
        own: list[Run] = []
        peer: list[Run] = []
        for _ in range(ROUNDS):
            own.append(run_own(database, own_file))
            peer.append(run_peer(database, peer_file))
            print(f"  ours {own[-1]}, geopandas {peer[-1]}", flush=True)
        assert_both_find_the_same(own_file, peer_file)
        found = rules_in(own_file, "number").total()
    seconds, peer_seconds = median(run.seconds for run in own), median(run.seconds for run in peer)
    peak_mb, peer_mb = max(run.peak_mb for run in own), min(run.peak_mb for run in peer)
    return [
        Row("screening 1,000,000 occupations, K01 and K02, from the database to a file", f"{seconds:.1f} s",
            f"geopandas {peer_seconds:.1f} s", peer_seconds / seconds, 1.5, f"{found:,} findings, with words and advice"),
        Row("the same, peak memory of the process", f"{peak_mb:.0f} MB", f"{peer_mb:.0f} MB", peer_mb / peak_mb, 4),
    ]  # fmt: skip
