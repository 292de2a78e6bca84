"""A real server with its worker, whose log is read afterwards, and somebody whose data must not be in it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.db.local_cluster import LocalCluster
from tests.messages.conftest import Post, open_post
from tests.permits.conftest import Desk, desk, open_desk
from tests.setup.conftest import PATIENCE_S, environment, wait_until

__all__ = ["desk", "open_desk", "open_post"]

PERSON = {"name": "Zacharias Zwetschgenbaum", "email": "zz@zwetschge.example", "phone": "06251 987654", "address": "Pflaumengasse 7"}  # fmt: skip


@pytest.fixture
def post(open_post: Callable[..., Post]) -> Post:
    """A mail server that knows nobody of the first name it is told, and says so."""
    return open_post(rcpt=[f"550 5.1.1 <{PERSON['email']}> unknown"])


@pytest.fixture
def served(cluster: LocalCluster, desk: Desk, post: Post, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A real server with its worker on the same database; its address and everything it writes."""
    assert post.server is not None
    database = str(conninfo_to_dict(desk.database.owner)["dbname"])
    log = tmp_path / "log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "geo_service", "serve", "--port", "0"], cwd="/", text=True,
            stdout=subprocess.PIPE, stderr=written,
            env=environment(
                tmp_path, GEO_SERVICE_DATABASE_URL=cluster.conninfo(database, "postgres"),
                GEO_SERVICE_SMTP_URL=f"smtp://127.0.0.1:{post.server.port}", GEO_SERVICE_MAIL_FROM="amt@kreis.example",
            ),
        )  # fmt: skip
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[-1].rstrip("/")
            wait_until(lambda: is_ready(address))
            yield address, log
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def is_ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health/ready", timeout=10).status_code == 200
    except httpx.TransportError:
        return False
