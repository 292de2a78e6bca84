"""From 6 June, or 7 metres further: exact on the grid, verified, and within the budget."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from shapely.affinity import rotate, translate
from shapely.geometry import LineString, box, shape
from sqlalchemy import text

from geo_service.conflicts import free_candidates
from geo_service.conflicts.alternatives import (
    Alternatives,
    _too_narrow_alone,
    alternatives_document,
    find_alternatives,
    is_worth_a_search,
)
from geo_service.conflicts.alternatives_place import _elsewhere, _sent
from geo_service.conflicts.alternatives_time import find_time
from geo_service.conflicts.catalogue import catalogue_of, forget_values, rulebook
from geo_service.conflicts.check import CheckQuestion, CheckResult, check_binds, check_question
from geo_service.conflicts.free_candidates import OutOfTime, Search
from geo_service.crs import to_town
from geo_service.errors import BadInterval
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate, located
from geo_service.occupations.recurrence import Recurrence

EAST, NORTH = 470_000.0, 5_505_000.0
TODAY = date(2026, 5, 1)
AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
JUNE = [date(2026, 6, 1), date(2026, 6, 14)]
TOWN = "06431002"
STREET = "INSERT INTO road_segment (segment_id, street_name, road_class, highway, axis, start_node, end_node, carriageway_width_m, footway_width_left_m, footway_width_right_m, modes, in_service, width_source, source, source_id) VALUES (:id, :name, 'gemeindestrasse', 'residential', ST_SetSRID(ST_GeomFromText(:wkt), 25832), :start, :end, 6, 2, 2, '{car,foot}', true, 'assumed', 'test', :id)"  # so that free widths do not block here
# Hauptstraße comes from the west, bends twice and is cut into three; the second piece is drawn against the others.
# A side street bears the same name, another one crosses.
PIECES = {
    "t:1": ("Hauptstraße", [(-80, 2), (-10, 2)], 1, 2),
    "t:2": ("Hauptstraße", [(60, 41), (15, 9), (-10, 2)], 3, 2),
    "t:3": ("Hauptstraße", [(60, 41), (63, 110)], 3, 4),
    "t:4": ("Hauptstraße", [(-10, 2), (-40, 70)], 2, 5),
    "t:5": ("Querstraße", [(-10, 2), (-5, -60)], 2, 6),
}
AXIS = [(-80, 2), (-10, 2), (15, 9), (60, 41), (63, 110)]
# What a planner would call the axis of the street, in the direction of the piece that the shape stands in.
JOINED = {
    "t:1": AXIS,
    "t:2": AXIS[::-1],
    "t:3": AXIS,
    "t:4": [*AXIS[:0:-1], (-40, 70)],
    "t:5": [(-10, 2), (-5, -60)],
}


def blocked(result: CheckResult) -> bool:
    return any("block" in (finding.severity, finding.could_be) for finding in result.findings)


@dataclass
class Town:
    """A town with a street of several pieces, all in one rolled-back session."""

    scene: Any
    scenery: Any
    database: Any

    def store(self, words: dict[str, Any], **more: Any) -> int:
        return int(self.scene.store(words, **more))

    def question(self, words: dict[str, Any]) -> CheckQuestion:
        mine = self.scenery.occupation(words, state="submitted")
        location = locate(self.scene.session, mine.area, day=TODAY)
        return CheckQuestion(mine=located(mine, location), location=location)

    def check(self, question: CheckQuestion) -> CheckResult:
        return check_question(self.scene.session, question, as_of=AS_OF)

    def alternatives(self, words: dict[str, Any], **more: Any) -> Alternatives:
        question = self.question(words)
        given = {"recurrence": None, "as_of": AS_OF, "budget_s": 60, **more}
        return find_alternatives(self.scene.session, question, self.check(question), **given)

    def set_parameter(self, name: str, value: float) -> None:
        with self.database.owner_connection() as owner:
            owner.execute(
                "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source) VALUES (%s, %s, '2026-01-01', %s, '§')",
                [TOWN, name, value],
            )
        forget_values(self.scene.session)


@pytest.fixture
def town(scene: Any, scenery: Any, empty_database: Any) -> Iterator[Town]:
    scenery.add_town(empty_database, ags=TOWN, name="Bensheim", rect=[-2000, -2000, 4000, 4000])
    for name, (street, places, start, end) in PIECES.items():
        wkt = LineString([(EAST + x, NORTH + y) for x, y in places]).wkt
        values = {"id": name, "name": street, "wkt": wkt, "start": start, "end": end}
        scene.session.execute(text(STREET), values)
    forget_values(scene.session)
    yield Town(scene, scenery, empty_database)
    forget_values(scene.session)


def first_day(found: Alternatives) -> date | None:
    return None if found.time is None else found.time.period.first_day()


def area_of(found: Alternatives) -> Any:
    assert found.place is not None
    return translate(to_town(shape(found.place.geometry)), -EAST, -NORTH)


HOME = {"rect": [-60, -2, 10, 4]}


def test_from_the_day_after_or_ten_metres_further(town: Town) -> None:
    town.store(HOME)
    found = town.alternatives(HOME)
    assert found.time is not None
    assert found.time.period.days() == 14
    assert alternatives_document(found) == {
        "time": {"from": "2026-06-15", "until": "2026-06-28"},
        "place": {"geometry": found.place.geometry if found.place else None, "shift_m": 10.0},
        "incomplete": False,
    }
    # To the left and to the right it is free ten metres away: the lower station is meant.
    assert area_of(found).bounds == pytest.approx((-70, -2, -60, 2), abs=0.002)


def test_where_the_footway_is_too_narrow_neither_day_nor_place_helps(town: Town) -> None:
    town.scene.session.execute(text("UPDATE road_segment SET width_source = 'measured'"))
    alone = town.check(town.question(HOME))
    assert {f.number for f in alone.findings if f.severity == "block"} == {"K04"}
    found = town.alternatives(HOME)
    assert (found.time, found.place, found.incomplete) == (None, None, False)


def test_only_as_far_as_the_parameters_say(town: Town) -> None:
    town.store(HOME)
    town.set_parameter("alternative_days", 13)
    town.set_parameter("alternative_reach_m", 9.5)
    found = town.alternatives(HOME)
    assert (found.time, found.place, found.incomplete) == (None, None, False)


def test_the_last_day_and_the_last_step_count_too(town: Town) -> None:
    town.store(HOME)
    town.set_parameter("alternative_days", 14)
    town.set_parameter("alternative_reach_m", 10)
    found = town.alternatives(HOME)
    assert first_day(found) == date(2026, 6, 15)
    assert found.place is not None


def test_ninety_days_and_fifty_metres_where_nobody_says_otherwise(town: Town) -> None:
    wall = {"rect": [-80, -10, 80, 24]}
    town.store({**wall, "days": [JUNE[0], JUNE[0] + timedelta(days=89)]})
    assert first_day(town.alternatives(HOME)) == JUNE[0] + timedelta(days=90)
    town.store({**wall, "days": [JUNE[0] + timedelta(days=90), JUNE[0] + timedelta(days=90)]})
    found = town.alternatives(HOME)
    assert (found.time, found.place, found.incomplete) == (None, None, False)


def test_the_step_is_the_one_that_is_in_force(town: Town) -> None:
    town.store({"rect": [-62.3, -2, 12.7, 4]})
    found = town.alternatives(HOME).place
    assert found is not None and found.shift_m == 10.5
    town.set_parameter("alternative_step_m", 4)
    found = town.alternatives(HOME).place
    assert found is not None and found.shift_m == 12


def test_no_step_no_place(town: Town) -> None:
    town.store(HOME)
    town.set_parameter("alternative_step_m", 0)
    assert town.alternatives(HOME).place is None


def test_where_the_street_ends_so_do_the_places(town: Town) -> None:
    mine = {"rect": [-79, 0, 4, 4]}  # its middle lies 3 m from the end of the axis
    town.store({"rect": [-90, -10, 14.9, 24]})
    found = town.alternatives(mine)
    assert found.place is not None and found.place.shift_m == 4
    assert area_of(found).bounds[0] == pytest.approx(-75, abs=0.002)


def test_around_a_bend_the_shape_turns_with_the_street(town: Town) -> None:
    mine = {"rect": [-24, -2, 4, 1]}
    town.store({"rect": [-90, -10, 95, 14]})
    found = town.alternatives(mine)
    moved = area_of(found)
    assert moved.area == pytest.approx(4, abs=0.01)
    # 3.5 m beside the axis before, and after it.
    axis = LineString(AXIS)
    assert moved.centroid.distance(axis) == pytest.approx(3.5, abs=0.002)
    sides = list(moved.exterior.coords)
    heading = math.atan2(sides[1][1] - sides[0][1], sides[1][0] - sides[0][0])
    assert heading % (math.pi / 2) == pytest.approx(math.atan2(7, 25), abs=0.001)


def test_the_straight_way_on_is_taken_and_not_the_side_street_of_the_same_name(town: Town) -> None:
    mine = {"rect": [-16, 1, 2, 2]}
    town.store({"rect": [-70, -10, 62, 24]})
    found = town.alternatives(mine)
    assert area_of(found).centroid.x > -9


def test_a_street_of_another_name_is_not_followed_however_straight_it_goes_on(town: Town) -> None:
    wkt = LineString([(EAST - 10, NORTH + 2), (EAST + 90, NORTH + 2)]).wkt
    more = {"id": "t:6", "name": "Neugasse", "wkt": wkt, "start": 2, "end": 7}
    town.scene.session.execute(text(STREET), more)
    town.store({"rect": [-90, -10, 95, 14]})
    # The bend of Hauptstraße leads up and to the left of Neugasse.
    assert area_of(town.alternatives({"rect": [-24, 2, 4, 1]})).centroid.y > 4


def test_a_blackout_is_waited_for_and_gone_round(town: Town) -> None:
    area = box(EAST - 70, NORTH - 10, EAST - 45, NORTH + 14).wkt
    town.scene.session.execute(
        text(
            "INSERT INTO blackout (blackout_id, town, title, area, period, refuses) VALUES (gen_random_uuid(), :town, 'Markt',"
            " ST_SetSRID(ST_GeomFromText(:area), 25832), tstzrange('2026-06-10 00:00+02', '2026-06-21 00:00+02'), '{all}')"
        ),
        {"town": TOWN, "area": area},
    )
    found = town.alternatives(HOME)
    assert first_day(found) == date(2026, 6, 21)
    assert found.place is not None and found.place.shift_m == 15


def test_outside_every_street_there_is_another_time_and_no_other_place(town: Town) -> None:
    town.store({"rect": [300, 300, 10, 4]})
    found = town.alternatives({"rect": [300, 300, 10, 4]})
    assert first_day(found) == date(2026, 6, 15)
    assert (found.place, found.incomplete) == (None, False)


def test_the_pattern_is_kept(town: Town) -> None:
    mine = {**HOME, "days": [date(2026, 6, 1), date(2026, 6, 2)], "every": {"weekdays": ["mon"]}}
    town.store({**HOME, "days": [date(2026, 6, 1), date(2026, 6, 1)]})
    found = town.alternatives(mine, recurrence=Recurrence(weekdays=frozenset({"mon"})))
    # From Tuesday on there is no Monday in two days; Sunday and Monday are the next two with one.
    assert first_day(found) == date(2026, 6, 7)


def test_the_hours_of_a_pattern_are_kept(town: Town) -> None:
    night = {"hours": ["22:00", "05:00"]}
    town.store(
        {**HOME, "days": [date(2026, 6, 1), date(2026, 6, 20)], "every": {"hours": ["06:00", "20:00"]}}
    )
    town.store({**HOME, "days": [date(2026, 6, 1), date(2026, 6, 3)], "every": night})
    mine = {**HOME, "days": [date(2026, 6, 1), date(2026, 6, 2)], "every": night}
    pattern = Recurrence(from_time=clock(22), until_time=clock(5))
    # The market of the day is in nobody's way at night.
    assert first_day(town.alternatives(mine, recurrence=pattern)) == date(2026, 6, 4)


def test_times_of_the_clock_stay_across_the_change_of_clocks(town: Town) -> None:
    days = ["2026-10-24T08:00+02:00", "2026-10-24T12:00+02:00"]
    town.store({**HOME, "instants": days})
    found = town.alternatives({**HOME, "instants": days})
    document = alternatives_document(found)
    assert document is not None
    assert document["time"] == {
        "from": "2026-10-25", "until": "2026-10-25",
        "start": "2026-10-25T07:00:00Z", "end": "2026-10-25T11:00:00Z",
    }  # fmt: skip


def test_nothing_is_offered_that_lies_in_the_past(town: Town) -> None:
    past = [date(2026, 4, 1), date(2026, 4, 3)]
    town.store({**HOME, "days": past})
    assert first_day(town.alternatives({**HOME, "days": past})) == TODAY


def test_what_could_be_blocked_is_not_offered(town: Town) -> None:
    town.store(HOME)
    stays = town.store({**HOME, "days": [date(2026, 6, 15), date(2026, 6, 15)]})
    town.scene.session.execute(
        text(
            "UPDATE occupation SET period = tstzrange(lower(period), NULL), end_known = false WHERE occupation_id = :id"
        ),
        {"id": stays},
    )
    found = town.alternatives(HOME)
    assert (found.time, found.incomplete) == (None, False)


def test_the_competence_alone_is_no_reason_to_search(town: Town) -> None:
    outside = town.check(town.question({"rect": [9000, 9000, 4, 4]}))
    assert [(f.number, f.severity) for f in outside.findings] == [("K24", "block")]
    assert not is_worth_a_search(outside)
    assert not is_worth_a_search(town.check(town.question(HOME)))
    town.store(HOME)
    assert is_worth_a_search(town.check(town.question(HOME)))


@pytest.mark.parametrize("certain", [True, False])
def test_the_whole_check_has_the_last_word(
    town: Town, monkeypatch: pytest.MonkeyPatch, certain: bool
) -> None:
    """A rule that only the whole check knows: nothing before 20 June, nothing within 12 metres."""
    town.store(HOME)
    no = town.check(town.question(HOME))
    if not certain:
        unsure = tuple(replace(f, severity="undetermined", could_be=f.severity) for f in no.findings)
        no = replace(no, verdict="review", findings=unsure)
    asked: list[CheckQuestion] = []

    def whole(session: Any, question: CheckQuestion, *, as_of: datetime) -> CheckResult:
        asked.append(question)
        moved_m = abs(question.mine.area.centroid.x - EAST + 55) if question.mine.area else 0
        if question.mine.period.first_day() < date(2026, 6, 20) and moved_m < 11.9:
            return no
        return check_question(session, question, as_of=as_of)

    monkeypatch.setattr(free_candidates, "check_question", whole)
    found = town.alternatives(HOME)
    assert first_day(found) == date(2026, 6, 20)
    assert found.place is not None and found.place.shift_m == 12
    # Five more days, four more steps to either side: what certainly is blocked was not asked.
    assert len(asked) == 6 + 9


def test_only_those_who_are_named_are_asked_first(town: Town) -> None:
    one, other = town.store(HOME), town.store(HOME)
    question = town.question(HOME)
    search = Search(session=town.scene.session, as_of=AS_OF, deadline=time.monotonic() + 60)
    for known, expected in (([one], {0}), ([other], {0}), ([], set())):
        found = search._blocked([question], lambda book: book.check_known_others, {"known_others": known})
        assert found == expected


def test_those_who_are_named_are_found_by_their_key_and_only_within_reach(town: Town) -> None:
    far = town.store({"rect": [500, 500, 10, 4]})
    question = town.question(HOME)
    found = catalogue_of(rulebook(), (), TOWN, TODAY)
    binds = {**check_binds(found, question, as_of=AS_OF), "known_others": [far]}
    statement = found.book.check_known_others
    wanted = {name: value for name, value in binds.items() if name in statement._bindparams}
    assert town.scene.session.execute(statement, wanted).all() == []
    town.scene.session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(row[0] for row in town.scene.session.execute(text(f"EXPLAIN {statement.text}"), wanted))
    assert "occupation_pkey" in plan
    assert "occupation_area_gist" not in plan


def test_without_time_the_search_says_so(town: Town) -> None:
    town.store(HOME)
    found = town.alternatives(HOME, budget_s=0)
    assert (found.time, found.place, found.incomplete) == (None, None, True)


@pytest.mark.parametrize("engine", ["app_engine", "reading_engine"])
def test_a_statement_ends_with_the_budget_and_leaves_the_session_as_it_was(
    empty_database: Any, engine: str
) -> None:
    from sqlalchemy.orm import Session

    opened = getattr(empty_database, engine)()
    with Session(opened) as session:
        before = session.execute(text("SHOW statement_timeout")).scalar_one()
        search = Search(session=session, as_of=AS_OF, deadline=time.monotonic() + 0.2)
        began = time.monotonic()

        def slow(_: Any) -> dict[int, CheckQuestion]:
            session.execute(text("SELECT pg_sleep(5)"))
            return {}

        with pytest.raises(OutOfTime):
            search.first_free([1], slow)
        assert time.monotonic() - began < 2
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == before
        search.deadline = time.monotonic() + 5
        assert search.first_free([1], lambda _: {}) is None
        assert session.execute(text("SHOW statement_timeout")).scalar_one() == before
        connection = session.connection().connection.driver_connection
        idle = psycopg.pq.TransactionStatus.IDLE
        assert (connection.info.transaction_status == idle) is (engine == "reading_engine")
    opened.dispose()


def test_at_another_place_the_streets_are_those_of_that_place(town: Town) -> None:
    question = town.question(HOME)
    question = replace(
        question, mine=replace(question.mine, takes=question.location.takes(), takes_derived=True)
    )
    assert question.mine.takes == {"carriageway", "footway"}
    search = Search(session=town.scene.session, as_of=AS_OF, deadline=time.monotonic() + 60)
    beside = translate(question.mine.area, 0, -200)
    (moved,) = _elsewhere(search, question, {1.0: _sent(beside)}).values()
    assert (moved.mine.takes, moved.location.streets) == (frozenset(), ())
    assert moved.mine.area is not None
    assert moved.mine.area.hausdorff_distance(beside) < 0.002


def test_what_mine_alone_leaves_too_narrow_ends_the_search_for_another_day(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strip rule that counts nobody in holds on every day; one that counts somebody in may not."""
    town.store(HOME)
    (block,) = [f for f in town.check(town.question(HOME)).findings if f.severity == "block"]
    narrow = replace(block, rule="narrow", other=None)
    rules = [SimpleNamespace(name="narrow", kind="strip"), SimpleNamespace(name="area_overlap", kind="pair")]
    ends = _too_narrow_alone(SimpleNamespace(rules=rules))  # type: ignore[arg-type]
    assert [ends(f) for f in (narrow, replace(narrow, together=(1,)), block)] == [True, False, False]

    asked: list[date] = []

    def whole(_: Any, question: CheckQuestion, *, as_of: datetime) -> CheckResult:
        asked.append(question.mine.period.first_day())
        return CheckResult(verdict="blocked", findings=(narrow,), findings_total=1)

    monkeypatch.setattr(free_candidates, "check_question", whole)
    for holds, calls in ((ends, 1), (lambda _: False, 5)):
        asked.clear()
        search = Search(
            session=town.scene.session, as_of=AS_OF, deadline=time.monotonic() + 60, holds_everywhere=holds
        )
        assert find_time(search, town.question(HOME), None, days=18) is None
        assert len(asked) == calls


