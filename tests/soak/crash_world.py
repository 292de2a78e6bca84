"""A service of its own whose processes are killed: server, worker and PostgreSQL, each by its id, each comes back."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from aiosmtpd.controller import Controller
from sqlalchemy import Engine, text

from geo_service.commands.towns import add_town
from geo_service.db.database import Database, owner_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.identity.api_keys import create_api_key
from tests.messages.conftest import Post
from tests.setup.conftest import environment, initialise, postmaster_pid

ROOT = Path(__file__).resolve().parents[2]
TOWN = "06431002"
PATIENCE_S = 60
Victim = str  # server, worker, postgres, session


@dataclass
class World:
    """home: of the service. post: the mail server that it sends to, which lives.

    Whoever builds something else that is sent or counted beside the database adds its settings to `start` and
    its check to `tests.soak.crash_checks.CHECKS`.
    """

    home: Path
    port: int
    key: str
    middle: tuple[float, float]
    post: Post = field(default_factory=Post)
    post_port: int = 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    kills: dict[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Database:
        return LocalCluster(self.home).database()

    def start(self, name: str) -> None:
        """Server or worker, as an operator starts them."""
        command = {
            "server": ["serve", "--no-worker", "--port", str(self.port)],
            "worker": ["worker"],
        }[name]
        settings = {
            "GEO_SERVICE_RATE_FILINGS": "1000000/hour", "GEO_SERVICE_RATE_CHECKS": "1000000/minute",
            "GEO_SERVICE_SMTP_URL": f"smtp://127.0.0.1:{self.post_port}", "GEO_SERVICE_MAIL_FROM": "amt@example.org",
            "GEO_SERVICE_PUBLIC_URL": self.address,
        }  # fmt: skip
        with (self.home / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "geo_service", *command],
                env=environment(self.home, **settings), cwd="/", stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self, victim: Victim) -> None:
        """`kill -9` of one; what runs under an operator's eye is started again, PostgreSQL comes back by itself."""
        self.kills[victim] = self.kills.get(victim, 0) + 1
        if victim in ("server", "worker"):
            process = self.processes[victim]
            process.kill()
            process.wait()
            self.start(victim)
            return
        pid = postmaster_pid(self.home)
        if victim == "session":
            pid = self._some_session(pid)
        if pid is not None:
            with suppress(ProcessLookupError):  # the victim before has taken it along
                os.kill(pid, signal.SIGKILL)

    def _some_session(self, postmaster: int | None) -> int | None:
        """A database process of one connection: PostgreSQL then throws out all others and recovers."""
        found = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rsplit(")", 1)[1].split()[1])
                words = (status.parent / "cmdline").read_bytes()
            except (OSError, IndexError):
                continue
            if parent == postmaster and b"geo_service_app" in words:
                found.append(int(status.parent.name))
        return random.choice(found) if found else None

    def revive(self) -> None:
        """As whoever runs them does: what ended, say because the database was away as it began, is started again."""
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                self.start(name)

    def await_ready(self) -> None:
        """Until the service answers again. Raises TimeoutError."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            self.revive()
            try:
                if httpx.get(f"{self.address}/health/ready", timeout=5).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise TimeoutError((self.home / "server.log").read_text(errors="replace")[-2000:])

    def engine(self) -> Engine:
        return self.database.app_engine(pool_size=1)


@contextmanager
def running_world(home: Path | None = None) -> Iterator[World]:
    """A service with one town; gone afterwards. home: a migrated one at rest, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="gs-crash-", dir="/tmp"))
    folder.chmod(0o755)
    if home is None:
        initialise(folder)
    else:
        subprocess.run(["cp", "-a", f"{home}/.", str(folder)], check=True)
    world = World(folder, _free_port(), "", (0.0, 0.0), post_port=_free_port())
    mail_server = Controller(world.post, hostname="127.0.0.1", port=world.post_port)
    mail_server.start()
    try:
        _prepare(world)
        for name in ("server", "worker"):
            world.start(name)
        world.await_ready()
        yield world
    finally:
        for process in world.processes.values():
            process.terminate()
        for process in world.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
        mail_server.stop(no_assert=True)
        left = postmaster_pid(folder)
        if left:
            os.kill(left, signal.SIGQUIT)
            time.sleep(0.5)
        shutil.rmtree(folder, ignore_errors=True)


def _prepare(world: World) -> None:
    cluster = LocalCluster(world.home)
    cluster.start()
    try:
        add_town(world.database, ROOT / "data" / "towns" / "bensheim")
        with owner_session(world.database) as owner:
            world.key = create_api_key(owner, role="clerk", town=TOWN, name="crash")
            x, y = owner.execute(
                text("SELECT ST_X(p), ST_Y(p) FROM town, ST_PointOnSurface(boundary) AS p")
            ).one()
            world.middle = (x, y)
    finally:
        cluster.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
