"""Internal notes, and asking other offices and neighbour towns about a case."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import Response
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from geo_service.interval import TOWN_ZONE, midnight
from geo_service.permits.deadlines import working_days_later
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, VIERNHEIM, Desk
from tests.permits.life import of_case, tick
from tests.permits.test_tenancy import OWN, STRANGERS, count, spoken

QUESTION = "Bestehen Bedenken gegen die Sperrung?"


def ask(desk: Desk, receipt: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = {"question": QUESTION, "office": "Straßenverkehrsbehörde", **more}
    path = f"/api/v1/permits/{receipt['reference']}/consultations"
    answer: Response = desk.client.post(path, json=body, headers=desk.key() if headers is None else headers)
    return answer


def reply(desk: Desk, asked: dict[str, Any], headers: dict[str, str] | None = None, **more: Any) -> Response:
    body = {"verdict": "no_objection", "name": "Herr Rat", **more}
    own = {"X-Permit-Token": asked["address"].partition("token=")[2]}
    path = f"/api/v1/consultations/{asked['id']}/answer"
    answer: Response = desk.client.post(path, json=body, headers=own if headers is None else headers)
    return answer


@pytest.fixture
def case(desk: Desk) -> dict[str, Any]:
    receipt = desk.file(purpose="Geheimer Zweck", address_text="Markt 1")
    assert desk.move(receipt["reference"], "in_review").status_code == 200
    return receipt


def test_the_review_waits_for_the_last_office(desk: Desk, case: dict[str, Any]) -> None:
    first = ask(desk, case).json()
    last = working_days_later(datetime.now(TOWN_ZONE).date(), 10)
    facts = of_case(desk, case["reference"])
    assert (facts["status"], facts["due_on"], first["due_on"]) == (
        "in_consultation",
        last.isoformat(),
        last.isoformat(),
    )
    assert facts["history"][-1]["reason"] == "Straßenverkehrsbehörde"
    second = ask(desk, case, office="Feuerwehr", working_days=20).json()
    assert of_case(desk, case["reference"])["due_on"] == second["due_on"] > first["due_on"]
    assert reply(desk, second, verdict="conditions", answer="Hydrant freihalten").status_code == 200
    facts = of_case(desk, case["reference"])
    assert (facts["status"], facts["due_on"]) == ("in_consultation", first["due_on"])
    assert reply(desk, first).status_code == 200
    facts = of_case(desk, case["reference"])
    assert (facts["status"], facts["due_on"]) == ("in_review", None)
    assert (facts["history"][-1]["to"], facts["history"][-1]["role"]) == ("in_review", "system")
    found = desk.client.get(f"/api/v1/permits/{case['reference']}/consultations", headers=desk.key()).json()
    told = [
        (one["office"], one["verdict"], one["answer"], one["answered_by"]) for one in found["consultations"]
    ]
    assert told == [
        ("Straßenverkehrsbehörde", "no_objection", None, "Herr Rat"),
        ("Feuerwehr", "conditions", "Hydrant freihalten", "Herr Rat"),
    ]
    assert desk.move(case["reference"], "granted").status_code == 200


def test_an_office_that_does_not_answer_holds_nobody_up(desk: Desk, case: dict[str, Any]) -> None:
    asked = ask(desk, case, working_days=3).json()
    over = midnight(working_days_later(datetime.now(TOWN_ZONE).date(), 3) + timedelta(days=1))
    assert tick(desk, over - timedelta(seconds=1)) == 0
    assert tick(desk, over) == 1
    assert of_case(desk, case["reference"])["status"] == "in_review"
    assert reply(desk, asked).status_code == 200  # late, and recorded all the same
    assert of_case(desk, case["reference"])["status"] == "in_review"


def test_who_is_asked_sees_the_case_without_the_applicant(desk: Desk, case: dict[str, Any]) -> None:
    asked = ask(desk, case).json()
    seen = desk.client.get(asked["address"].replace("/consultations", "/api/v1/consultations"))
    assert seen.status_code == 200
    assert seen.json()["case"]["properties"]["address_text"] == "Markt 1"
    assert not any(word in seen.text for word in ("Mustermann", "erika", "Geheim", "06251"))
    assert seen.json()["address"] is None  # the link is the asking desk's to send
    token = {"X-Permit-Token": asked["address"].partition("token=")[2]}
    for path in (f"permits/{case['reference']}", f"permits/{case['reference']}/consultations", "permits"):
        assert desk.client.get(f"/api/v1/{path}", headers=token).status_code in (401, 404)


def test_a_neighbour_town_answers_at_its_own_desk(desk: Desk, case: dict[str, Any]) -> None:
    asked = ask(desk, case, office=None, asked_town=VIERNHEIM).json()
    assert asked["office"] == "Viernheim"
    path = f"/api/v1/consultations/{asked['id']}"
    neighbour = desk.key(town=VIERNHEIM)
    assert desk.client.get(path, headers=neighbour).json()["question"] == QUESTION
    assert desk.client.get(f"/api/v1/permits/{case['reference']}", headers=neighbour).status_code == 404
    for stranger in (desk.key(town=HEPPENHEIM), desk.key("reader", None), {}):
        assert desk.client.get(path, headers=stranger).status_code == 404
        assert reply(desk, asked, stranger).status_code == 404
    answer = reply(desk, asked, neighbour, name=None)
    assert answer.json()["answered_by"] == f"clerk {VIERNHEIM}"
    assert of_case(desk, case["reference"])["status"] == "in_review"
    assert desk.client.get(f"/api/v1/permits/{case['reference']}", headers=neighbour).status_code == 404


def test_an_answer_stands(desk: Desk, case: dict[str, Any]) -> None:
    asked = ask(desk, case).json()
    assert reply(desk, asked, verdict="objection").status_code == 422  # without words
    assert reply(desk, asked, verdict="nonsense").status_code == 422
    assert reply(desk, asked, name=None).status_code == 422
    assert reply(desk, asked, {"X-Permit-Token": "wrong"}).status_code == 404
    assert of_case(desk, case["reference"])["status"] == "in_consultation"
    assert reply(desk, asked, verdict="objection", answer="Umleitung").status_code == 200
    assert reply(desk, asked).status_code == 409
    with spoken(desk, OWN) as session:
        changed = session.execute(text("UPDATE consultation SET verdict = 'no_objection'"))
        assert changed.rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(DatabaseError, match="permission denied"):
            session.execute(text("UPDATE consultation SET question = 'x'"))


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"office": None}, "/office"),
        ({"asked_town": BENSHEIM}, "/asked_town"),
        ({"asked_town": "06999999"}, "/asked_town"),
        ({"question": "  "}, "/question"),
        ({"working_days": 0}, "/working_days"),
        ({"working_days": 1000}, "/working_days"),
        ({"nonsense": 1}, "/nonsense"),
    ],
)
def test_a_question_that_is_none(
    desk: Desk, case: dict[str, Any], more: dict[str, Any], pointer: str
) -> None:
    answer = ask(desk, case, **more)
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert of_case(desk, case["reference"])["status"] == "in_review"


def test_only_the_desk_of_the_town_asks_and_only_under_review(desk: Desk, case: dict[str, Any]) -> None:
    own = {"X-Permit-Token": case["token"]}
    for headers, status in (
        (own, 403), ({}, 404), (desk.key(town=VIERNHEIM), 404), (desk.key("reader", None), 404),
    ):  # fmt: skip
        assert ask(desk, case, headers).status_code == status
    assert ask(desk, desk.file(60)).status_code == 409  # not in review yet
    desk.move(case["reference"], "rejected", reason="x")
    assert ask(desk, case).status_code == 409


def test_notes_are_the_desks_own(desk: Desk, case: dict[str, Any]) -> None:
    path = f"/api/v1/permits/{case['reference']}/notes"
    written = desk.client.post(path, json={"text": "Ortstermin am Dienstag"}, headers=desk.key())
    assert (written.status_code, written.json()["by"]) == (201, f"clerk {BENSHEIM}")
    own = {"X-Permit-Token": case["token"]}
    for headers, status in (
        (own, 403),
        ({}, 404),
        (desk.key(town=VIERNHEIM), 404),
        (desk.key("reader", None), 404),
    ):
        assert desk.client.get(path, headers=headers).status_code == status
        assert desk.client.post(path, json={"text": "x"}, headers=headers).status_code == status
    assert [one["text"] for one in desk.client.get(path, headers=desk.key()).json()["notes"]] == [
        "Ortstermin am Dienstag"
    ]
    page = desk.client.get(f"/permits/{case['reference']}", params={"token": case["token"]})
    assert page.status_code == 200 and "Ortstermin" not in page.text


def test_another_town_the_public_and_a_reader_find_nothing(desk: Desk, case: dict[str, Any]) -> None:
    """As the application's role, table by table."""
    ask(desk, case)
    desk.client.post(f"/api/v1/permits/{case['reference']}/notes", json={"text": "x"}, headers=desk.key())
    with spoken(desk, OWN) as session:
        assert count(session, "case_note") == count(session, "consultation") == 1
    applicant = {"actor": "applicant", "case": case["permit_id"]}
    for who in (*STRANGERS, applicant):
        with spoken(desk, who) as session:
            assert count(session, "case_note") == count(session, "consultation") == 0
            changed = session.execute(
                text("UPDATE consultation SET verdict = 'objection', answered_at = now()")
            )
            assert changed.rowcount == 0  # type: ignore[attr-defined]
        for insert in (
            f"INSERT INTO case_note (permit_id, town, at, by_name, words) VALUES ('{case['permit_id']}', '{BENSHEIM}', now(), 'x', 'x')",
            "INSERT INTO consultation (consultation_id, permit_id, town, office, question, shown, asked_by, asked_at, due_at)"
            f" VALUES (gen_random_uuid(), '{case['permit_id']}', '{BENSHEIM}', 'x', 'x', '{{}}', 'x', now(), now())",
        ):
            with spoken(desk, who) as session, pytest.raises(DatabaseError, match="row-level security"):
                session.execute(text(insert))


