"""The queue by urgency and deadline, its counts, and finding cases by words: of the own town only."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo_service.db.database import owner_session, speak_as
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE
from geo_service.permits.desk_queue import PAGE, count_waiting, list_queue
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.soak.cases import fill_cases

CLERK = Caller(role="clerk", town=BENSHEIM, name="clerk")


def references(desk: Desk, town: str = BENSHEIM, **asked: object) -> list[str]:
    caller = Caller(role="clerk", town=town, name="clerk")
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=town)
        return [line.reference for line in list_queue(session, caller=caller, **asked).lines]  # type: ignore[arg-type]


def named(name: str) -> dict[str, str]:
    return {"name": name, "address": "Darmstädter Str. 4, 64625 Bensheim"}


def test_what_is_urgent_comes_first_then_what_begins_first(desk: Desk) -> None:
    def days(first: int) -> dict[str, str]:
        start = datetime.now(TOWN_ZONE).date() + timedelta(days=first)
        return {"from": start.isoformat(), "until": (start + timedelta(days=3)).isoformat()}

    late = desk.file(0, **days(90))["reference"]
    soon = desk.file(20, **days(40))["reference"]
    urgent = desk.file(40, urgent_reason="Es regnet hinein", **days(3))["reference"]
    asked = desk.file(60, **days(80))["reference"]
    assert desk.move(asked, "in_review").status_code == 200
    assert desk.move(asked, "more_information_needed", reason="Wie breit?").status_code == 200
    assert references(desk) == [urgent, asked, soon, late]
    assert references(desk, order="oldest") == [late, soon, urgent, asked]
    assert references(desk, view="todo") == [urgent, soon, late]
    assert (references(desk, view="urgent"), references(desk, view="waiting")) == ([urgent], [asked])
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=BENSHEIM)
        counts = count_waiting(session, caller=CLERK)
    assert counts == {"open": 4, "todo": 3, "waiting": 1, "overdue": 0, "urgent": 1, "clearing": 0}


@pytest.mark.parametrize(
    "words",
    ["darmstaedter strasse 4", "Darmstädter Str.", "DARMSTÄDTERSTRASSE", "Öztürk", "oeztuerk darm", "ztür", "Rene", "ös", "{reference}", "{number}"],
)  # fmt: skip
def test_a_case_is_found_by_what_people_type(desk: Desk, words: str) -> None:
    other = desk.file(0, applicant=named("Anna Klein"), address_text="Am Wall 9")
    mine = desk.file(
        30, applicant=named("René Öztürk"), address_text="Darmstädter Straße 4", purpose="Fenster"
    )
    words = words.format(reference=mine["reference"], number=mine["reference"][-6:])
    expected = [] if words in ("DARMSTÄDTERSTRASSE", "ös") else [mine["reference"]]
    assert references(desk, view="all", words=words) == expected
    assert other["reference"] not in expected


def test_the_words_follow_the_case_and_are_forgotten_with_the_person(desk: Desk) -> None:
    receipt = desk.file(applicant=named("Erika Gabler"))
    key = {"X-Permit-Token": receipt["token"]}
    assert references(desk, view="all", words="gabler") == [receipt["reference"]]
    desk.move(receipt["reference"], "in_review")
    desk.move(receipt["reference"], "more_information_needed", reason="Wer?")
    got = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=key)
    changed = desk.client.put(
        f"/api/v1/permits/{receipt['reference']}", json=desk.body(applicant=named("Otto Sommer"), purpose="Dach"),
        headers={**key, "If-Match": got.headers["etag"]},
    )  # fmt: skip
    assert changed.status_code == 200, changed.text
    assert references(desk, view="all", words="gabler") == []
    assert references(desk, view="all", words="sommer dach") == [receipt["reference"]]
    with Session(desk.app.state.engine) as session, session.begin():
        speak_as(session, actor="clerk", town=BENSHEIM)
        session.execute(text("DELETE FROM applicant"))
    assert references(desk, view="all", words="sommer") == []


def test_another_town_finds_nothing_and_the_table_is_closed(desk: Desk) -> None:
    receipt = desk.file(applicant=named("Erika Gabler"))
    theirs = desk.file(town=VIERNHEIM, applicant=named("Erika Gabler"))
    assert references(desk, view="all", words="gabler") == [receipt["reference"]]
    assert references(desk, VIERNHEIM, view="all", words="gabler") == [theirs["reference"]]
    for deed in ("SELECT count(*) FROM case_words", "SELECT case_words_follow(gen_random_uuid())"):
        with (
            Session(desk.app.state.engine) as session,
            pytest.raises(ProgrammingError, match="permission denied"),
        ):
            speak_as(session, actor="clerk", town=BENSHEIM)
            session.execute(text(deed))
    with Session(desk.app.state.engine) as session:
        assert session.execute(text("SELECT count(*) FROM find_cases('gabler')")).scalar_one() == 0


def test_pages_hold_every_case_once_and_the_indexes_are_used(desk: Desk) -> None:
    number = 6_000
    fill_cases(desk.database, number)
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=BENSHEIM)
        for view, order in (("open", "deadline"), ("all", "newest"), ("clearing", "oldest")):
            seen, cursor = [], None
            while True:
                page = list_queue(session, caller=CLERK, view=view, order=order, cursor=cursor)  # type: ignore[arg-type]
                seen += [line.reference for line in page.lines]
                cursor = page.cursor
                if cursor is None:
                    break
                assert len(page.lines) == PAGE
            assert len(seen) == len(set(seen)) == {"open": 120, "all": number, "clearing": 60}[view]
        waiting = session.execute(text(
            "EXPLAIN SELECT permit_id FROM permit WHERE town = '06431002' AND status IN ('submitted', 'in_review',"
            " 'more_information_needed', 'in_consultation') ORDER BY act_by, permit_id LIMIT 50"
        )).scalars()  # fmt: skip
        assert "permit_waiting" in "".join(waiting)
    with owner_session(desk.database) as owner:
        plan = owner.execute(
            text("EXPLAIN SELECT permit_id FROM case_words WHERE words LIKE '%500123%'")
        ).scalars()
        assert "case_words_trigrams" in "".join(plan)


def test_the_page_shows_counts_and_leads_straight_to_a_reference(desk: Desk) -> None:
    receipt = desk.file()
    page = desk.client.get("/towns/bensheim/desk", headers={**desk.key(), "Accept": "text/html"})
    assert page.status_code == 200 and receipt["reference"] in page.text
    assert 'data-view="todo">Zu bearbeiten <span class="count">1</span>' in page.text
    found = desk.client.get(
        f"/towns/bensheim/desk?q={receipt['reference'].lower()}", headers=desk.key(), follow_redirects=False
    )
    assert found.status_code == 303
    assert found.headers["location"] == f"/towns/bensheim/desk/cases/{receipt['reference']}"
    for odd in ("%25", "_", "%00", "'", "\\", "a" * 100, " ", "☃"):
        answer = desk.client.get(f"/towns/bensheim/desk?q={odd}", headers=desk.key())
        assert answer.status_code == 200, odd
