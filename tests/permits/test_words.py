"""Problems speak the reader's language: German first, English when preferred."""

from __future__ import annotations

import pytest

from geo_service.web.problem_words import SENTENCES, in_language
from tests.permits.conftest import Desk


@pytest.mark.parametrize(
    ("accept", "language", "detail"),
    [
        ("", "de", "Begründung"),
        ("de-DE,de;q=0.9,en;q=0.8", "de", "Begründung"),
        ("en-GB,en;q=0.9", "en", "reason"),
    ],
)
def test_a_refusal_in_the_readers_language(desk: Desk, accept: str, language: str, detail: str) -> None:
    reference = desk.file()["reference"]
    headers = {**desk.key(), "Accept-Language": accept}
    desk.move(reference, "in_review", headers)
    answer = desk.move(reference, "rejected", headers)
    assert answer.headers["content-language"] == language
    assert detail in answer.json()["detail"] and detail in answer.json()["errors"][0]["detail"]
    unknown = desk.client.post("/api/v1/permits", json=desk.body(nonsense=1), headers=headers)
    assert ("bekannt" in unknown.json()["errors"][0]["detail"]) == (language == "de")


def test_holes_are_filled_in_order() -> None:
    english = "A permit that is draft cannot become granted; possible: submitted, withdrawn."
    assert (
        in_language(english, "de")
        == "Aus dem Zustand „draft“ wird nicht „granted“; möglich: submitted, withdrawn."
    )
    assert in_language(english, "en") == english
    assert in_language("Never written anywhere.", "de") == "Never written anywhere."
    assert all(key.count("…") == german.count("…") for key, german in SENTENCES.items())


def test_what_the_database_cannot_do_now_is_no_server_error(desk: Desk) -> None:
    answer = desk.client.get("/api/v1/permits/%00", headers=desk.key())
    assert answer.status_code in (404, 422)
    assert desk.client.get("/api/v1/permits", params={"q": "a\0b"}, headers=desk.key()).status_code == 200
    odd = {"X-Permit-Token": b"\xff\x80"}
    assert desk.client.get("/api/v1/permits/x", headers=odd).status_code == 404
