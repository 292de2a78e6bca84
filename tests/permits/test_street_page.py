"""Everything in one street on one page: several are decided, asked or confirmed at once, each with its own result."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from shapely import LineString
from shapely.geometry import box
from sqlalchemy.orm import Session

from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.db.database import operator_session, speak_as
from geo_service.events.save_event import Event, save_event
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.permits.conftest import BENSHEIM, VIERNHEIM, Desk

PAGE = "/towns/bensheim/desk/street?street=Marktgasse&from={}&until={}"
HTML = {"Accept": "text/html"}


@pytest.fixture
def street(desk: Desk) -> Desk:
    """Marktgasse through the town's middle; what is filed there takes nothing, so only overlaps are in the way."""
    x, y = desk.centres[BENSHEIM]
    made = Segment(
        segment_id="test:m", axis=LineString([(x - 200, y), (x + 200, y)]), start_node="a", end_node="b",
        street_name="Marktgasse", road_class="gemeindestrasse", source_id="m", modes=frozenset({"car", "foot"}),
        carriageway_width_m=6.0, footway_width_left_m=4.0, footway_width_right_m=4.0, width_source="measured",
    )  # fmt: skip
    with operator_session(desk.app.state.engine) as session:
        save_segments(session, [made], "test")
    return desk


def address() -> str:
    day = datetime.now(TOWN_ZONE).date()
    return PAGE.format(day.isoformat(), (day + timedelta(days=120)).isoformat())


def act(desk: Desk, deed: str, lines: list[str], reason: str = "", **who: Any) -> Response:
    data = {"deed": deed, "line": lines, "reason": reason}
    answer: Response = desk.client.post(address(), data=data, headers={**desk.key(**who), **HTML})
    return answer


def outcomes(answer: Response) -> dict[str, str]:
    return dict(re.findall(r'<li data-key="([^"]+)" data-done="(yes|no)">', answer.text))


def status(desk: Desk, receipt: dict[str, Any]) -> str:
    case = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key()).json()
    return str(case["properties"]["status"])


def line(receipt: dict[str, Any], state: str = "submitted") -> str:
    return f"permits|{receipt['reference']}|{state}"


def test_several_are_reviewed_and_granted_and_the_rival_is_refused(street: Desk) -> None:
    first, second, rival = street.file(0, 2), street.file(30, 2), street.file(2, 2)
    page = street.client.get(address(), headers={**street.key(), **HTML})
    assert page.status_code == 200
    assert all(line(each) in page.text for each in (first, second, rival))
    assert "In Prüfung nehmen oder Prüfung fortsetzen (möglich bei 3)" in page.text
    taken = act(street, "permits:in_review", [line(each) for each in (first, second, rival)])
    assert outcomes(taken) == dict.fromkeys((e["reference"] for e in (first, second, rival)), "yes")
    granted = act(street, "permits:granted", [line(each, "in_review") for each in (first, rival, second)])
    assert outcomes(granted) == {
        first["reference"]: "yes",
        rival["reference"]: "no",
        second["reference"]: "yes",
    }
    assert "2 von 3 erledigt" in granted.text and "(K01)" in granted.text
    assert [status(street, each) for each in (first, rival, second)] == ["granted", "in_review", "granted"]


def test_several_are_asked_with_one_question_and_without_one_none_is(street: Desk) -> None:
    cases = [street.file(20 * i, 2) for i in range(3)]
    act(street, "permits:in_review", [line(each) for each in cases])
    lines = [line(each, "in_review") for each in cases]
    assert set(outcomes(act(street, "permits:more_information_needed", lines)).values()) == {"no"}
    assert {status(street, each) for each in cases} == {"in_review"}
    asked = act(street, "permits:more_information_needed", lines, "Bitte einen Lageplan nachreichen.")
    assert set(outcomes(asked).values()) == {"yes"}
    case = street.client.get(f"/api/v1/permits/{cases[2]['reference']}", headers=street.key()).json()[
        "properties"
    ]
    assert (case["history"][-1]["reason"], case["due_on"] is not None) == (
        "Bitte einen Lageplan nachreichen.",
        True,
    )


def test_sites_and_events_are_confirmed_and_cancelled(street: Desk) -> None:
    x, y = street.centres[BENSHEIM]
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=20)
    period = Interval.of_days(start, start + timedelta(days=5))
    common: dict[str, Any] = {"period": period, "state": "planned", "source": "test", "takes": frozenset()}
    sites = [
        ConstructionSite(site_id=uuid4(), title="Kanal", area=box(x + at, y + 2, x + at + 5, y + 5), **common)
        for at in (0, 2, 60)
    ]
    event = Event(event_id=uuid4(), title="Fest", area=box(x - 90, y + 2, x - 80, y + 5), **common)
    with Session(street.app.state.engine) as session, session.begin():
        speak_as(session, actor="clerk", town=BENSHEIM)
        for each in sites:
            save_site(session, each, as_of=datetime.now(UTC))
        save_event(session, event, as_of=datetime.now(UTC))
    shown = [f"construction_sites|{each.site_id}|planned" for each in sites]
    confirmed = act(street, "construction_sites:confirmed", [*shown, f"events|{event.event_id}|planned"])
    found = outcomes(confirmed)
    assert [found[str(each.site_id)] for each in sites] == ["yes", "no", "yes"]
    assert found[str(event.event_id)] == "no" and "Dieser Schritt gilt für Anderes." in confirmed.text
    assert set(outcomes(act(street, "events:granted", [f"events|{event.event_id}|planned"])).values()) == {
        "yes"
    }
    gone = act(street, "construction_sites:cancelled", [f"construction_sites|{sites[2].site_id}|confirmed"])
    assert (
        set(outcomes(gone).values()) == {"yes"}
        and str(sites[2].site_id) not in gone.text.split('id="lines"')[1]
    )


def test_what_changed_meanwhile_and_what_is_not_ours_is_refused_for_itself(street: Desk) -> None:
    mine, theirs = street.file(0, 2), street.file(town=VIERNHEIM)
    assert street.move(mine["reference"], "in_review").status_code == 200
    answer = act(street, "permits:in_review", [line(mine), line(theirs)])
    assert answer.status_code == 200
    assert outcomes(answer) == {mine["reference"]: "no", theirs["reference"]: "no"}
    viernheim = street.key(town=VIERNHEIM)
    assert street.move(theirs["reference"], "in_review", viernheim).status_code == 200  # untouched till now


@pytest.mark.parametrize(
    ("deed", "lines", "expected"),
    [
        ("", ["permits|X|submitted"], 422), ("permits:granted", [], 422), ("permits:granted", ["x"], 422),
        ("permits:granted", ["permits|X|submitted"] * 51, 422), ("permits:nonsense", ["permits|X|submitted"], 200),
        ("construction_sites:confirmed", ["construction_sites|no-id|planned"], 200), ("permits:granted", ["permits|\0|y"], 422),
    ],
)  # fmt: skip
def test_forms_that_no_page_wrote_are_refused(
    street: Desk, deed: str, lines: list[str], expected: int
) -> None:
    answer = act(street, deed, lines)
    assert (answer.status_code, set(outcomes(answer).values()) <= {"no"}) == (expected, True)


def test_only_the_own_desk_and_only_with_its_form(street: Desk) -> None:
    assert street.client.get(address(), headers=HTML).status_code == 401
    assert street.client.get(address(), headers={**street.key(town=VIERNHEIM), **HTML}).status_code == 403
    assert act(street, "permits:granted", ["permits|X|y"], town=VIERNHEIM).status_code == 403
