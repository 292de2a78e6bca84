"""The machine's own ground for a run: a throw-away cluster reachable by TCP, servers, the peer's environment."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from geo_service.db.database import APP_ROLE, OWNER_ROLE, Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate

# Both sides reach PostGIS the same way: by TCP on this machine, through their own pools.
PEERS = Path(tempfile.gettempdir()) / "geo-service-bench-peers"


def free_port() -> int:
    """A TCP port that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def bench_cluster() -> Iterator[LocalCluster]:
    """A cluster with the settings of the real one, listening on a free TCP port of this machine."""
    home = Path(tempfile.mkdtemp(prefix="gs-bench-", dir="/tmp"))
    home.chmod(0o755)
    local = LocalCluster(home / "c", port=free_port())
    local.initialise()
    with (local.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(
            "listen_addresses = '127.0.0.1'\nmax_wal_size = '4GB'\nmaintenance_work_mem = '256MB'\nfsync = off\n"
        )
    local.start()
    try:
        yield local
    finally:
        local.stop()
        shutil.rmtree(home, ignore_errors=True)


def migrated(cluster: LocalCluster, name: str) -> Database:
    """A fresh database of the service."""
    cluster.create_database(name)
    migrate(cluster.database(name))
    where = f"host=127.0.0.1 port={cluster.port} dbname={name}"
    return Database(owner=f"{where} user={OWNER_ROLE}", app=f"{where} user={APP_ROLE}")


def peer_python() -> Path:
    """Python of the environment with tipg, made on first use from the package index."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        subprocess.run(
            [str(python), "-m", "pip", "install", "--quiet", "tipg", "uvicorn[standard]"], check=True
        )
    return python


@contextmanager
def tipg_serving(cluster: LocalCluster, name: str, properties: list[str]) -> Iterator[int]:
    """Port of a tipg on `road_segment` of that database, one worker; the stored fragments are left out."""
    port = free_port()
    table = {"public_road_segment": {"geomcol": "axis", "pk": "gid", "properties": properties}}
    environment = os.environ | {
        "DATABASE_URL": f"postgresql://{OWNER_ROLE}@127.0.0.1:{cluster.port}/{name}",
        "TIPG_TABLE_CONFIG": json.dumps(table),
        "TIPG_DB_TABLES": '["public.road_segment"]',
        "TIPG_DB_EXCLUDE_FUNCTION_SCHEMAS": '["public"]',
    }
    command = [
        str(peer_python()),
        "-m",
        "uvicorn",
        "tipg.main:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
        "--no-access-log",
    ]
    process = subprocess.Popen(command, env=environment, cwd="/")
    try:
        wait_until_answers(f"http://127.0.0.1:{port}/healthz")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def wait_until_answers(address: str, patience_s: float = 60) -> None:
    """Raises TimeoutError when there is no answer in time."""
    end = time.monotonic() + patience_s
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(address)


def road_peers_python() -> Path:
    """Python of an environment of its own with pyrosm and osmnx, made on first use from the package index."""
    folder = PEERS.with_name("geo-service-bench-roads")
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "pyrosm", "osmnx"], check=True)
    return python
