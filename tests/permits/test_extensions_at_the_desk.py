"""An extension takes over what its parent is bound to, and is revoked with it where the clerk says so."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.documents.papers import own, papers
from tests.documents.readback import read_sheet
from tests.permits.conftest import VIERNHEIM, Desk
from tests.permits.life import of_case
from tests.permits.test_children import change, until
from tests.permits.test_consultations import ask, reply

CONDITIONS = [{"text": "Gehweg 1,50 m\nfreihalten"}, {"text": "Nachts beleuchten <b>"}]
PAGE = "/towns/bensheim/desk/cases/"


@pytest.fixture
def granted(desk: Desk) -> dict[str, Any]:
    """Days 60 to 73, with two conditions."""
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    assert desk.move(receipt["reference"], "granted", conditions=CONDITIONS).status_code == 200
    return receipt


def extended(desk: Desk, receipt: dict[str, Any], days: int = 80, *, grant: bool = True) -> dict[str, Any]:
    answer = change(desk, receipt, "extension", until(days))
    assert answer.status_code == 201, answer.text
    child: dict[str, Any] = answer.json()
    if grant:
        assert desk.grant(child).status_code == 200
    return child


def page(desk: Desk, receipt: dict[str, Any], **query: str) -> str:
    text: str = desk.client.get(f"{PAGE}{receipt['reference']}", headers=desk.key(), params=query).text
    return text


def send(desk: Desk, receipt: dict[str, Any], **form: Any) -> Any:
    data = {"version": of_case(desk, receipt["reference"])["version"], **form}
    path = f"{PAGE}{receipt['reference']}"
    return desk.client.post(path, data=data, headers=desk.key(), follow_redirects=False)


def states(desk: Desk, *receipts: dict[str, Any]) -> list[str]:
    return [of_case(desk, receipt["reference"])["status"] for receipt in receipts]


def prefilled(shown: str) -> list[str]:
    found = re.search(r'<textarea id="conditions"[^>]*>(.*?)</textarea>', shown, re.DOTALL)
    assert found
    return found[1].split("\n")


def test_the_conditions_of_the_parent_are_offered_and_can_be_changed(
    desk: Desk, granted: dict[str, Any]
) -> None:
    child = extended(desk, granted, grant=False)
    desk.move(child["reference"], "in_review")
    asked = ask(desk, child, office="Feuerwehr").json()
    reply(desk, asked, verdict="conditions", answer="Nachts beleuchten <b>\nHydrant freihalten")
    shown = page(desk, child)
    once = ["Gehweg 1,50 m freihalten", "Nachts beleuchten &lt;b&gt;", "Hydrant freihalten"]
    assert prefilled(shown) == once  # what both say is there once
    assert f"Vorbelegt mit den Auflagen von {granted['reference']}." in shown
    assert "was beteiligte Stellen verlangen" in shown
    sent = send(desk, child, to="granted", conditions="Gehweg 1,50 m freihalten\r\nNeu")
    assert sent.status_code == 303
    assert [one["text"] for one in of_case(desk, child["reference"])["conditions"]] == [
        "Gehweg 1,50 m freihalten",
        "Neu",
    ]
    assert len(of_case(desk, granted["reference"])["conditions"]) == 2  # stays as it was decided


def test_what_extends_nothing_begins_empty(desk: Desk) -> None:
    receipt = desk.file(40)
    desk.move(receipt["reference"], "in_review")
    assert prefilled(page(desk, receipt)) == [""]
    assert "Vorbelegt" not in page(desk, receipt)


def test_one_decision_revokes_both(desk: Desk, granted: dict[str, Any]) -> None:
    child = extended(desk, granted)
    longest = extended(desk, child, 90)
    waiting = extended(desk, longest, 95, grant=False)  # not decided yet: nothing to revoke
    shown = page(desk, granted)
    offered = re.findall(r'name="also" value="([^"]+)"( checked)?', shown)
    assert offered == [(longest["reference"], " checked"), (child["reference"], " checked")]
    refused = send(desk, granted, to="revoked", reason="", also=[child["reference"]])
    assert refused.status_code == 422
    assert re.findall(r'name="also" value="([^"]+)" checked', refused.text) == [child["reference"]]
    assert states(desk, granted, child, longest) == ["granted"] * 3
    both = [child["reference"], longest["reference"]]
    assert send(desk, granted, to="revoked", reason="Das Haus wird abgerissen.", also=both).status_code == 303
    assert states(desk, granted, child, longest, waiting) == ["revoked", "revoked", "revoked", "submitted"]
    for receipt in (granted, child, longest):
        last = of_case(desk, receipt["reference"])["history"][-1]
        assert (last["from"], last["to"], last["reason"]) == (
            "granted",
            "revoked",
            "Das Haus wird abgerissen.",
        )
        told = papers(desk, receipt)["notices"][-1]
        notice = read_sheet(desk.client.get(told["address"], headers=own(receipt)).content)
        assert notice.title == f"{receipt['reference']}: Widerruf Ihrer Erlaubnis"
        assert "Das Haus wird abgerissen." in notice.text
        assert ">Widerruf " in page(desk, receipt)  # the message to the applicant


def test_what_is_not_ticked_stays(desk: Desk, granted: dict[str, Any]) -> None:
    child = extended(desk, granted)
    assert send(desk, granted, to="revoked", reason="Nur diese.").status_code == 303
    assert states(desk, granted, child) == ["revoked", "granted"]


def test_a_permit_that_is_lapsed_takes_no_extension_with_it(desk: Desk, granted: dict[str, Any]) -> None:
    child = extended(desk, granted)
    sent = send(desk, granted, to="lapsed", reason="Nie gebaut.", also=[child["reference"]])
    assert sent.status_code == 303
    assert states(desk, granted, child) == ["lapsed", "granted"]


def test_the_interface_takes_the_same(desk: Desk, granted: dict[str, Any]) -> None:
    child = extended(desk, granted)
    stranger = desk.file(60)
    assert desk.grant(stranger).status_code == 200
    neighbour = desk.file(0, town=VIERNHEIM)
    reference, both = granted["reference"], [child["reference"]]
    for also, pointer in (
        ([child["reference"], stranger["reference"]], "/also_revoke/1"),
        ([neighbour["reference"]], "/also_revoke/0"),
        (["x"], "/also_revoke/0"),
        ([reference], "/also_revoke/0"),
        ([""], "/also_revoke/0"),
        (["x"] * 21, "/also_revoke"),
    ):
        answer = desk.move(reference, "revoked", reason="x", also_revoke=also)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)
    assert desk.move(reference, "lapsed", reason="x", also_revoke=both).status_code == 422
    assert desk.move(reference, "revoked", own(granted), reason="x", also_revoke=both).status_code == 403
    foreign = desk.move(reference, "revoked", desk.key(town=VIERNHEIM), reason="x", also_revoke=both)
    assert foreign.status_code == 404
    assert states(desk, granted, child, stranger) == ["granted"] * 3
    stale = {**desk.key(), "If-Match": '"1"'}
    assert desk.move(reference, "revoked", stale, reason="x", also_revoke=both).status_code == 412
    answer = desk.move(reference, "revoked", reason="Zu laut.", also_revoke=[*both, *both])
    assert answer.status_code == 200, answer.text
    told = [{"reference": child["reference"], "kind": "extension", "status": "revoked"}]
    assert answer.json()["properties"]["children"] == told
    assert [of_case(desk, child["reference"])["history"][-1][name] for name in ("to", "reason")] == [
        "revoked",
        "Zu laut.",
    ]


def test_one_that_went_meanwhile_leaves_everything_as_it_was(desk: Desk, granted: dict[str, Any]) -> None:
    child = extended(desk, granted)
    assert desk.move(child["reference"], "surrendered", own(child)).status_code == 200
    sent = send(desk, granted, to="revoked", reason="x", also=[child["reference"]])
    assert sent.status_code == 422
    assert "Das ist keine geltende Verlängerung dieser Erlaubnis." in sent.text
    assert states(desk, granted, child) == ["granted", "surrendered"]
    assert 'id="extended"' not in sent.text


def test_a_revocation_and_a_grant_at_once_wait_for_each_other(desk: Desk) -> None:
    """Both hold several cases: the one locks them in the other's order, so neither waits for ever."""
    for number in range(4):
        permit = desk.file(40 * number, 40)
        assert desk.grant(permit).status_code == 200
        child = extended(desk, permit)
        longest = extended(desk, child, 90, grant=False)
        assert desk.move(longest["reference"], "in_review").status_code == 200
        both = {"reason": "x", "also_revoke": [child["reference"]]}
        with ThreadPoolExecutor(3) as pool:
            answers = [
                pool.submit(desk.move, permit["reference"], "revoked", **both),
                pool.submit(desk.move, longest["reference"], "granted"),
                pool.submit(desk.move, child["reference"], "surrendered", own(child)),
            ]
        codes = [answer.result().status_code for answer in answers]
        # Where the revocation came first, there is nothing left to lengthen.
        assert codes[1] == 200 or (codes[0] == 200 and codes[1] == 409), codes
        assert sorted((codes[0], codes[2])) in ([200, 409], [200, 422]), codes
        whole = ["revoked", "revoked"] if codes[0] == 200 else ["granted", "surrendered"]
        assert states(desk, permit, child) == whole
