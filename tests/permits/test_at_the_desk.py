"""The desk's form: conditions at the grant, and what the applicant of a paper request tells the desk."""

from __future__ import annotations

from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from tests.permits.conftest import Desk

PAGE = "/towns/bensheim/desk/cases/"


def on_paper(desk: Desk) -> str:
    """A request filed at the counter."""
    body = desk.body(applicant={"name": "Hilde Post", "address": "Hauptstraße 5"})
    filed = desk.client.post("/api/v1/permits", json=body, headers=desk.key())
    assert filed.status_code == 201, filed.text
    reference: str = filed.json()["reference"]
    return reference


def case_of(desk: Desk, reference: str) -> Any:
    return desk.client.get(f"/api/v1/permits/{reference}", headers=desk.key()).json()["properties"]


def send(desk: Desk, reference: str, **form: Any) -> Any:
    data = {"version": case_of(desk, reference)["version"], **form}
    return desk.client.post(f"{PAGE}{reference}", data=data, headers=desk.key(), follow_redirects=False)


def test_a_grant_with_conditions_is_written_line_by_line(desk: Desk) -> None:
    reference = desk.file()["reference"]
    assert send(desk, reference, to="in_review").status_code == 303
    typed = "  Gehweg 1,50 m   freihalten\r\n\r\nNachts beleuchten\n"
    many = send(desk, reference, to="granted", conditions="x\n" * 101)
    assert many.status_code == 422
    assert "Höchstens 100 Auflagen." in many.text
    assert send(desk, reference, to="granted", conditions=typed).status_code == 303
    conditions = [one["text"] for one in case_of(desk, reference)["conditions"]]
    assert conditions == ["Gehweg 1,50 m freihalten", "Nachts beleuchten"]
    page = desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    assert "Gehweg 1,50 m freihalten" in page.split('id="case-conditions"')[1]


def test_a_refused_step_gives_back_what_was_typed(desk: Desk) -> None:
    reference = desk.file()["reference"]
    send(desk, reference, to="in_review")
    refused = desk.client.post(
        f"{PAGE}{reference}",
        data={"version": 1, "to": "granted", "reason": "Weil es passt", "conditions": "Nachts beleuchten"},
        headers=desk.key(),
    )
    assert refused.status_code == 412
    assert ">Weil es passt</textarea>" in refused.text
    assert ">Nachts beleuchten</textarea>" in refused.text


def test_missing_papers_are_told_where_it_is_granted(desk: Desk) -> None:
    reference = desk.file()["reference"]
    send(desk, reference, to="in_review")
    page = desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    assert "Lageplan" in page.split('id="missing-at-grant"')[1].split("</p>")[0]


@pytest.mark.parametrize("granted", [False, True])
def test_the_desk_notes_what_the_applicant_of_a_paper_request_tells(desk: Desk, granted: bool) -> None:
    reference, to = on_paper(desk), "surrendered" if granted else "withdrawn"
    if granted:
        send(desk, reference, to="in_review")
        assert send(desk, reference, to="granted").status_code == 303
    page = desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    assert f'id="step-{to}"' in page
    assert send(desk, reference, to=to).status_code == 422
    assert send(desk, reference, to=to, reason="Brief vom 1. Juni").status_code == 303
    case = case_of(desk, reference)
    last = case["history"][-1]
    assert (case["status"], last["to"], last["reason"]) == (to, to, "Brief vom 1. Juni")
    assert last["by"] != "applicant"


def test_what_was_filed_online_only_its_applicant_withdraws(desk: Desk) -> None:
    reference = desk.file()["reference"]
    assert 'id="step-withdrawn"' not in desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    answer = desk.move(reference, "withdrawn", reason="Anruf")
    assert answer.status_code == 403
    assert case_of(desk, reference)["status"] == "submitted"
    assert "withdrawn" not in case_of(desk, reference)["next"]


def test_an_extension_is_entered_for_a_paper_request(desk: Desk) -> None:
    reference = on_paper(desk)
    send(desk, reference, to="in_review")
    send(desk, reference, to="granted")
    until = date.fromisoformat(case_of(desk, reference)["until"])
    path = f"{PAGE}{reference}/extension"

    def extend(last: date) -> Any:
        form = {"until": last.isoformat()}
        return desk.client.post(path, data=form, headers=desk.key(), follow_redirects=False)

    refused = extend(until)
    assert refused.status_code == 422
    assert "Bitte prüfen Sie die Angaben" in refused.text
    made = extend(until + timedelta(days=7))
    assert made.status_code == 303
    child = case_of(desk, made.headers["location"].rsplit("/", 1)[1])
    assert (child["child_kind"], child["filed_by"]) == ("extension", "counter")
    assert child["until"] == (until + timedelta(days=7)).isoformat()


def test_who_came_on_paper_is_told_to_ask_at_the_desk(desk: Desk) -> None:
    """Without an e-mail address nobody has sent them the link that opens the page."""
    reference, online = on_paper(desk), desk.file()["reference"]

    def receipt(of: str) -> str:
        sheet = desk.client.get(f"/permits/{of}/receipt.pdf", headers=desk.key())
        assert sheet.status_code == 200, sheet.text
        return " ".join(page.extract_text() for page in PdfReader(BytesIO(sheet.content)).pages)

    assert "Die Entscheidung kommt auf Papier" in " ".join(receipt(reference).split())
    assert f"/permits/{reference}" not in receipt(reference)
    assert f"/permits/{online}" in receipt(online)
    assert 'id="to-print"' in desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    assert 'id="to-print"' not in desk.client.get(f"{PAGE}{online}", headers=desk.key()).text


def test_a_child_of_an_extended_permit_is_named_before_a_revocation(desk: Desk) -> None:
    reference = on_paper(desk)
    send(desk, reference, to="in_review")
    send(desk, reference, to="granted")
    assert 'id="extended"' not in desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    until = date.fromisoformat(case_of(desk, reference)["until"]) + timedelta(days=7)
    form = {"until": until.isoformat()}
    made = desk.client.post(
        f"{PAGE}{reference}/extension", data=form, headers=desk.key(), follow_redirects=False
    )
    child = made.headers["location"].rsplit("/", 1)[1]
    send(desk, child, to="in_review")
    assert 'id="missing-at-grant"' not in desk.client.get(f"{PAGE}{child}", headers=desk.key()).text
    assert send(desk, child, to="granted").status_code == 303
    page = desk.client.get(f"{PAGE}{reference}", headers=desk.key()).text
    assert child in page.split('id="extended"')[1].split("</p>")[0]
