"""Real server processes on homes of their own; every process that a test starts is ended by its id."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.quick_folder import quick_folder

PATIENCE_S = 40


@dataclass
class Served:
    """One running `geo-service serve` and where it answers."""

    process: subprocess.Popen[str]
    address: str
    home: Path

    @property
    def port(self) -> int:
        return int(self.address.rsplit(":", 1)[1])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def ready(self) -> httpx.Response:
        return httpx.get(f"{self.address}/health/ready", timeout=10)


def environment(home: Path | None = None, **more: str) -> dict[str, str]:
    """This environment without any setting of ours, and with the ones given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GEO_SERVICE_")}
    return kept | ({"GEO_SERVICE_HOME": str(home)} if home else {}) | more


def run_command(*arguments: str, home: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
    """`geo-service …` as its own process, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "geo_service", *arguments],
        env=environment(home, **more), cwd="/",
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def postmaster_pid(home: Path) -> int | None:
    """Process id of the database server of this home, or None when there is none alive."""
    try:
        pid = int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
        if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return None  # killed, only not yet noticed by its parent
    except (OSError, ValueError, IndexError):
        return None
    return pid


@pytest.fixture(scope="session")
def initialised_home() -> Iterator[Path]:
    """A migrated home at rest, to be copied: initialising takes longer than starting."""
    home = quick_folder("gs-home-")
    initialise(home)
    yield home
    shutil.rmtree(home, ignore_errors=True)


def initialise(home: Path) -> None:
    """A migrated cluster at rest in this folder."""
    home.mkdir(exist_ok=True)
    home.chmod(0o755)
    done = run_command("migrate", home=home)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def home(initialised_home: Path) -> Iterator[Path]:
    """A migrated home of this test's own."""
    folder = quick_folder("gs-home-")
    if not (initialised_home / "postgres").is_dir():  # somebody cleaned /tmp during a long run
        initialise(initialised_home)
    subprocess.run(["cp", "-a", f"{initialised_home}/.", str(folder)], check=True)
    yield folder
    left = postmaster_pid(folder)
    if left:
        os.kill(left, signal.SIGQUIT)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def start() -> Iterator[Callable[..., Served]]:
    """Starts `geo-service serve --port 0 …` and waits until it is ready."""
    begun: list[subprocess.Popen[str]] = []

    def begin(home: Path, *arguments: str, **more: str) -> Served:
        process = subprocess.Popen(
            [sys.executable, "-m", "geo_service", "serve", "--port", "0", *arguments],
            env=environment(home, **more), cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        begun.append(process)
        assert process.stdout is not None
        first_line = process.stdout.readline()
        assert "http://" in first_line, f"ended with {process.wait(PATIENCE_S)}"
        served = Served(process, first_line.split()[-1].rstrip("/"), home)
        wait_until(lambda: _answers(served))
        return served

    yield begin
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE_S)


def _answers(served: Served) -> bool:
    try:
        return served.ready().status_code == 200
    except httpx.TransportError:
        return False


def wait_until(condition: Callable[[], bool]) -> None:
    """Give up with a failed assertion after PATIENCE_S."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)
