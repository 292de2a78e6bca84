"""`/towns/{slug}/desk/people`: the administration of a town sees its people and keys, and nobody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from httpx import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from geo_service.db.database import owner_session
from geo_service.identity.secrets import csrf_token
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk, open_desk, opened_desks  # noqa: F401

PAGE = "/towns/bensheim/desk/people"
PERSON = "INSERT INTO desk_person (town, issuer, subject, name, role) VALUES (:town, 'i', 's', :name, 'clerk') RETURNING person_id"


@pytest.fixture
def desk(open_desk: Any) -> Desk:  # noqa: F811
    return open_desk()


def signed_in(desk: Desk, role: str = "admin", town: str = BENSHEIM) -> TestClient:
    key = desk.key(role, town)["Authorization"].removeprefix("Bearer ")
    desk.client.cookies.clear()
    assert desk.client.post("/sign-in", data={"key": key}, follow_redirects=False).status_code == 303
    return desk.client


def send(desk: Desk, path: str, **fields: str) -> Response:
    csrf = csrf_token(desk.client.cookies["geo_service_sign_in"])
    return desk.client.post(path, data={**fields, "csrf_token": csrf}, follow_redirects=False)


def works(desk: Desk, key: str) -> bool:
    return desk.client.get("/api/v1/permits", headers={"Authorization": f"Bearer {key}"}).status_code == 200


def shown_key(answer: Response) -> str:
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    (key,) = re.findall(r'<code id="new-key">([^<]+)</code>', answer.text)
    return str(key)


def states(desk: Desk) -> dict[str, str]:
    page = desk.client.get(PAGE)
    assert page.status_code == 200, page.text
    return dict(re.findall(r'data-key="([^"]+)" data-state="([^"]+)"', page.text))


def test_a_key_is_made_shown_once_rotated_and_revoked(desk: Desk) -> None:
    signed_in(desk)
    before = states(desk)
    key = shown_key(
        send(desk, f"{PAGE[:-7]}/keys", role="clerk", name="Frau <b>Neu</b>", last_day="2099-12-31")
    )
    assert works(desk, key)
    page = desk.client.get(PAGE).text
    assert key not in page and "Frau &lt;b&gt;Neu&lt;/b&gt;" in page and "31.12.2099" in page
    (made,) = set(states(desk)) - set(before)
    successor = shown_key(send(desk, f"{PAGE[:-7]}/keys/{made}/rotate", overlap_days="2"))
    assert works(desk, key) and works(desk, successor) and states(desk)[made] == "running_out"
    assert send(desk, f"{PAGE[:-7]}/keys/{made}/rotate", overlap_days="2").status_code == 404
    assert send(desk, f"{PAGE[:-7]}/keys/{made}/revoke").status_code == 303
    assert not works(desk, key) and works(desk, successor) and states(desk)[made] == "revoked"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"role": "operator", "name": "x"}, 422),
        ({"role": "clerk", "name": " "}, 422),
        ({"role": "clerk", "name": "x", "last_day": "2020-01-01"}, 422),
        ({"role": "clerk", "name": "x", "last_day": "morgen"}, 422),
        ({"role": "clerk", "name": "x", "last_day": "9999-12-31"}, 422),
    ],
)
def test_a_key_that_cannot_be(desk: Desk, fields: dict[str, str], status: int) -> None:
    signed_in(desk)
    before = states(desk)
    assert send(desk, f"{PAGE[:-7]}/keys", **fields).status_code == status
    assert states(desk) == before


def test_another_towns_keys_and_people_are_out_of_reach(desk: Desk) -> None:
    desk.key("clerk", VIERNHEIM)
    with owner_session(desk.database) as owner:
        theirs = owner.execute(
            text("SELECT key_id FROM api_key WHERE town = :town"), {"town": VIERNHEIM}
        ).scalar_one()
        person = owner.execute(text(PERSON), {"town": VIERNHEIM, "name": "Herr Nebenan"}).scalar_one()
    signed_in(desk)
    page = desk.client.get(PAGE).text
    assert str(theirs) not in page and "Herr Nebenan" not in page
    for path, fields in (
        (f"keys/{theirs}/rotate", {}), (f"keys/{theirs}/revoke", {}), (f"people/{person}", {"blocked": "true"}),
    ):  # fmt: skip
        assert send(desk, f"{PAGE[:-7]}/{path}", **fields).status_code == 404
        assert send(desk, f"/towns/viernheim/desk/{path}", **fields).status_code == 403
    with owner_session(desk.database) as owner:
        assert owner.execute(
            text("SELECT bool_and(revoked_at IS NULL AND replaced_by IS NULL) FROM api_key")
        ).scalar_one()


@pytest.mark.parametrize("role", ["clerk", "supervisor"])
def test_only_the_administration_sees_and_changes(desk: Desk, role: str) -> None:
    signed_in(desk, role)
    assert desk.client.get(PAGE).status_code == 403
    assert send(desk, f"{PAGE[:-7]}/keys", role="admin", name="x").status_code == 403
    assert "desk/people" not in desk.client.get("/towns/bensheim/desk").text


def test_a_person_is_barred_and_let_in_again(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        person = owner.execute(text(PERSON), {"town": BENSHEIM, "name": "Frau Amt"}).scalar_one()
    signed_in(desk)
    assert "Frau Amt" in desk.client.get(PAGE).text
    assert send(desk, f"{PAGE}/{person}", blocked="true").status_code == 303
    assert "gesperrt</span> admin 06431002" in desk.client.get(PAGE).text
    assert send(desk, f"{PAGE}/{person}", blocked="false").status_code == 303
    assert "Sperren und abmelden" in desk.client.get(PAGE).text
