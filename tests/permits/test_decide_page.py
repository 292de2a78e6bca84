"""Deciding on the pages: what a clerk types reaches the case, and what the clerk asks stands first for the applicant."""

from __future__ import annotations

import re
from typing import Any

import pytest

from geo_service.identity.secrets import csrf_token
from tests.permits.conftest import Desk

CONDITIONS = "Gehweg auf 1,30 m freihalten.\r\n\r\n  Gerüst bei Dunkelheit beleuchten. "


@pytest.fixture
def filed(desk: Desk) -> dict[str, Any]:
    """A request in review; the client is signed in."""
    receipt: dict[str, Any] = desk.file(0, 0)
    assert desk.move(receipt["reference"], "in_review").status_code == 200
    key = desk.key()["Authorization"].removeprefix("Bearer ")
    desk.client.post("/sign-in", data={"key": key})
    return receipt


def decide(desk: Desk, filed: dict[str, Any], **typed: str) -> Any:
    csrf = csrf_token(desk.client.cookies["geo_service_sign_in"])
    path = f"/towns/bensheim/desk/cases/{filed['reference']}"
    page = desk.client.get(path).text
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    return desk.client.post(path, data={"csrf_token": csrf, "version": version[1], **typed})


def conditions(desk: Desk, filed: dict[str, Any]) -> list[str]:
    case = desk.client.get(f"/api/v1/permits/{filed['reference']}", headers=desk.key()).json()
    return [one["text"] for one in case["properties"]["conditions"]]


def test_conditions_belong_to_a_grant_only(desk: Desk, filed: dict[str, Any]) -> None:
    decide(desk, filed, to="rejected", reason="Kein Platz.", conditions=CONDITIONS)
    assert conditions(desk, filed) == []


def test_what_is_asked_stands_first_on_the_page_of_the_applicant(desk: Desk, filed: dict[str, Any]) -> None:
    decide(desk, filed, to="more_information_needed", reason="Wie hoch ist das Gerüst?")
    desk.client.cookies.clear()
    address = f"/permits/{filed['reference']}"
    own = desk.client.get(address, params={"token": filed["token"]}).text
    asked = own[own.index('id="asked"') : own.index('class="columns"')]
    assert "Wie hoch ist das Gerüst?" in asked
    assert "Bitte antworten Sie bis" in asked


def test_a_grant_without_the_order_leads_to_where_it_is_entered(desk: Desk) -> None:
    receipt: dict[str, Any] = desk.file(60, takes=["footway"])
    desk.move(receipt["reference"], "in_review")
    version = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()
    form = {"version": version["properties"]["version"], "to": "granted"}
    path = f"/towns/bensheim/desk/cases/{receipt['reference']}"
    refused = desk.client.post(path, data=form, headers=desk.key())
    assert refused.status_code == 409
    told = refused.text[refused.text.index('id="refusal"') :].partition("</ul>")[0]
    assert "K26" in told and '<a href="#order_number">Anordnung jetzt eintragen</a>' in told
    assert 'id="order_number"' in refused.text[refused.text.index('id="facts-form"') :]
