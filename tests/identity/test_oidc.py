"""Signing in with an account at the town, at a real provider: code, PKCE, state, nonce, keys, clocks, signing out."""

from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from sqlalchemy import text
from starlette.testclient import TestClient

from geo_service.db.database import Database, owner_session
from geo_service.errors import SetupError
from geo_service.identity.attempt import Attempt, attempt_in_cookie, begin_attempt
from geo_service.identity.desk_roles import desk_roles
from geo_service.identity.oidc import OpenIdProvider
from geo_service.identity.provider import ProviderAway, SignInRefused, find_provider
from geo_service.identity.secrets import csrf_token, stored_form
from geo_service.settings import Settings
from geo_service.web.sign_in_provider import router as provider_router
from tests.identity.conftest import CALLBACK, HERE, RunningProvider, begin_at, go_through, sign_in_as
from tests.identity.test_sign_in import TOWN, small_app

Vouched = tuple[OpenIdProvider, str, Attempt]
COOKIE, ATTEMPT = "geo_service_sign_in", "geo_service_sign_in_attempt"


@pytest.fixture
def database(empty_database: Database) -> Database:
    with owner_session(empty_database) as owner:
        owner.execute(text(TOWN))
    return empty_database


def app_with(database: Database, provider: RunningProvider) -> FastAPI:
    app = small_app(database, Settings(_env_file=None, **provider.settings()))
    app.include_router(provider_router)
    return app


@pytest.fixture
def service(database: Database, provider: RunningProvider) -> Iterator[TestClient]:
    provider.say("claims id_token")
    with TestClient(app_with(database, provider), base_url=HERE) as client:
        yield client


@pytest.mark.parametrize(
    ("login", "who"),
    [("amt", "clerk 06431002"), ("leitung", "supervisor 06431002"), ("verwaltung", "admin 06431002")],
)
@pytest.mark.parametrize("claims_in", ["id_token", "userinfo"])
def test_a_person_signs_in_with_the_role_the_provider_gives(
    service: TestClient, provider: RunningProvider, login: str, who: str, claims_in: str
) -> None:
    provider.say(f"claims {claims_in}")
    answer = sign_in_as(service, login)
    assert (answer.status_code, answer.headers["location"]) == (303, "/who"), answer.text
    assert service.get("/who").json() == who
    assert ATTEMPT not in service.cookies


def test_what_is_sent_to_the_provider(service: TestClient, provider: RunningProvider) -> None:
    asked = {name: values[0] for name, values in parse_qs(urlsplit(begin_at(service)).query).items()}
    attempt = attempt_in_cookie(service.cookies[ATTEMPT])
    assert attempt and attempt.state == asked["state"] and attempt.nonce == asked["nonce"]
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert asked["code_challenge"] != attempt.verifier and attempt.secret not in json.dumps(asked)
    assert (asked["response_type"], asked["redirect_uri"]) == ("code", CALLBACK)
    assert len({attempt.state, attempt.nonce, attempt.verifier, attempt.secret}) == 4


@pytest.mark.parametrize(
    ("login", "town"), [("nebenan", "06431002"), ("fremd", "06431002"), ("amt", "06431020")]
)
def test_nobody_without_a_role_at_this_desk_gets_in(service: TestClient, login: str, town: str) -> None:
    assert sign_in_as(service, login, town).status_code == 403
    assert service.get("/who").json() == "public None"


def test_only_the_browser_that_began_can_finish(service: TestClient, database: Database) -> None:
    with httpx.Client(timeout=20) as browser:
        back = go_through(browser, begin_at(service), "amt")
    mine = service.cookies[ATTEMPT]
    service.cookies.clear()
    assert service.get(back).status_code == 401  # a link that somebody was sent
    begin_at(service)  # somebody who is signing in, too
    assert service.get(back).status_code == 401
    service.cookies.clear()
    service.cookies.set(ATTEMPT, mine)
    state = parse_qs(urlsplit(back).query)["state"][0]
    assert service.get(back.replace(state, state[::-1])).status_code == 401
    assert service.get(back, follow_redirects=False).status_code == 303
    service.cookies.set(ATTEMPT, mine)
    assert service.get(back).status_code == 401  # a code is good once


def test_a_code_from_another_issuer_is_refused(service: TestClient) -> None:
    with httpx.Client(timeout=20) as browser:
        back = go_through(browser, begin_at(service), "amt")
    assert "&iss=http" in back
    for wrong in (back.partition("&iss=")[0], back.partition("&iss=")[0] + "&iss=https://evil.example"):
        assert service.get(wrong).status_code == 401


