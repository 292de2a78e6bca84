"""`geo-service api-keys create` as an operator types it: the key alone on the last line, once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.orm import Session

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.identity.sign_in import identify


@pytest.fixture
def login(cluster: LocalCluster, town_database: Database) -> str:
    """A login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it."""
    return cluster.conninfo(str(conninfo_to_dict(town_database.owner)["dbname"]), "postgres")


def api_keys_create(login: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from geo_service.cli import main; main()", "api-keys", "create", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "GEO_SERVICE_DATABASE_URL": login},
    )  # fmt: skip


def test_the_key_works_and_is_alone_on_the_last_line(login: str, town_database: Database) -> None:
    made = api_keys_create(login, "--town", "06431002", "--role", "clerk", "--name", "Frau Muster")
    assert made.returncode == 0, made.stderr
    key = made.stdout.splitlines()[-1]
    assert len(key) == 43 and key not in made.stderr
    engine = town_database.app_engine()
    with Session(engine) as session:
        caller = identify(session, authorization=f"Bearer {key}", cookie=None)
    engine.dispose()
    assert (caller.role, caller.town, caller.name) == ("clerk", "06431002", "Frau Muster")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--role", "clerk", "--name", "x"), 1, "belongs to a town"),
        (("--role", "clerk", "--name", "x", "--town", "99999999"), 1, "no town"),
        (("--role", "clerk", "--name", " ", "--town", "06431002"), 1, "name"),
        (("--role", "mayor", "--name", "x"), 2, "mayor"),
    ],
)
def test_wrong_use_is_one_clear_line(login: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    refused = api_keys_create(login, *arguments)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert words in refused.stderr and "Traceback" not in refused.stderr
