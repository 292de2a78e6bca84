"""As the application's role: nobody sees or writes another town's cases; the spatial index stays in use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

PRIVATE = ("permit", "applicant", "permit_transition", "finding")
OWN = {"actor": "clerk", "town": BENSHEIM}
STRANGERS: list[dict[str, Any]] = [
    {"actor": "clerk", "town": VIERNHEIM},
    {"actor": "public"},
    {"actor": "reader"},
    {"actor": "applicant", "case": "3d7b1c1e-7e0a-4b51-9d4f-0a4c3a2b1c0d"},
]


@pytest.fixture
def desk_with_case(desk: Desk) -> Desk:
    desk.grant(desk.file())
    desk.file(1, 1)  # a finding between the two
    return desk


@contextmanager
def spoken(desk: Desk, who: dict[str, Any]) -> Iterator[Session]:
    engine: Engine = desk.app.state.engine
    with Session(engine) as session:
        speak_as(session, **who)
        yield session
        session.rollback()


def count(session: Session, table: str) -> int:
    return int(session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_the_own_desk_sees_its_cases(desk_with_case: Desk) -> None:
    with spoken(desk_with_case, OWN) as session:
        assert all(count(session, table) > 0 for table in PRIVATE)


@pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who["actor"])
def test_nobody_else_sees_a_row(desk_with_case: Desk, who: dict[str, Any]) -> None:
    with spoken(desk_with_case, who) as session:
        assert {table: count(session, table) for table in PRIVATE} == dict.fromkeys(PRIVATE, 0)


@pytest.mark.parametrize("who", STRANGERS, ids=lambda who: who["actor"])
def test_nobody_else_writes_a_row(desk_with_case: Desk, who: dict[str, Any]) -> None:
    changes = (
        "UPDATE permit SET status = 'rejected'",
        "DELETE FROM permit",
        "UPDATE applicant SET name = 'x'",
        "UPDATE finding SET status = 'accepted'",
        "UPDATE occupation SET counts = false, binding = false",
        "DELETE FROM occupation",
    )
    for change in changes:
        with spoken(desk_with_case, who) as session:
            assert session.execute(text(change)).rowcount == 0, change  # type: ignore[attr-defined]
    stolen = (
        "INSERT INTO permit_transition (permit_id, town, to_status, actor_role, actor_name)"
        f" VALUES (gen_random_uuid(), '{BENSHEIM}', 'granted', 'clerk', 'x')",
        "INSERT INTO applicant (applicant_id, permit_id, town, name)"
        f" VALUES (gen_random_uuid(), gen_random_uuid(), '{BENSHEIM}', 'x')",
    )
    for insert in stolen:
        with spoken(desk_with_case, who) as session, pytest.raises(DatabaseError, match="row-level security"):
            session.execute(text(insert))


def test_a_clerk_cannot_give_a_case_to_another_town(desk_with_case: Desk) -> None:
    with spoken(desk_with_case, OWN) as session, pytest.raises(DatabaseError, match="row-level security"):
        session.execute(text(f"UPDATE permit SET town = '{VIERNHEIM}'"))


def test_the_record_of_steps_can_only_grow(desk_with_case: Desk) -> None:
    for change in ("UPDATE permit_transition SET reason = 'x'", "DELETE FROM permit_transition"):
        with spoken(desk_with_case, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text(change))
    with spoken(desk_with_case, OWN) as session:
        assert session.execute(text("DELETE FROM permit")).rowcount == 0  # type: ignore[attr-defined]


def test_a_setting_does_not_outlive_its_transaction(desk_with_case: Desk) -> None:
    engine: Engine = desk_with_case.app.state.engine
    with engine.connect() as connection:
        with connection.begin():
            connection.execute(text(f"SELECT set_config('app.town', '{BENSHEIM}', true)"))
            assert connection.execute(text("SELECT count(*) FROM permit")).scalar_one() == 2
        with connection.begin():  # the same connection of the pool, the next request
            assert connection.execute(text("SELECT count(*) FROM permit")).scalar_one() == 0
            assert connection.execute(text("SELECT current_town()")).scalar_one() is None


def test_a_token_opens_its_own_case_and_no_other(desk: Desk) -> None:
    mine, other = desk.file(), desk.file(50)
    for reference, token in [
        (mine["reference"], other["token"]),
        (mine["reference"], ""),
        (mine["reference"], None),
        ("BEN-2026-999999", mine["token"]),
        ("' OR true --", mine["token"]),
    ]:
        with spoken(desk, {"actor": "public"}) as session:
            asked = {"reference": reference, "token": token}
            assert session.execute(text("SELECT open_case(:reference, :token)"), asked).scalar_one() is None
            assert count(session, "permit") == 0
    with spoken(desk, {"actor": "public"}) as session:
        asked = {"reference": mine["reference"], "token": mine["token"]}
        session.execute(text("SELECT open_case(:reference, :token)"), asked)
        assert count(session, "permit") == 1 and count(session, "applicant") == 1


def test_a_token_is_given_out_only_for_an_open_case(desk: Desk) -> None:
    permit_id = desk.file()["permit_id"]
    for who in STRANGERS:
        with spoken(desk, who) as session, pytest.raises(DatabaseError, match="not open"):
            session.execute(text("SELECT issue_case_token(CAST(:id AS uuid), false)"), {"id": permit_id})


def test_a_renewed_token_makes_the_old_one_worthless(desk: Desk) -> None:
    receipt = desk.file()
    with Session(desk.app.state.engine) as session, session.begin():
        speak_as(session, **OWN)
        renewed = session.execute(
            text("SELECT issue_case_token(CAST(:id AS uuid), true)"), {"id": receipt["permit_id"]}
        ).scalar_one()
    path = f"/api/v1/permits/{receipt['reference']}"
    assert desk.client.get(path, params={"token": receipt["token"]}).status_code == 404
    assert desk.client.get(path, params={"token": renewed}).status_code == 200


def test_the_secrets_are_out_of_reach(desk: Desk) -> None:
    statements = [f"SELECT * FROM {name}" for name in ("case_key", "server_secret", "api_key", "sign_in")]
    for statement in [*statements, "SELECT case_token(gen_random_uuid(), 1)"]:
        with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text(statement))


def test_the_role_owns_nothing_and_is_above_no_policy(desk: Desk) -> None:
    with spoken(desk, OWN) as session:
        row = session.execute(
            text(
                "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            )
        )
        assert row.scalar_one() is False
        owned = "SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"
        assert session.execute(text(owned)).scalar_one() == 0
        forced = "SELECT bool_and(relforcerowsecurity) FROM pg_class WHERE relname = ANY(:names)"
        names = [*PRIVATE, "occupation", "published_permit"]
        assert session.execute(text(forced), {"names": names}).scalar_one() is True


@pytest.mark.parametrize(
    "who", [OWN, {"actor": "public"}, {"actor": "operator"}], ids=["clerk", "public", "operator"]
)
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE published_permit SET reference = 'x'",
        "DELETE FROM published_permit",
        "INSERT INTO published_permit (permit_id, town, reference, use_type, status, area, period, restriction, updated_at)"
        f" SELECT gen_random_uuid(), '{BENSHEIM}', 'x', 'geruest', 'granted', ST_MakeEnvelope(0, 0, 1, 1, 25832),"
        " tstzrange(now(), NULL), 'none', now()",
    ],
)
def test_what_is_published_of_a_permit_is_written_by_granting_only(
    desk_with_case: Desk, who: dict[str, Any], change: str
) -> None:
    with spoken(desk_with_case, who) as session, pytest.raises(DatabaseError, match="permission denied"):
        session.execute(text(change))


@pytest.mark.parametrize("who", [OWN, {"actor": "public"}], ids=["clerk", "public"])
def test_the_spatial_index_of_occupations_stays_in_use(desk_with_case: Desk, who: dict[str, Any]) -> None:
    with spoken(desk_with_case, who) as session:
        session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = session.execute(
            text(
                "EXPLAIN (FORMAT JSON) SELECT occupation_id FROM occupation WHERE counts"
                " AND area && ST_MakeEnvelope(470000, 5500000, 470100, 5500100, 25832)"
                " AND period && tstzrange('2026-01-01', '2026-02-01')"
            )
        ).scalar_one()
        assert "occupation_area_gist" in json.dumps(plan)
