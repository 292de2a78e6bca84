"""What cannot work is said in one line on standard error with exit 1: no traceback, nothing left running."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from geo_service.db.home import LONGEST_SOCKET_FOLDER, first_closed_folder, server_user, socket_folder
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.server_programs import find_server_programs
from geo_service.errors import SetupError
from tests.setup.conftest import Served, postmaster_pid, run_command

Start = Callable[..., Served]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own is closed to the user who runs PostgreSQL."""
    with tempfile.TemporaryDirectory(prefix="gs-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def refusal(*arguments: str, home: Path | None = None, **more: str) -> str:
    """The one line that the command ends with."""
    done = run_command(*arguments, home=home, **more)
    assert done.returncode == 1, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0]


def test_a_running_server(home: Path, start: Start) -> None:
    """Port taken, home taken, a command joins and leaves, requests are numbered: one server for all four."""
    served = start(home)
    with_port = refusal("serve", "--port", str(served.port), home=home)
    assert f"127.0.0.1:{served.port}" in with_port and "--port" in with_port
    assert "already serves" in refusal("serve", "--port", "0", home=home)

    assert run_command("migrate", home=home).returncode == 0
    assert served.ready().status_code == 200, "a command that leaves must not stop the server's cluster"

    live = f"{served.address}/health/live"
    for offered, length in (("from-the-proxy-1", 16), ("not one; at all", 32)):
        taken = httpx.get(live, headers={"X-Request-ID": offered}).headers["X-Request-ID"]
        assert len(taken) == length
    counted = httpx.get(f"{served.address}/metrics").text
    assert 'geo_service_requests_total{method="GET",route="/health/live",status="200"} 2.0' in counted
    served.stop()
    assert postmaster_pid(home) is None


def test_setting_that_cannot_be_read() -> None:
    done = run_command("migrate", GEO_SERVICE_PORT="eighty")
    assert done.returncode == 2
    assert done.stderr.startswith("geo-service: GEO_SERVICE_PORT: ")
    assert len(done.stderr.strip().splitlines()) == 1


def test_taken_port_does_not_start_a_cluster(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refusal("serve", "--port", str(taken.getsockname()[1]), home=home)
    assert postmaster_pid(home) is None


def test_home_that_is_a_file(open_folder: Path) -> None:
    (open_folder / "file").write_text("")
    assert "GEO_SERVICE_HOME" in refusal("migrate", home=open_folder / "file" / "home")


def test_unwritable_home(open_folder: Path) -> None:
    assert "GEO_SERVICE_HOME" in refusal("migrate", home=Path("/proc/geo_service"))


@as_root
def test_home_behind_a_closed_folder(open_folder: Path) -> None:
    open_folder.chmod(0o700)
    assert f"chmod o+x {open_folder}" in refusal("migrate", home=open_folder / "home")


@as_root
def test_closed_folders_are_found_from_the_top(open_folder: Path) -> None:
    user = server_user()
    assert user is not None
    assert user.pw_uid != 0
    inner = open_folder / "a" / "b"
    inner.mkdir(parents=True)
    assert first_closed_folder(inner / "home", user) is None
    (open_folder / "a").chmod(stat.S_IRWXU)
    assert first_closed_folder(inner / "home", user) == open_folder / "a"


def test_data_of_another_version(home: Path) -> None:
    (home / "postgres" / "PG_VERSION").write_text("9\n")
    line = refusal("migrate", home=home)
    assert "PostgreSQL 9" in line and "apt-get install" in line


def test_long_home_gets_a_short_socket_folder(open_folder: Path) -> None:
    deep = open_folder / ("lang" * 30)
    assert len(os.fsencode(socket_folder(deep))) <= LONGEST_SOCKET_FOLDER
    assert socket_folder(deep) != socket_folder(deep.with_name("x" * 120))
    done = run_command("migrate", home=deep)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("versions", "extensions", "words"),
    [
        ([], [], "PostgreSQL is missing"),
        ([13], ["postgis", "pgrouting"], "too old"),
        ([15], [], "lacks postgis and pgrouting"),
        ([15], ["postgis"], "lacks pgrouting"),
    ],
)
def test_missing_programs(tmp_path: Path, versions: list[int], extensions: list[str], words: str) -> None:
    for version in versions:
        (tmp_path / str(version) / "bin").mkdir(parents=True)
        (tmp_path / str(version) / "bin" / "initdb").touch()
        (tmp_path / str(version) / "bin" / "pg_ctl").touch()
        (tmp_path / str(version) / "extension").mkdir()
        for extension in extensions:
            (tmp_path / str(version) / "extension" / f"{extension}.control").touch()
    with pytest.raises(SetupError, match=words) as caught:
        find_server_programs(root=tmp_path, share=tmp_path)
    assert "apt-get install" in caught.value.detail


def test_foreign_database_says_what_the_administrator_must_run(cluster: LocalCluster) -> None:
    with psycopg.connect(cluster.conninfo("postgres", "postgres"), autocommit=True) as admin:
        admin.execute("CREATE ROLE plain_login LOGIN")
        admin.execute("CREATE DATABASE plain_town TEMPLATE template0")
    url = cluster.conninfo("plain_town", "plain_login")
    try:
        for _ in range(2):  # extensions and rights, then nothing is left to say
            done = run_command("migrate", GEO_SERVICE_DATABASE_URL=url)
            if done.returncode == 0:
                break
            assert len(done.stderr.strip().splitlines()) == 1
            for wanted in (
                "CREATE EXTENSION postgis",
                "CREATE EXTENSION pgrouting",
                "GRANT CREATE ON SCHEMA public",
            ):
                assert wanted in done.stderr
            commands = done.stderr.split("plain_town: ", 1)[1]
            with psycopg.connect(cluster.conninfo("plain_town", "postgres"), autocommit=True) as admin:
                for command in commands.strip().split("; "):
                    admin.execute(command.rstrip(";").encode())
        assert done.returncode == 0, done.stderr
    finally:
        with psycopg.connect(cluster.conninfo("postgres", "postgres"), autocommit=True) as admin:
            admin.execute("DROP DATABASE plain_town WITH (FORCE)")
            admin.execute("DROP ROLE plain_login")


def test_foreign_database_that_does_not_answer() -> None:
    line = refusal(
        "migrate", GEO_SERVICE_DATABASE_URL="host=127.0.0.1 port=1 dbname=x user=y password=secret-word"
    )
    assert "cannot be reached" in line
    assert "secret-word" not in line
