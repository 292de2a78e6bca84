"""Screening finds what single checks find: on the demo, on random scenes, with towns' own values; and its scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import forget_values
from geo_service.conflicts.check import CheckQuestion, check_question
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.read_ahead import read_ahead
from geo_service.conflicts.screen import screen
from geo_service.conflicts.screen_pairs import rule_names
from geo_service.conflicts.screen_scope import NoSuchStreet, Scope
from geo_service.db.database import Database, operator_session, speak_as
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import locate, located
from geo_service.occupations.row import get_occupation

AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
DAY = date(2026, 6, 1)


def single_checks(session: Session, as_of: datetime) -> list[Finding]:
    """Everyone who counts, checked one by one and told everything."""
    found: list[Finding] = []
    day = as_of.astimezone(TOWN_ZONE).date()
    for (occupation_id,) in session.execute(text("SELECT occupation_id FROM occupation WHERE counts")).all():
        mine = get_occupation(session, occupation_id)
        place = locate(session, mine.area, day=day)
        question = CheckQuestion(mine=located(mine, place), location=place, max_findings=10_000)
        found += check_question(session, question, as_of=as_of).findings
    return found


def screened(session: Session, as_of: datetime, **scope: Any) -> list[Finding]:
    once = scope.pop("once", False)
    return [one.finding for one in screen(session, Scope(**scope), as_of=as_of, once=once)]


def by_key(findings: list[Finding]) -> dict[tuple[str, str], Finding]:
    """By key and rule text; EWKB is left out, because screening makes it only to store findings."""
    keyed = {(one.finding_id, one.rule): replace(one, ewkb=None) for one in findings}
    assert len(keyed) == len(findings), "found twice"
    return keyed


@pytest.fixture(scope="module")
def demo_session(cluster: Any, demo_template: str) -> Iterator[Session]:
    cluster.create_database("screening_demo", template=demo_template)
    engine = cluster.database("screening_demo").app_engine()
    with operator_session(engine) as session:
        yield session
        session.rollback()
    engine.dispose()
    cluster.drop_database("screening_demo")


def test_the_demo_is_screened_as_it_is_checked(demo_session: Session) -> None:
    as_of = datetime.now(UTC)
    expected, found = by_key(single_checks(demo_session, as_of)), by_key(screened(demo_session, as_of))
    assert found == expected
    assert {one.number for one in found.values()} >= {"K01", "K02"}
    assert len(found) > 20


@st.composite
def uses(draw: st.DrawFn) -> dict[str, Any]:
    """A use around the border of two towns with different values; quarter metres make thresholds likely."""
    quarter = st.integers(-80, 80).map(lambda n: n / 4)
    size = st.integers(1, 60).map(lambda n: n / 4)
    first = draw(st.integers(0, 25))
    last = draw(st.sampled_from([None, first, first + 3, first + 9]))
    every = draw(st.sampled_from([None, {"hours": ["22:00", "05:00"]}, {"hours": ["08:00", "12:00"]}]))
    collection = draw(st.sampled_from(["permits", "permits", "events"]))
    return {
        "collection": collection,
        "use": draw(st.sampled_from(["geruest", "plakat"])),
        "state": draw(st.sampled_from({"permits": ["submitted", "granted", "rejected"], "events": ["planned", "granted"]}[collection])),
        "rect": [draw(quarter), draw(quarter), draw(size), draw(size)],
        "days": [DAY + timedelta(days=first), None if last is None else DAY + timedelta(days=last)],
        "heights": draw(st.sampled_from([[None, None], [0, 2], [2, 4]])),
        "takes": draw(st.sampled_from([[], ["footway"], ["carriageway"]])),
        "every": None if last is None else every,  # a pattern needs an end
        "filed": draw(st.sampled_from([date(2026, 5, 1), date(2026, 5, 30)])),
        "case": draw(st.sampled_from(["a", "b", "c", "d", "e"])),
    }  # fmt: skip


@pytest.fixture
def two_towns(scenery: Any, empty_database: Database, empty_session: Session) -> Any:
    """West and east; the east looks 3 m for neighbours and takes 2 m² for noise."""
    scenery.add_town(empty_database, ags="06431002", name="West", rect=[-1000, -1000, 1000, 2000])
    scenery.add_town(empty_database, ags="06431011", name="Ost", rect=[0, -1000, 1000, 2000])
    with empty_database.owner_connection() as owner:
        owner.execute(
            "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source) VALUES"
            " ('06431011', 'neighbour_distance_m', '2026-01-01', 3, 'Satzung'),"
            " ('06431002', 'overlap_noise_m2', '2026-01-01', 2, 'Satzung')"
        )
        owner.execute("UPDATE configuration_version SET last_value = last_value + 1")
    speak_as(empty_session, actor="operator")
    forget_values(empty_session)
    return scenery.Scene(empty_session)


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(everything=st.lists(uses(), min_size=2, max_size=9))
def test_random_scenes_are_screened_as_they_are_checked(
    two_towns: Any, everything: list[dict[str, Any]]
) -> None:
    session = two_towns.session
    with session.begin_nested() as savepoint:
        for use in everything:
            state = use["state"]
            two_towns.store({k: v for k, v in use.items() if v is not None}, state=state)
        expected, found = single_checks(session, AS_OF), screened(session, AS_OF)
        once = screened(session, AS_OF, once=True)
        savepoint.rollback()
    assert by_key(found) == by_key(expected)
    assert Counter(pairs_of(once).keys()) == Counter(pairs_of(expected).keys())
    assert len(once) == len(pairs_of(expected))
    for key, worst in pairs_of(expected).items():
        assert pairs_of(once)[key].weight == worst.weight


def pairs_of(findings: list[Finding]) -> dict[tuple[Any, ...], Finding]:
    """The worse direction of each unordered pair and rule."""
    worst: dict[tuple[Any, ...], Finding] = {}
    for one in findings:
        both = {one.mine_source} if one.other is None else {one.mine_source, one.other.source_id}
        key = (one.rule, tuple(sorted(both)), one.segment_id)
        if key not in worst or one.weight < worst[key].weight:
            worst[key] = one
    return worst


@pytest.fixture
def street(two_towns: Any, scenery: Any) -> Any:
    """West: two overlapping granted uses in June in Hauptstraße; one of July on the border; two apart in Ost."""
    scenery.add_road(
        two_towns.session, {"line": [[-300, 0], [-100, 0]], "name": "Hauptstraße", "footways": [4, 4]}
    )
    two_towns.session.execute(text("UPDATE road_segment SET town = '06431002'"))
    return two_towns


def store(scene: Any, words: dict[str, Any]) -> int:
    occupation_id: int = scene.store(words, state=words.get("state", "granted"))
    return occupation_id


def numbers(findings: list[Finding]) -> list[str]:
    return sorted(one.number for one in findings if one.other is not None)


def test_a_town_sees_pairs_in_which_it_has_a_part(two_towns: Any) -> None:
    store(two_towns, {"rect": [-12, 0, 10, 4]})
    store(two_towns, {"rect": [-4, 0, 4.5, 4]})
    store(two_towns, {"rect": [0.1, 0, 10, 4]})
    # The last two share 1.6 m²: noise for the west, an overlap for the east.
    everything = ["K01", "K01", "K02", "K02"]
    assert numbers(screened(two_towns.session, AS_OF, once=True)) == everything
    assert numbers(screened(two_towns.session, AS_OF, town="06431002", once=True)) == everything
    assert numbers(screened(two_towns.session, AS_OF, town="06431011", once=True)) == ["K01", "K02", "K02"]
    own = {one.mine_town for one in screened(two_towns.session, AS_OF, town="06431011") if one.other is None}
    assert own == {"06431011"}


def test_a_street_by_the_names_people_write(street: Any) -> None:
    store(street, {"rect": [-200, -3, 10, 4]})
    store(street, {"rect": [-195, -3, 10, 4]})
    store(street, {"rect": [-600, 300, 10, 4]})
    store(street, {"rect": [-595, 300, 10, 4]})
    assert numbers(screened(street.session, AS_OF, once=True)) == ["K01", "K01"]
    assert numbers(screened(street.session, AS_OF, street="HAUPTSTR.", once=True)) == ["K01"]
    assert numbers(screened(street.session, AS_OF, street="Hauptstraße", town="06431002", once=True)) == [
        "K01"
    ]
    with pytest.raises(NoSuchStreet):
        screened(street.session, AS_OF, street="Hauptstraße", town="06431011")
    with pytest.raises(NoSuchStreet):
        screened(street.session, AS_OF, street="Nebenstraße")


def june(first: int, last: int) -> Interval:
    return Interval.of_days(DAY + timedelta(days=first - 1), DAY + timedelta(days=last - 1))


def test_a_period_keeps_what_meets_in_it(two_towns: Any) -> None:
    late = {"filed": date(2026, 5, 30)}
    store(two_towns, {"rect": [-200, 0, 10, 4], "days": [date(2026, 6, 1), date(2026, 6, 10)], **late})
    store(two_towns, {"rect": [-195, 0, 10, 4], "days": [date(2026, 6, 8), date(2026, 6, 30)], **late})
    store(two_towns, {"rect": [-300, 0, 10, 4], "days": [date(2026, 6, 1), date(2026, 6, 10)], **late})
    store(two_towns, {"rect": [-295, 0, 10, 4], "days": [date(2026, 6, 12), date(2026, 6, 30)], **late})

    def meeting(first: int, last: int) -> list[str]:
        return numbers(screened(two_towns.session, AS_OF, period=june(first, last), once=True))

    assert meeting(1, 7) == []
    assert meeting(8, 8) == ["K01"]
    assert meeting(10, 10) == ["K01"]
    assert meeting(11, 11) == ["K02"]
    assert meeting(13, 30) == []
    at_short_notice = rule_names("K23")
    assert len(screened(two_towns.session, AS_OF, rules=at_short_notice)) == 4
    assert len(screened(two_towns.session, AS_OF, period=june(11, 11), rules=at_short_notice)) == 1


def test_rules_and_severities_are_chosen(two_towns: Any) -> None:
    store(two_towns, {"rect": [-200, 0, 10, 4], "filed": date(2026, 5, 30)})
    store(two_towns, {"rect": [-195, 0, 10, 4], "state": "submitted"})
    store(two_towns, {"rect": [-183, 0, 10, 4]})
    session = two_towns.session
    assert numbers(screened(session, AS_OF, once=True)) == ["K01", "K02", "K02"]
    assert {one.number for one in screened(session, AS_OF, rules=rule_names("k01"))} == {"K01"}
    assert {one.number for one in screened(session, AS_OF, rules=rule_names("lead_time"))} == {"K23"}
    blocks = screened(session, AS_OF, severities=frozenset({"block"}), once=True)
    assert [(one.number, one.severity) for one in blocks] == [("K01", "block")]


def test_the_pairs_are_found_by_the_spatial_index(two_towns: Any) -> None:
    from geo_service.conflicts.screen_pairs import _shared_binds, catalogues_for
    from geo_service.conflicts.screen_statement import screening_statement
    from geo_service.db.prepared import _by_position

    session = two_towns.session
    found = catalogues_for(session, rule_names("K01") | rule_names("K02"), AS_OF)
    binds = {**_shared_binds(found), "as_of": AS_OF, "low": 0, "high": 10}
    session.execute(text("SET LOCAL enable_seqscan = off"))
    statement = screening_statement(found[None].rules, once=True)
    plan = "\n".join(session.execute(text(f"EXPLAIN {statement}"), binds).scalars())
    assert "Index Scan using occupation_area_gist" in plan
    assert "area && st_expand(one.area" in plan
    assert _by_position(statement)[1]


def test_rows_read_ahead_come_in_order_and_end_as_they_should() -> None:
    assert list(read_ahead(iter(range(1000)))) == list(range(1000))
    closed: list[bool] = []

    def endless() -> Iterator[int]:
        try:
            yield from range(1_000_000_000)
        finally:
            closed.append(True)

    started = read_ahead(endless())
    assert [next(started), next(started)] == [0, 1]
    started.close()  # type: ignore[attr-defined]
    assert closed == [True]

    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("in the thread")

    with pytest.raises(ValueError, match="in the thread"):
        list(read_ahead(broken()))


def test_whoever_stops_early_can_go_on_asking(two_towns: Any) -> None:
    for n in range(40):
        store(two_towns, {"rect": [-200 + n, 0, 10, 4]})
    some = screen(two_towns.session, Scope(), as_of=AS_OF)
    next(some)
    some.close()  # type: ignore[attr-defined]
    assert two_towns.session.execute(text("SELECT count(*) FROM occupation")).scalar_one() == 40
    assert len(screened(two_towns.session, AS_OF, rules=rule_names("K01"))) > 500