# Brute force, written without a look at how the service searches.


def first_free_day(town: Town, words: dict[str, Any]) -> date | None:
    for later in range(1, 91):
        days = [day + timedelta(days=later) for day in words["days"]]
        try:
            question = town.question({**words, "days": days})
        except BadInterval:  # the pattern does not fall into these days
            continue
        if not blocked(town.check(question)):
            return days[0]
    return None


def heading(axis: LineString, station: float) -> float:
    at = min(station, axis.length - 0.001)
    a, b = axis.interpolate(at), axis.interpolate(at + 0.0005)
    return math.atan2(b.y - a.y, b.x - a.x)


def nearest_free_place(town: Town, words: dict[str, Any]) -> tuple[float, Any] | None:
    question = town.question(words)
    area = question.mine.area
    assert area is not None
    centroid = area.centroid

    def line(places: list[Any]) -> LineString:
        return LineString([(EAST + x, NORTH + y) for x, y in places])

    axes = {name: line(piece[1]) for name, piece in PIECES.items()}
    stands_in = [street.segment_id for street in question.location.streets]
    if not stands_in:
        return None
    home = min(stands_in, key=lambda name: axes[name].distance(centroid))
    axis = line(JOINED[home])
    station = axis.project(axes[home].interpolate(axes[home].project(centroid)))
    here = axis.interpolate(station)
    for half_metres in range(1, 101):
        for side in (-1, 1):
            there_m = station + side * half_metres / 2
            if not 0 <= there_m <= axis.length:
                continue
            there = axis.interpolate(there_m)
            turned = rotate(
                area, heading(axis, there_m) - heading(axis, station), origin=here, use_radians=True
            )
            moved = translate(turned, there.x - here.x, there.y - here.y)
            location = locate(town.scene.session, moved, day=TODAY)
            if not blocked(
                town.check(
                    CheckQuestion(
                        mine=located(replace(question.mine, area=moved), location), location=location
                    )
                )
            ):
                return half_metres / 2, moved
    return None