def test_a_link_opens_its_own_consultation_and_no_other(desk: Desk, case: dict[str, Any]) -> None:
    mine, other = ask(desk, case).json(), ask(desk, case, office="Feuerwehr").json()
    token = mine["address"].partition("token=")[2]
    for wanted, given in (
        (other["id"], token),
        (mine["id"], ""),
        (mine["id"], case["token"]),
        (str(uuid4()), token),
    ):
        with spoken(desk, {"actor": "public"}) as session:
            asked = {"id": UUID(wanted), "token": given}
            opened = session.execute(text("SELECT open_consultation(:id, :token)"), asked).scalar_one()
            assert (opened, count(session, "consultation")) == (False, 0)
    with spoken(desk, {"actor": "public"}) as session:
        asked = {"id": UUID(mine["id"]), "token": token}
        assert session.execute(text("SELECT open_consultation(:id, :token)"), asked).scalar_one()
        assert (count(session, "consultation"), count(session, "permit"), count(session, "case_note")) == (
            1,
            0,
            0,
        )
        with pytest.raises(DatabaseError, match="not yours"):
            session.execute(text("SELECT issue_consultation_token(:id)"), asked)
    with spoken(desk, OWN) as session, pytest.raises(DatabaseError, match="permission denied"):
        session.execute(text("SELECT consultation_token(gen_random_uuid())"))


