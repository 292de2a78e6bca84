"""`geo-service api-keys create` as an operator types it: the key alone on the last line, once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from geo_service.cli import build_cli
from geo_service.db.database import Database, owner_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.errors import NotSignedIn
from geo_service.identity.api_keys import NoSuchKey
from geo_service.identity.sign_in import identify
from geo_service.interval import TOWN_ZONE, midnight


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


@pytest.fixture
def typed(login: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """`geo-service api-keys …` in this process; its standard output."""
    monkeypatch.setenv("GEO_SERVICE_DATABASE_URL", login)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(build_cli(), ["api-keys", *arguments], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    return run


def state_of(database: Database, key: str) -> str:
    engine = database.app_engine()
    try:
        with Session(engine) as session, session.begin():
            return identify(session, authorization=f"Bearer {key}", cookie=None).role
    except NotSignedIn:
        return "refused"
    finally:
        engine.dispose()


def test_a_key_is_listed_rotated_with_an_overlap_and_revoked(
    typed: Callable[..., str], town_database: Database
) -> None:
    last_day = (datetime.now(TOWN_ZONE) + timedelta(days=30)).date()
    made = (
        "--town",
        "bensheim",
        "--role",
        "clerk",
        "--name",
        "Frau Muster",
        "--expires",
        last_day.isoformat(),
    )
    old = typed("create", *made).splitlines()[-1]
    (entry,) = json.loads(typed("list", "--json", "--town", "bensheim"))
    assert entry["last_used_on"] is None and entry["state"] == "in_force" and old not in json.dumps(entry)
    assert datetime.fromisoformat(entry["expires_at"]) == midnight(last_day + timedelta(days=1))
    assert state_of(town_database, old) == "clerk"
    (entry,) = json.loads(typed("list", "--json"))
    assert entry["last_used_on"] == datetime.now(UTC).date().isoformat()

    new = typed("rotate", entry["key_id"][:8], "--overlap", "3").splitlines()[-1]
    assert (state_of(town_database, old), state_of(town_database, new)) == ("clerk", "clerk")
    with owner_session(town_database) as owner:  # three days later
        owner.execute(text("UPDATE api_key SET expires_at = expires_at - interval '3 days 1 second'"))
    assert (state_of(town_database, old), state_of(town_database, new)) == ("refused", "clerk")
    states = {one["key_id"]: one["state"] for one in json.loads(typed("list", "--json"))}
    assert sorted(states.values()) == ["expired", "in_force"] and states[entry["key_id"]] == "expired"
    assert "Frau Muster" in typed("list") and "expired" in typed("list")

    (in_force,) = [key_id for key_id, state in states.items() if state == "in_force"]
    typed("revoke", in_force)
    assert state_of(town_database, new) == "refused"
    for again in (("revoke", in_force), ("rotate", in_force), ("rotate", ""), ("revoke", "zz")):
        with pytest.raises(NoSuchKey):
            typed(*again)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--role", "clerk", "--name", "x"), 1, "belongs to a town"),
        (("--role", "clerk", "--name", "x", "--town", "99999999"), 1, "no town"),
        (("--role", "clerk", "--name", " ", "--town", "06431002"), 1, "name"),
        (("--role", "reader", "--name", "x", "--expires", "2020-01-01"), 1, "expired already"),
        (("--role", "mayor", "--name", "x"), 2, "mayor"),
    ],
)
def test_wrong_use_is_one_clear_line(login: str, arguments: tuple[str, ...], code: int, words: str) -> None:
    refused = api_keys_create(login, *arguments)
    assert (refused.returncode, refused.stdout) == (code, "")
    assert words in refused.stderr and "Traceback" not in refused.stderr
