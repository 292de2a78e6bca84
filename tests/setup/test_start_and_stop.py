"""Start, stop, kill: nothing is left running, nothing is lost, the next start recovers by itself."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from geo_service.db.local_cluster import LocalCluster
from tests.setup.conftest import Served, postmaster_pid, run_command, wait_until

Start = Callable[..., Served]


def leave_a_mark(home: Path) -> None:
    with psycopg.connect(LocalCluster(home).conninfo("geo_service", "postgres")) as connection:
        connection.execute("CREATE TABLE mark AS SELECT 42 AS answer")


def mark_is_there(home: Path) -> bool:
    with psycopg.connect(LocalCluster(home).conninfo("geo_service", "postgres")) as connection:
        return connection.execute("SELECT answer FROM mark").fetchone() == (42,)


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(("number", "workers"), [(signal.SIGTERM, 1), (signal.SIGINT, 2), (signal.SIGHUP, 2)])
def test_a_signal_stops_server_and_cluster(home: Path, start: Start, number: int, workers: int) -> None:
    served = start(home, "--workers", str(workers))
    assert postmaster_pid(home)
    assert served.stop(number) == 0
    assert postmaster_pid(home) is None
    assert port_is_free(served.port)


def test_killed_server_leaves_a_cluster_that_the_next_one_takes_over(home: Path, start: Start) -> None:
    first = start(home, "--workers", "2")
    leave_a_mark(home)
    orphan = postmaster_pid(home)
    first.stop(signal.SIGKILL)
    assert postmaster_pid(home) == orphan
    wait_until(lambda: port_is_free(first.port))
    second = start(home, "--port", str(first.port))
    assert postmaster_pid(home) == orphan
    assert mark_is_there(home)
    assert second.stop() == 0
    assert postmaster_pid(home) is None


def test_killed_postgres_is_started_again_by_the_server(home: Path, start: Start) -> None:
    first = start(home)
    leave_a_mark(home)
    database = postmaster_pid(home)
    assert database
    os.kill(database, signal.SIGKILL)
    wait_until(lambda: postmaster_pid(home) not in (None, database))
    wait_until(lambda: first.ready().status_code == 200)
    assert mark_is_there(home)
    assert first.stop() == 0
    assert postmaster_pid(home) is None


def test_both_killed_recovers_at_the_next_start(home: Path, start: Start) -> None:
    first = start(home)
    leave_a_mark(home)
    database = postmaster_pid(home)
    assert database
    first.process.kill()
    os.kill(database, signal.SIGKILL)
    first.process.wait(10)
    start(home)
    assert mark_is_there(home)


def test_somebody_elses_process_id_in_the_pid_file_is_no_obstacle(home: Path) -> None:
    """As after a restart of the machine, when the number belongs to another program of the same user."""
    owner = (home / "postgres").stat()
    stranger = subprocess.Popen(["sleep", "60"], user=owner.st_uid, cwd="/")
    left = home / "postgres" / "postmaster.pid"
    left.write_text(f"{stranger.pid}\n{home}/postgres\n0\n5432\n{home}/run\n\n\nready\n")
    os.chown(left, owner.st_uid, owner.st_gid)
    try:
        done = run_command("migrate", home=home)
        assert (done.returncode, done.stderr) == (0, "")
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_interrupted_initialisation_is_begun_again(home: Path) -> None:
    (home / "postgres").rename(home / "postgres.new")
    (home / "postgres.new" / "global" / "pg_control").unlink()
    done = run_command("migrate", home=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (home / "postgres.new").exists()