def test_asked_and_answered_on_the_pages(desk: Desk, case: dict[str, Any]) -> None:
    signed = {"key": desk.key()["Authorization"].removeprefix("Bearer ")}
    desk.client.post("/sign-in", data=signed)
    address = f"/towns/bensheim/desk/cases/{case['reference']}"
    page = desk.client.get(f"{address}?lang=de").text
    csrf = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {
        "csrf_token": csrf,
        "question": QUESTION,
        "asked_town": VIERNHEIM,
        "office": "",
        "working_days": "5",
    }
    asked = desk.client.post(f"{address}/consultations?lang=de", data=form)
    assert asked.status_code == 200 and 'data-status="in_consultation"' in asked.text
    noted = desk.client.post(
        f"{address}/notes?lang=de", data={"csrf_token": csrf, "words": "Rückruf zugesagt"}
    )
    assert "Rückruf zugesagt" in noted.text
    link = asked.text.partition('href="/consultations/')[2].partition('"')[0]
    desk.client.cookies.clear()
    shown = desk.client.get(f"/consultations/{link}&lang=de")
    assert QUESTION in shown.text and "Mustermann" not in shown.text and "token" not in str(shown.url)
    one = f"/consultations/{link.partition('?')[0]}?lang=de"
    refused = desk.client.post(one, data={"verdict": "objection", "name": "Frau Nachbar"})
    assert refused.status_code == 422 and "brauchen einen Text" in refused.text
    sent = desk.client.post(one, data={"verdict": "objection", "words": "Schulweg", "name": "Frau Nachbar"})
    assert "Schulweg" in sent.text and "answer-form" not in sent.text
    assert of_case(desk, case["reference"])["status"] == "in_review"
    desk.client.cookies.clear()
    desk.client.post(
        "/sign-in", data={"key": desk.key(town=VIERNHEIM)["Authorization"].removeprefix("Bearer ")}
    )
    assert case["reference"] in desk.client.get("/towns/viernheim/desk/consultations").text