def test_breaking_off_is_no_sign_in(service: TestClient) -> None:
    state = parse_qs(urlsplit(begin_at(service)).query)["state"][0]
    answer = service.get("/sign-in/callback", params={"state": state, "error": "access_denied"})
    assert answer.status_code == 401 and "abgebrochen" in answer.json()["detail"]


def test_a_sign_in_gets_a_new_token_and_ends_the_one_before(service: TestClient) -> None:
    service.cookies.set(COOKIE, "chosen by somebody else", domain="127.0.0.1")
    sign_in_as(service, "amt")
    first = service.cookies[COOKIE]
    assert first != "chosen by somebody else"
    sign_in_as(service, "leitung")
    second = service.cookies[COOKIE]
    assert second != first and service.get("/who").json() == "supervisor 06431002"
    service.cookies.clear()
    service.cookies.set(COOKIE, first)
    assert service.get("/who").json() == "public None"


def test_new_keys_of_the_provider_are_fetched_when_they_are_met(
    service: TestClient, provider: RunningProvider
) -> None:
    assert sign_in_as(service, "amt").status_code == 303
    provider.say("rotate")
    assert sign_in_as(service, "amt").status_code == 303


def test_signing_out_ends_it_here_and_at_the_provider(
    service: TestClient, provider: RunningProvider, database: Database
) -> None:
    with httpx.Client(timeout=20) as browser:
        service.get(go_through(browser, begin_at(service), "amt"), follow_redirects=False)
        cookie = service.cookies[COOKIE]
        answer = service.post("/sign-out", data={"csrf_token": csrf_token(cookie)}, follow_redirects=False)
        there = answer.headers["location"]
        assert there.startswith(f"{provider.issuer}/session/end?")
        # The provider has this browser signed in, and asks once whether it shall end.
        page = browser.get(there)
        assert page.status_code == 200 and "logout" in page.text.lower()
        hidden = dict(re.findall(r'name="(xsrf)" value="([^"]+)"', page.text))
        ended = browser.post(f"{provider.issuer}/session/end/confirm", data={**hidden, "logout": "yes"})
        assert ended.headers["location"].rstrip("/") == HERE
        again = browser.get(begin_at(service))
        assert "/interaction/" in again.headers["location"]  # it asks who is there
    service.cookies.set(COOKIE, cookie)
    assert service.get("/who").json() == "public None"


def test_idle_and_absolute_end(service: TestClient, database: Database) -> None:
    def after(column: str, ago: str) -> str:
        sign_in_as(service, "amt")
        with owner_session(database) as owner:
            owner.execute(text(f"UPDATE sign_in SET {column} = now() - interval '{ago}'"))
        return str(service.get("/who").json())

    assert after("last_used_at", "59 minutes") == "clerk 06431002"
    with owner_session(database) as owner:  # and that was a use
        assert owner.execute(
            text("SELECT max(last_used_at) > now() - interval '1 minute' FROM sign_in")
        ).scalar_one()
    assert after("last_used_at", "61 minutes") == "public None"
    assert after("expires_at", "1 second") == "public None"


def test_the_tokens_are_stored_as_hashes(service: TestClient, database: Database) -> None:
    sign_in_as(service, "amt")
    with owner_session(database) as owner:
        kept = owner.execute(text("SELECT token_hash, to_jsonb(s)::text AS row FROM sign_in AS s")).one()
    assert bytes(kept.token_hash) == stored_form(service.cookies[COOKIE])
    assert service.cookies[COOKIE] not in kept.row


def test_a_barred_person_is_out_at_once_and_stays_out(service: TestClient, database: Database) -> None:
    sign_in_as(service, "amt")
    with owner_session(database) as owner:
        owner.execute(text("UPDATE desk_person SET blocked_at = now(), blocked_by = 'x'"))
    assert service.get("/who").json() == "public None"
    assert sign_in_as(service, "amt").status_code == 403


@pytest.fixture
def vouched(provider: RunningProvider, database: Database) -> Vouched:
    """A real ID token with the attempt that it was made for, and who checks it."""
    provider.say("claims id_token")
    asking = OpenIdProvider(Settings(_env_file=None, **provider.settings()))
    attempt = begin_attempt("06431002", "/")
    with httpx.Client(timeout=20) as browser:
        back = go_through(browser, asking.address_to_sign_in(attempt, back_to=CALLBACK, language="de"), "amt")
    code = parse_qs(urlsplit(back).query)["code"][0]
    person = asking.redeem(attempt, code=code, iss=provider.issuer, back_to=CALLBACK)
    return asking, person.id_token, attempt


