"""Sites, events and detours: source row, occupation and findings in one transaction, and no block becomes binding."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from shapely.geometry import LineString, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.refuse_blocked import BlockedByFindings
from geo_service.construction.save_detour import Detour, save_detour
from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.db.database import speak_as
from geo_service.events.save_event import Event, save_event
from geo_service.interval import Interval

BENSHEIM, VIERNHEIM = "06431002", "06431020"
X, Y = 472_500.0, 5_503_000.0  # near the centre of Bensheim, EPSG:25832
NOW = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = Interval.of_days(date(2026, 6, 1), date(2026, 6, 14))


def a_site(**changes: object) -> ConstructionSite:
    site = ConstructionSite(
        site_id=uuid4(),
        title="Kanal",
        area=box(X, Y, X + 10, Y + 5),
        period=JUNE,
        state="confirmed",
        source="test",
    )
    return replace(site, **changes)  # type: ignore[arg-type]


def an_event(**changes: object) -> Event:
    event = Event(
        event_id=uuid4(),
        title="Fest",
        area=box(X, Y, X + 10, Y + 5),
        period=JUNE,
        state="granted",
        source="test",
    )
    return replace(event, **changes)  # type: ignore[arg-type]


@pytest.fixture
def session(town_session: Session) -> Session:
    speak_as(town_session, actor="operator")
    return town_session


def test_a_site_has_the_town_and_the_standing_of_its_occupation(session: Session) -> None:
    site = a_site()
    save_site(session, site, as_of=NOW)
    row = session.execute(text(
        "SELECT s.town, s.published, o.town AS of_town, o.binding, o.counts, o.published AS o_published, o.label"
        " FROM construction_site AS s JOIN occupation AS o ON o.source_id = s.site_id"
    )).one()  # fmt: skip
    assert row.town == row.of_town == BENSHEIM
    assert row.published and row.o_published and row.binding and row.counts
    assert row.label == "Kanal"


@pytest.mark.parametrize(
    ("state", "is_public", "counts", "binding", "published"),
    [
        ("planned", True, True, False, True),
        ("planned", False, True, False, False),
        ("active", True, True, True, True),
        ("ended", True, False, False, False),
        ("cancelled", True, False, False, False),
    ],
)
def test_what_the_state_of_a_site_means(
    session: Session, state: str, is_public: bool, counts: bool, binding: bool, published: bool
) -> None:
    save_site(session, a_site(state=state, is_public=is_public), as_of=NOW)
    row = session.execute(text(
        "SELECT o.counts, o.binding, o.published, s.published AS shown"
        " FROM construction_site AS s JOIN occupation AS o ON o.source_id = s.site_id"
    )).one()  # fmt: skip
    assert (row.counts, row.binding, row.published, row.shown) == (counts, binding, published, published)


def test_saving_again_is_an_update(session: Session) -> None:
    site = a_site()
    save_site(session, site, as_of=NOW)
    save_site(session, replace(site, title="Kanal, zweiter Teil"), as_of=NOW)
    rows = session.execute(text("SELECT title, version FROM construction_site")).all()
    assert [(row.title, row.version) for row in rows] == [("Kanal, zweiter Teil", 2)]
    assert session.execute(text("SELECT count(*) FROM occupation")).scalar_one() == 1


def test_a_planned_site_is_stored_over_another_with_findings_on_both_sides(session: Session) -> None:
    save_site(session, a_site(), as_of=NOW)
    result = save_site(session, a_site(state="planned"), as_of=NOW)
    assert result.verdict == "blocked"
    found = (
        session.execute(text("SELECT severity FROM finding WHERE number = 'K01' ORDER BY 1")).scalars().all()
    )
    assert found == ["block", "warn"]


def test_confirming_over_another_is_refused(session: Session) -> None:
    save_site(session, a_site(), as_of=NOW)
    with pytest.raises(BlockedByFindings) as refused:
        save_site(session, a_site(), as_of=NOW)
    assert [finding.number for finding in refused.value.findings] == ["K01"]
    assert refused.value.status == 409


def test_touching_in_space_or_time_is_no_block(session: Session) -> None:
    save_site(session, a_site(), as_of=NOW)
    save_site(session, a_site(area=box(X + 10, Y, X + 20, Y + 5)), as_of=NOW)
    save_site(session, a_site(period=Interval.of_days(date(2026, 6, 15), date(2026, 6, 20))), as_of=NOW)
    assert session.execute(text("SELECT count(*) FROM construction_site")).scalar_one() == 3


def test_a_cancelled_site_gives_the_place_back(session: Session) -> None:
    site = a_site()
    save_site(session, site, as_of=NOW)
    save_site(session, replace(site, state="cancelled"), as_of=NOW)
    save_site(session, a_site(), as_of=NOW)
    assert session.execute(text("SELECT count(*) FROM finding WHERE number = 'K01'")).scalar_one() == 0


def test_an_event_over_a_site_can_be_planned_but_not_granted(session: Session) -> None:
    save_site(session, a_site(), as_of=NOW)
    save_event(session, an_event(state="planned"), as_of=NOW)
    assert session.execute(text("SELECT town, published FROM event")).one() == (BENSHEIM, False)
    with pytest.raises(BlockedByFindings):
        save_event(session, an_event(), as_of=NOW)


def test_a_detour_keeps_the_town_that_signs_it(session: Session) -> None:
    way = LineString([(X, Y), (X - 5000, Y - 3000)])
    detour = Detour(
        detour_id=uuid4(), title="U1", way=way, period=JUNE, state="active", source="test", town=BENSHEIM
    )
    save_detour(session, detour, as_of=NOW)
    row = session.execute(text(
        "SELECT d.town, d.published, o.town AS of_town, o.area, ST_Length(o.detour) AS length_m"
        " FROM detour AS d JOIN occupation AS o ON o.source_id = d.detour_id"
    )).one()  # fmt: skip
    assert (row.town, row.of_town, row.published, row.area) == (BENSHEIM, BENSHEIM, True, None)
    assert row.length_m == pytest.approx(way.length)


def test_another_towns_clerk_cannot_write_here(town_session: Session) -> None:
    speak_as(town_session, actor="clerk", town=VIERNHEIM)
    with pytest.raises(Exception, match="row-level security"):
        save_site(town_session, a_site(), as_of=NOW)
