"""Measured numbers in documents have the places that a measure has, not those of a float."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.permits.conftest import Desk

LONG = re.compile(r'"(area_m2|measured|limit|length_m|[a-z_]*width[a-z_]*_m)":\s*-?[0-9]+\.[0-9]{3,}')


@pytest.fixture
def told(desk: Desk) -> dict[str, Any]:
    """Every document that shows one crooked case, and what it stands in."""
    desk.grant(desk.file(0, 0))
    receipt = desk.file(1.23456, 0.34567)
    clerk = desk.key()
    answers = {
        "queue": desk.client.get("/api/v1/permits", headers=clerk),
        "case": desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=clerk),
        "check": desk.client.post("/api/v1/conflict-checks", json={**desk.body(1.3, 0.7), "properties": {
            k: v for k, v in desk.body()["properties"].items() if k not in ("purpose", "applicant")}}),
        "refused": desk.grant(receipt),
        "published": desk.client.get("/ogc/collections/permits/items"),
    }  # fmt: skip
    return {name: answer.text for name, answer in answers.items()} | {
        "receipt": str(receipt).replace("'", '"')
    }


def test_no_document_shows_more_places_than_were_measured(told: dict[str, Any]) -> None:
    for name, document in told.items():
        assert '"area_m2"' in document or '"measured"' in document, (name, document[:300])
        assert LONG.search(document) is None, (name, LONG.search(document))
