"""`pending`: what a town's key sees of its undecided requests, and that nobody else sees or keeps anything of it."""

from __future__ import annotations

from typing import Any

from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk, desk, open_desk  # noqa: F401

LIST, PENDING = "/ogc/collections", "/ogc/collections/pending"
ITEMS = f"{PENDING}/items"


def references(desk: Desk, headers: dict[str, str], **params: Any) -> list[str]:  # noqa: F811
    answer = desk.client.get(ITEMS, headers=headers, params=params)
    assert answer.status_code == 200, answer.text
    return [one["properties"]["reference"] for one in answer.json()["features"]]


def test_a_key_of_the_town_finds_what_is_filed(desk: Desk) -> None:  # noqa: F811
    filed = desk.file()
    answer = desk.client.get(ITEMS, headers=desk.key("reader"))
    assert answer.status_code == 200, answer.text
    assert [one["id"] for one in answer.json()["features"]] == [filed["permit_id"]]
    assert answer.headers["cache-control"] == "private, max-age=0, must-revalidate"
    assert "Authorization" in answer.headers["vary"]
    assert "access-control-allow-origin" not in answer.headers
    assert desk.client.get(ITEMS).status_code == 404