NIGHT = {"hours": ["22:00", "05:00"]}
PATTERNS: list[tuple[Any, Recurrence | None]] = [
    (None, None),
    ({"weekdays": ["mon", "tue"]}, Recurrence(weekdays=frozenset({"mon", "tue"}))),
    (NIGHT, Recurrence(from_time=clock(22), until_time=clock(5))),
]


def somewhere(dice: random.Random) -> dict[str, Any]:
    """A use near the street, most of them binding, days to months long, some with a pattern."""
    first = JUNE[0] + timedelta(days=dice.randrange(40))
    return {
        "use": dice.choice(["geruest", "container", "plakat"]),
        "state": dice.choice(["granted", "granted", "submitted"]),
        "rect": [dice.randint(-70, 60), dice.randint(-4, 30), dice.uniform(2, 40), dice.uniform(2, 12)],
        "days": [first, first + timedelta(days=dice.randrange(7, 70))],
        "every": dice.choice([None, None, {"weekdays": ["mon", "sat"]}, {"hours": ["06:00", "20:00"]}]),
    }


@pytest.mark.parametrize("seed", range(14))
def test_brute_force_finds_nothing_earlier_and_nothing_nearer(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    east = dice.uniform(-65, 45)
    north = (2 if east < -10 else 2 + (east + 10) * 0.5) + dice.uniform(-5, 4)
    every, pattern = PATTERNS[seed % len(PATTERNS)]
    mine = {
        "rect": [east, north, dice.uniform(2, 9), dice.uniform(1, 3)],
        "days": [JUNE[0], JUNE[0] + timedelta(days=dice.randrange(10))],
        "every": every,
    }
    town.store({"rect": mine["rect"], "days": mine["days"]})
    for other in (somewhere(dice) for _ in range(dice.randrange(4, 16))):
        town.store(other, state=other["state"])
    assert is_worth_a_search(town.check(town.question(mine)))
    found = town.alternatives(mine, recurrence=pattern)
    assert not found.incomplete
    assert first_day(found) == first_free_day(town, mine)
    nearest = nearest_free_place(town, mine)
    if nearest is None:
        assert found.place is None
    else:
        assert found.place is not None and found.place.shift_m == nearest[0]
        assert to_town(shape(found.place.geometry)).hausdorff_distance(nearest[1]) < 0.01