def test_the_queue_says_how_many_wait_for_an_answer(desk: Desk, case: dict[str, Any]) -> None:
    neighbour, queue = desk.key(town=VIERNHEIM), "/towns/viernheim/desk"
    assert "Hier ist nichts zu tun." in desk.client.get(queue, headers=neighbour).text
    first = ask(desk, case, asked_town=VIERNHEIM).json()
    shown = desk.client.get(queue, headers=neighbour).text
    said = shown[shown.index('id="asked-of-us"') :].partition("</p>")[0]
    assert 'href="/towns/viernheim/desk/consultations"' in said
    assert "Eine Anfrage einer anderen Kommune wartet auf Ihre Antwort" in said
    assert "Hier ist nichts zu tun." not in shown
    ask(desk, case, asked_town=VIERNHEIM)
    shown = desk.client.get(f"{queue}?lang=en", headers=neighbour).text
    assert "2 questions of other towns wait for your answer" in shown
    assert 'href="/towns/viernheim/desk/consultations?lang=en"' in shown
    reply(desk, first, neighbour, name=None)
    assert "Eine Anfrage einer anderen" in desk.client.get(queue, headers=neighbour).text
    for stranger, slug in ((desk.key(), "bensheim"), (desk.key(town=HEPPENHEIM), "heppenheim")):
        assert "asked-of-us" not in desk.client.get(f"/towns/{slug}/desk", headers=stranger).text


def test_nobody_is_asked_any_more_once_it_is_decided(desk: Desk, case: dict[str, Any]) -> None:
    asked = ask(desk, case, office=None, asked_town=VIERNHEIM).json()
    assert desk.move(case["reference"], "in_review").status_code == 200
    assert desk.move(case["reference"], "granted").status_code == 200
    own = desk.key(town=VIERNHEIM)
    assert "asked-of-us" not in desk.client.get("/towns/viernheim/desk", headers=own).text
    listed = desk.client.get("/towns/viernheim/desk/consultations", headers=own).text
    assert "nicht mehr nötig" in listed
    late = reply(desk, asked)
    assert (late.status_code, "inzwischen entschieden" in late.json()["detail"]) == (409, True), late.text
    link = desk.client.get(asked["address"])
    assert (link.status_code, 'id="closed"' in link.text, "answer-form" in link.text) == (200, True, False)
    seen = desk.client.get(f"/towns/bensheim/desk/cases/{case['reference']}", headers=desk.key()).text
    assert "Keine Antwort vor der Entscheidung." in seen


def test_a_withdrawal_asks_nobody_any_more_either(desk: Desk, case: dict[str, Any]) -> None:
    ask(desk, case, office=None, asked_town=VIERNHEIM)
    own = {"X-Permit-Token": case["token"]}
    assert desk.move(case["reference"], "withdrawn", own).status_code == 200
    shown = desk.client.get("/towns/viernheim/desk", headers=desk.key(town=VIERNHEIM)).text
    assert "asked-of-us" not in shown