def test_an_id_token_is_good_for_its_attempt_its_client_and_its_time_only(
    vouched: Vouched, provider: RunningProvider
) -> None:
    asking, token, attempt = vouched
    claims = asking.check_id_token(token, attempt)
    expiry = claims["exp"]
    asking.check_id_token(token, attempt, now=expiry + 30)
    asking.check_id_token(token, attempt, now=claims["iat"] - 30)
    wrong_clocks = (expiry + 90, claims["iat"] - 90)
    for now in wrong_clocks:
        with pytest.raises(SignInRefused):
            asking.check_id_token(token, attempt, now=now)
    with pytest.raises(SignInRefused):
        asking.check_id_token(token, begin_attempt("06431002", "/"))
    other = OpenIdProvider(Settings(_env_file=None, **{**provider.settings(), "oidc_client_id": "other"}))
    with pytest.raises(SignInRefused):
        other.check_id_token(token, attempt)


def test_an_id_token_for_somebody_else_is_refused_whoever_was_authorized(vouched: Vouched) -> None:
    """Signed rightly, for another audience, with us as the authorized party: Authlib alone would take it."""
    asking, token, attempt = vouched
    claims = dict(asking.check_id_token(token, attempt))
    key = RSAKey.generate_key(2048, {"kid": "new"})
    asking._keys = KeySet([key])
    asking.check_id_token(jwt.encode({"alg": "RS256", "kid": "new"}, claims, key), attempt)
    wrong = [{"aud": "other", "azp": "geo-service"}, {"iss": "https://evil.example"}, {"nonce": None}]
    for one in wrong:
        signed = jwt.encode({"alg": "RS256", "kid": "new"}, {**claims, **one}, key)
        with pytest.raises(SignInRefused):
            asking.check_id_token(signed, attempt)


def test_a_token_that_the_provider_did_not_sign_is_refused(vouched: Vouched) -> None:
    asking, token, attempt = vouched
    head, body, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["groups"] = ["06431002:admin"]
    forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for wrong in (
        f"{head}.{forged}.{signature}",
        f"{none}.{forged}.",
        f"{none}.{body}.{signature}",
        "",
        "a.b.c",
    ):
        with pytest.raises(SignInRefused):
            asking.check_id_token(wrong, attempt)


def test_a_provider_that_is_away_or_another_one_is_said(
    provider: RunningProvider, database: Database
) -> None:
    wrong = [
        {"oidc_issuer": "http://127.0.0.1:9"},
        {"oidc_issuer": provider.issuer.replace("127.0.0.1", "localhost")},
    ]
    for one in wrong:
        with pytest.raises(ProviderAway):
            OpenIdProvider(Settings(_env_file=None, **{**provider.settings(), **one})).metadata()
    settings = Settings(_env_file=None, **{**provider.settings(), **wrong[0]})
    app = small_app(database, settings)
    app.include_router(provider_router)
    with TestClient(app, base_url=HERE) as client:
        began = time.monotonic()
        assert client.post("/sign-in/provider", data={"town": "06431002"}).status_code == 503
        assert time.monotonic() - began < 60


@pytest.mark.parametrize(
    "more",
    [
        {"oidc_issuer": "https://login.example"},
        {"oidc_issuer": "https://login.example", "oidc_client_id": "x"},
        {"oidc_issuer": "http://login.example", "oidc_client_id": "x", "oidc_client_secret": "y"},
        {"oidc_issuer": "login.example", "oidc_client_id": "x", "oidc_client_secret": "y"},
    ],
)
def test_settings_that_are_not_whole_or_not_safe_stop_the_start(more: dict[str, str]) -> None:
    with pytest.raises(SetupError):
        find_provider(Settings(_env_file=None, **more))  # type: ignore[arg-type]
    assert find_provider(Settings(_env_file=None)) is None


def test_which_entries_are_roles() -> None:
    claims = {
        "groups": [
            "/06431002/clerk",
            "06431002:supervisor",
            "06431020:clerk",
            "6431002:admin",
            "06431002:reader",
            7,
        ],
        "realm_access": {"roles": ["06431011:admin", "offline_access"]},
        "town": "06431016:clerk",
    }
    assert desk_roles(claims, ("groups", "realm_access.roles")) == {
        "06431002": "supervisor", "06431020": "clerk", "06431011": "admin",
    }  # fmt: skip
    assert desk_roles(claims, ("town", "groups.x", "nothing", "realm_access")) == {"06431016": "clerk"}


@pytest.mark.parametrize(
    "cookie", [None, "", ".", "x.y", "a" * 43, "a" * 43 + ".e30=", "a" * 43 + ".WzEsMl0="]
)
def test_an_attempt_that_cannot_be_read_is_none(cookie: str | None) -> None:
    assert attempt_in_cookie(cookie) is None
