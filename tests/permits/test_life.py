"""The whole life of a permit: the clock, clearance, overrun, acceptance, deadlines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from geo_service.conflicts.catalogue import catalogue
from geo_service.db.database import owner_session
from geo_service.errors import Forbidden, Invalid, Rejected
from geo_service.interval import TOWN_ZONE, midnight
from geo_service.permits.deadlines import due_after, working_days_in, working_days_later
from geo_service.permits.states import TRANSITIONS, WITH_DESK, TooEarly
from geo_service.worker.run import work_until_empty, worker_beside
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk
from tests.permits.life import begin, bounds, of_case, step, tick

SECOND = timedelta(seconds=1)


def next_clock_change(after: date, month: int) -> date:
    """The last Sunday of March or October that is at least 60 days ahead."""
    year = after.year
    while True:
        last = date(year, month, 31)
        sunday = last - timedelta(days=(last.weekday() + 1) % 7)
        if sunday > after + timedelta(days=60):
            return sunday
        year += 1


@pytest.mark.parametrize(("month", "hours"), [(3, 23), (10, 25)])
def test_a_permit_runs_over_a_day_on_which_clocks_change(desk: Desk, month: int, hours: int) -> None:
    day = next_clock_change(datetime.now(TOWN_ZONE).date(), month)
    receipt = desk.file(**{"from": day.isoformat(), "until": day.isoformat()})
    assert desk.grant(receipt).status_code == 200
    start = midnight(day).astimezone(UTC)
    end = start + timedelta(hours=hours)
    assert end == midnight(day + timedelta(days=1))
    reference = receipt["reference"]
    assert tick(desk, start - SECOND) == 0 and of_case(desk, reference)["status"] == "granted"
    assert tick(desk, start) == 1 and of_case(desk, reference)["status"] == "active"
    assert tick(desk, start) == 0  # once is enough
    assert tick(desk, end - SECOND) == 0 and of_case(desk, reference)["status"] == "active"
    assert tick(desk, end) == 1
    facts = of_case(desk, reference)
    assert facts["status"] == "ended"
    assert [(one["to"], one["role"], one["by"]) for one in facts["history"][-2:]] == [
        ("active", "system", "system"), ("ended", "system", "system"),
    ]  # fmt: skip
    assert desk.client.get("/ogc/collections/permits/items").json()["features"] == []


def test_what_nobody_looked_at_for_long_begins_and_ends_in_one_go(desk: Desk) -> None:
    receipt, far = desk.file(), desk.file(60, town=VIERNHEIM)
    assert desk.grant(receipt).status_code == 200 and desk.grant(far, VIERNHEIM).status_code == 200
    _, end = bounds(desk, receipt)
    assert tick(desk, end + timedelta(days=400)) == 4
    assert [one["to"] for one in of_case(desk, receipt["reference"])["history"]][-2:] == ["active", "ended"]


def test_a_worker_moves_what_became_due_while_none_ran(desk: Desk) -> None:
    receipt = desk.file()
    assert desk.grant(receipt).status_code == 200
    with owner_session(desk.database) as owner:  # a period that has begun, as if weeks had passed
        owner.execute(text(f"SELECT set_config('app.town', '{BENSHEIM}', true)"))
        owner.execute(
            text("UPDATE permit SET period = tstzrange(now() - interval '1 day', now() + interval '9 days')")
        )
    with worker_beside(desk.database):
        end = datetime.now(UTC) + timedelta(seconds=30)
        while of_case(desk, receipt["reference"])["status"] == "granted" and datetime.now(UTC) < end:
            pass
    assert of_case(desk, receipt["reference"])["status"] == "active"
    work_until_empty(desk.database)  # and a second worker finds nothing to do
    assert [one["to"] for one in of_case(desk, receipt["reference"])["history"]].count("active") == 1


def test_only_the_clock_begins_a_permit(desk: Desk) -> None:
    receipt = desk.file()
    desk.grant(receipt)
    assert desk.move(receipt["reference"], "active").status_code == 403
    assert desk.move(receipt["reference"], "ended").status_code == 409


def test_the_applicant_reports_the_clearance_early(desk: Desk) -> None:
    receipt = desk.file()
    start, _ = begin(desk, receipt)
    with pytest.raises(Forbidden):
        step(desk, receipt["reference"], "ended", at=start)
    permit = step(desk, receipt["reference"], "ended", at=start + timedelta(days=2), token=receipt["token"])
    assert permit.status == "ended" and permit.history[-1].actor_role == "applicant"
    assert desk.file()["verdict"] == "clear"  # the place is free again


def test_what_still_stands_counts_until_it_is_cleared(desk: Desk) -> None:
    receipt = desk.file()
    _start, end = begin(desk, receipt)
    reference = receipt["reference"]
    with pytest.raises(TooEarly):
        step(desk, reference, "overrun", at=end - SECOND)
    later = {
        "from": (end + timedelta(days=5)).date().isoformat(),
        "until": (end + timedelta(days=9)).date().isoformat(),
    }
    waiting = desk.file(1, 1, **later)
    assert waiting["verdict"] == "clear"
    step(desk, reference, "overrun", at=end)
    assert tick(desk, end) == 0  # reported: the clock leaves it alone
    found = of_case(desk, waiting["reference"])["findings"]
    assert [(one["number"], one["severity"], one["could_be"]) for one in found] == [
        ("K01", "undetermined", "block")  # nobody knows when it is cleared
    ]
    published = desk.client.get("/ogc/collections/permits/items").json()["features"]
    assert [(one["properties"]["status"], one["properties"]["period_end"]) for one in published] == [
        ("overrun", None)
    ]
    step(desk, reference, "ended", at=end + timedelta(days=1), token=receipt["token"])
    assert of_case(desk, waiting["reference"])["findings"] == []


def test_what_the_clock_has_ended_may_be_found_standing(desk: Desk) -> None:
    receipt = desk.file()
    _, end = begin(desk, receipt)
    tick(desk, end)
    with pytest.raises(Invalid):
        step(desk, receipt["reference"], "overrun", at=end)
    assert step(desk, receipt["reference"], "overrun", at=end, reason="Steht noch").status == "overrun"


def test_rework_counts_and_its_acceptance_begins_the_warranty(desk: Desk) -> None:
    receipt = desk.file(use_type="aufgrabung", excavation=True)
    _, end = begin(desk, receipt)
    tick(desk, end)
    reference, later = receipt["reference"], end + timedelta(days=20)
    with pytest.raises(Invalid):
        step(desk, reference, "rework_needed", at=end)
    step(desk, reference, "rework_needed", at=end, reason="Setzung am Bord")
    times = {"from": later.date().isoformat(), "until": later.date().isoformat()}
    assert desk.file(1, 1, **times)["findings"][0]["number"] == "K01"
    step(desk, reference, "accepted", at=later)
    objects = desk.client.get("/api/v1/reinstatements", headers=desk.key()).json()["features"]
    assert [(one["properties"]["title"], one["properties"]["accepted_on"]) for one in objects] == [
        (reference, later.astimezone(TOWN_ZONE).date().isoformat())
    ]
    with pytest.raises(Rejected):
        step(desk, reference, "accepted", at=later)


def test_a_scaffold_that_is_accepted_leaves_no_warranty(desk: Desk) -> None:
    receipt = desk.file()
    _, end = begin(desk, receipt)
    tick(desk, end)
    assert desk.move(receipt["reference"], "accepted").status_code == 200
    assert desk.client.get("/api/v1/reinstatements", headers=desk.key()).json()["features"] == []


@pytest.mark.parametrize("to", ["revoked", "lapsed"])
def test_a_permit_is_taken_back_with_a_reason_only(desk: Desk, to: str) -> None:
    receipt = desk.file()
    desk.grant(receipt)
    assert desk.move(receipt["reference"], to).status_code == 422
    assert desk.move(receipt["reference"], to, desk.key(town=VIERNHEIM), reason="x").status_code == 404
    answer = desk.move(receipt["reference"], to, reason="Widerrufsvorbehalt")
    assert answer.json()["properties"]["status"] == to
    assert answer.json()["properties"]["next"] == []
    assert desk.file()["verdict"] == "clear"


def test_nothing_leads_out_of_the_last_states(desk: Desk) -> None:
    last = {"accepted", "rejected", "withdrawn", "dismissed", "revoked", "lapsed", "surrendered"}
    assert last.isdisjoint(one.before for one in TRANSITIONS)


@pytest.mark.parametrize(
    ("day", "number", "last"),
    [
        (date(2026, 5, 29), 10, date(2026, 6, 15)),  # Fronleichnam, 4 June 2026, is a holiday in Hessen
        (date(2026, 12, 23), 2, date(2026, 12, 28)),
        (date(2026, 10, 30), 1, date(2026, 11, 2)),  # Allerheiligen is none, and a Sunday
        (date(2026, 4, 2), 1, date(2026, 4, 7)),  # over Easter
    ],
)
def test_working_days_of_hessen(day: date, number: int, last: date) -> None:
    assert working_days_later(day, number) == last
    due = due_after(number, as_of=midnight(day) + timedelta(hours=23))
    assert due == midnight(last + timedelta(days=1))


def test_more_information_stops_the_clock_and_its_end_lets_a_clerk_dismiss(desk: Desk) -> None:
    receipt = desk.file()
    reference = receipt["reference"]
    desk.move(reference, "in_review")
    asked = desk.move(reference, "more_information_needed", reason="Lageplan").json()["properties"]
    last = working_days_later(datetime.now(TOWN_ZONE).date(), 10)
    assert asked["due_on"] == last.isoformat() and asked["next"] == ["in_review"]
    assert desk.move(reference, "dismissed", reason="Keine Antwort").status_code == 409
    over = midnight(last + timedelta(days=1))
    assert tick(desk, over) == 0  # the system proposes, a clerk confirms
    with pytest.raises(TooEarly):
        step(desk, reference, "dismissed", at=over - SECOND, reason="Keine Antwort")
    with pytest.raises(Forbidden):
        step(desk, reference, "dismissed", at=over, reason="x", token=receipt["token"])
    permit = step(desk, reference, "dismissed", at=over, reason="Keine Antwort")
    assert (permit.status, permit.due_at, permit.decided_at) == ("dismissed", None, over)


def test_the_clock_stands_still_while_the_applicant_is_asked() -> None:
    def at(day: int, hour: int = 12) -> datetime:
        return datetime(2026, 6, day, hour, tzinfo=TOWN_ZONE)

    # Monday 1 June 2026; Thursday the 4th is Fronleichnam, the 6th and 7th a weekend.
    steps = [
        (at(1), "submitted"),
        (at(2), "in_review"),
        (at(3), "more_information_needed"),
        (at(9), "in_review"),
    ]
    counted = {day: working_days_in(steps, WITH_DESK, until=at(day)) for day in (1, 2, 3, 4, 9, 10, 12)}
    assert counted == {1: 0, 2: 1, 3: 2, 4: 2, 9: 2, 10: 3, 12: 5}


def test_an_answer_in_time_goes_on_with_the_review(desk: Desk) -> None:
    receipt = desk.file()
    desk.move(receipt["reference"], "in_review")
    desk.move(receipt["reference"], "more_information_needed", reason="Lageplan")
    answer = desk.move(
        receipt["reference"], "in_review", {"X-Permit-Token": receipt["token"]}, reason="Anbei"
    )
    facts = answer.json()["properties"]
    assert (facts["status"], facts["due_on"], facts["history"][-1]["reason"]) == ("in_review", None, "Anbei")


def test_a_town_has_its_own_deadline(desk: Desk) -> None:
    with owner_session(desk.database) as owner:
        owner.execute(
            text(
                f"INSERT INTO town_parameter VALUES ('{BENSHEIM}', 'information_deadline_days', '2020-01-01', 5, 'Satzung')"
            )
        )
        owner.execute(text("UPDATE configuration_version SET last_value = last_value + 1"))
        catalogue(owner, BENSHEIM, date(2026, 1, 1))
    desk.move(reference := desk.file()["reference"], "in_review")
    facts = desk.move(reference, "more_information_needed", reason="Plan").json()["properties"]
    assert facts["due_on"] == working_days_later(datetime.now(TOWN_ZONE).date(), 5).isoformat()


def test_the_queue_begins_with_what_is_urgent_and_due(desk: Desk) -> None:
    today = datetime.now(TOWN_ZONE).date()

    def days(first: int, **more: Any) -> dict[str, Any]:
        return {
            "from": (today + timedelta(days=first)).isoformat(),
            "until": (today + timedelta(days=first + 3)).isoformat(),
            **more,
        }

    late = desk.file(0, **days(90))["reference"]
    soon = desk.file(40, **days(40))["reference"]
    urgent = desk.file(80, **days(5, urgent_reason="Sturm"))["reference"]
    asked = desk.file(120, **days(80))["reference"]
    desk.move(asked, "in_review")
    desk.move(asked, "more_information_needed", reason="Plan")  # due in two weeks or so
    pages: list[str] = []
    path: str | None = "/api/v1/permits?limit=1&sort=deadline"
    while path:
        page = desk.client.get(path, headers=desk.key()).json()
        pages += [one["properties"]["reference"] for one in page["features"]]
        path = page["links"][0]["href"] if "links" in page else None
    assert pages == [urgent, asked, soon, late]


@pytest.mark.parametrize("page", ["desk", "applicant"])
def test_pages_offer_the_steps_that_are_possible(open_desk: Callable[..., Desk], page: str) -> None:
    desk = open_desk()
    receipt = desk.file()
    begin(desk, receipt)
    if page == "desk":
        desk.client.post("/sign-in", data={"key": desk.key()["Authorization"].removeprefix("Bearer ")})
        body = desk.client.get(f"/towns/bensheim/desk/cases/{receipt['reference']}?lang=de").text
        assert 'value="revoked"' in body and "Widerrufen" in body
        assert 'value="overrun"' not in body and 'value="granted"' not in body
    else:
        body = desk.client.get(
            f"/permits/{receipt['reference']}", params={"token": receipt["token"], "lang": "de"}
        ).text
        assert "Räumung melden" in body and 'id="step-withdrawn"' not in body
        sent = desk.client.post(
            f"/permits/{receipt['reference']}/steps", data={"to": "ended", "reason": "leer"}
        )
        assert 'data-status="ended"' in sent.text
