"""Keys, the sign-in cookie and the demo's sign-in, against the real functions of the database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from geo_service.db.database import Database, owner_session
from geo_service.errors import Forbidden, Invalid, NotSignedIn, SetupError
from geo_service.identity.api_keys import create_api_key
from geo_service.identity.provider import find_provider
from geo_service.identity.secrets import csrf_token
from geo_service.identity.sign_in import (
    demo_sign_in_offered,
    identify,
    refuse_public_demo,
    sign_in_for_demo,
    sign_in_with_key,
)
from geo_service.settings import Settings
from geo_service.web.limits import Rates
from geo_service.web.problems import install_problem_answers
from geo_service.web.scope import CurrentCaller
from geo_service.web.sign_in import own_path, router

TOWN = """INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution, demo)
SELECT ags, slug, slug, 'Stadt',
    ST_Multi(ST_MakeEnvelope(470000, 5500000, 480000, 5510000, 25832)), 100, 'test', demo
FROM (VALUES ('06431002', 'bensheim', true), ('06431020', 'viernheim', false)) AS t (ags, slug, demo)"""


@pytest.fixture
def database(empty_database: Database) -> Database:
    with owner_session(empty_database) as owner:
        owner.execute(text(TOWN))
    return empty_database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    engine = database.app_engine()
    with Session(engine) as session:
        yield session
        session.rollback()
    engine.dispose()


def make_key(database: Database, role: str, town: str | None = "06431002") -> str:
    with owner_session(database) as owner:
        return create_api_key(owner, role=role, town=town, name=f"Test {role}")


def test_a_key_is_known_by_its_hash_only(database: Database, session: Session) -> None:
    key = make_key(database, "clerk")
    assert len(key) == 43
    caller = identify(session, authorization=f"Bearer {key}", cookie=None)
    assert (caller.role, caller.town, caller.name) == ("clerk", "06431002", "Test clerk")
    with owner_session(database) as owner:
        kept = owner.execute(text("SELECT row_to_json(k)::text FROM api_key AS k")).scalar_one()
    assert key not in kept


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic abc", "Bearer \udcff"])
def test_a_bad_key_is_refused_not_public(session: Session, header: str) -> None:
    with pytest.raises(NotSignedIn):
        identify(session, authorization=header.encode("utf-8", "replace").decode(), cookie=None)


def test_a_revoked_key_ends_its_sign_ins_too(database: Database, session: Session) -> None:
    begun = sign_in_with_key(session, make_key(database, "supervisor"))
    session.commit()
    assert identify(session, authorization=None, cookie=begun.token).may_override
    with owner_session(database) as owner:
        owner.execute(text("UPDATE api_key SET revoked_at = now()"))
    session.rollback()
    assert identify(session, authorization=None, cookie=begun.token).role == "public"


@pytest.mark.parametrize("role", ["reader", "operator"])
def test_only_people_at_a_desk_sign_in(database: Database, session: Session, role: str) -> None:
    with pytest.raises(NotSignedIn):
        sign_in_with_key(session, make_key(database, role))


def test_keys_need_a_known_town_and_role(database: Database) -> None:
    for role, town in [("clerk", None), ("clerk", "99999999"), ("mayor", "06431002")]:
        with pytest.raises(Invalid):
            make_key(database, role, town)


def test_the_application_cannot_read_keys_or_sign_ins(session: Session) -> None:
    for table in ("api_key", "sign_in", "idempotency_key", "server_secret", "case_key"):
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(text(f"SELECT * FROM {table}"))
        session.rollback()


def test_demo_sign_in_only_for_demo_towns_on_this_machine(session: Session) -> None:
    here = Settings(demo=True, host="127.0.0.1")
    begun = sign_in_for_demo(session, here, town="06431002", role="clerk")
    assert identify(session, authorization=None, cookie=begun.token).town == "06431002"
    leader = sign_in_for_demo(session, here, town="06431002", role="supervisor")
    # What the history of a case says of who tried it.
    assert (begun.caller.name, leader.caller.name) == ("Demo (Sachbearbeitung)", "Demo (Leitung)")
    with pytest.raises(Forbidden):
        sign_in_for_demo(session, here, town="06431020", role="clerk")
    with pytest.raises(Forbidden):
        sign_in_for_demo(session, here, town="06431002", role="operator")
    with pytest.raises(Forbidden):
        sign_in_for_demo(session, Settings(demo=False), town="06431002", role="clerk")


@pytest.mark.parametrize(
    "more", [{"host": "0.0.0.0"}, {"host": "::"}, {"public_url": "https://strasse.example"}]
)
def test_a_demo_refuses_to_start_for_others(more: dict[str, str]) -> None:
    settings = Settings(demo=True, **more)  # type: ignore[arg-type]
    assert not demo_sign_in_offered(settings)
    with pytest.raises(SetupError):
        refuse_public_demo(settings)
    refuse_public_demo(Settings(demo=False, **more))  # type: ignore[arg-type]


def small_app(database: Database, settings: Settings) -> FastAPI:
    app = FastAPI()
    app.state.settings, app.state.engine = settings, database.app_engine()
    app.state.rates, app.state.provider = Rates(settings), find_provider(settings)
    install_problem_answers(app)
    app.include_router(router)

    @app.api_route("/who", methods=["GET", "POST"])
    def who(caller: CurrentCaller) -> str:
        return f"{caller.role} {caller.town}"

    return app


def test_the_cookie_writes_only_with_the_pages_token(database: Database) -> None:
    with TestClient(small_app(database, Settings()), base_url="http://127.0.0.1") as client:
        answer = client.post("/sign-in", data={"key": make_key(database, "clerk"), "next": "/who"})
        assert answer.json() == "clerk 06431002"
        header = answer.history[0].headers["set-cookie"].lower()
        assert "httponly" in header and "samesite=lax" in header and "max-age=28800" in header
        cookie = client.cookies["geo_service_sign_in"]
        assert client.post("/who").status_code == 403
        assert client.post("/who", headers={"X-CSRF-Token": csrf_token(cookie + "x")}).status_code == 403
        assert client.post("/who", headers={"X-CSRF-Token": csrf_token(cookie)}).json() == "clerk 06431002"
        assert client.post("/who", data={"csrf_token": csrf_token(cookie)}).json() == "clerk 06431002"
        client.post("/sign-out", data={"csrf_token": csrf_token(cookie)}, follow_redirects=False)
        client.cookies.set("geo_service_sign_in", cookie)
        assert client.get("/who").json() == "public None"


def test_over_https_the_cookie_is_bound_to_the_host(database: Database) -> None:
    app = small_app(database, Settings(public_url="https://strasse.example"))
    with TestClient(app, base_url="https://strasse.example") as client:
        answer = client.post("/sign-in", data={"key": make_key(database, "clerk")}, follow_redirects=False)
        header = answer.headers["set-cookie"]
        assert (
            header.startswith("__Host-geo_service_sign_in=") and "Secure" in header and "Domain" not in header
        )


def test_another_site_cannot_sign_a_browser_in(database: Database) -> None:
    sent = {"key": make_key(database, "clerk")}
    with TestClient(small_app(database, Settings()), base_url="http://127.0.0.1") as client:
        for said in (
            {"Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        ):
            assert client.post("/sign-in", data=sent, headers=said).status_code == 403
        mine = {"Origin": "http://127.0.0.1"}
        assert client.post("/sign-in", data=sent, headers=mine, follow_redirects=False).status_code == 303


def test_nobody_signs_in_over_an_open_line(database: Database) -> None:
    with TestClient(small_app(database, Settings()), base_url="http://strasse.example") as client:
        assert client.post("/sign-in", data={"key": make_key(database, "clerk")}).status_code == 403


def test_attempts_to_sign_in_are_counted(database: Database) -> None:
    settings = Settings(rate_sign_ins="3/minute", _env_file=None)
    with TestClient(small_app(database, settings), base_url="http://127.0.0.1") as client:
        answers = [client.post("/sign-in", data={"key": "guessed"}).status_code for _ in range(4)]
        assert answers == [401, 401, 401, 429]


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", ""]
)
def test_nobody_is_sent_elsewhere(path: str) -> None:
    assert own_path(path) == "/"
    assert own_path("/towns/bensheim/desk?x=1") == "/towns/bensheim/desk?x=1"
