"""K01, K02, K22 and K18–K20 in the database agree with an independent evaluation in shapely, on random scenes."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from geo_service.db.database import Database

DAY = date(2026, 6, 1)
USES = {"geruest": True, "plakat": False}


@st.composite
def uses(draw: st.DrawFn) -> dict[str, Any]:
    """A use somewhere in 40 × 40 m and 50 days; quarter and five metres make touching and thresholds likely."""
    quarter = st.integers(0, 160).map(lambda n: n / 4) | st.integers(0, 8).map(lambda n: n * 5.0)
    size = st.integers(1, 60).map(lambda n: n / 4) | st.sampled_from([5.0, 10.0])
    first = draw(st.integers(0, 9) | st.integers(30, 40))
    low = draw(st.sampled_from([None, 0, 2, 4]))
    return {
        "use": draw(st.sampled_from(sorted(USES))),
        "state": draw(st.sampled_from(["submitted", "granted"])),
        "rect": [draw(quarter), draw(quarter), draw(size), draw(size)],
        "days": [DAY + timedelta(days=first), DAY + timedelta(days=first + draw(st.integers(0, 9)))],
        "heights": [low, draw(st.sampled_from([None, (low or 0) + 2]))],
        "takes": draw(st.sampled_from([[], ["footway"], ["carriageway"], ["carriageway", "footway"]])),
        "excavation": draw(st.booleans()),
    }


def rectangle(use: dict[str, Any]) -> Any:
    x, y, width, depth = use["rect"]
    return box(x, y, x + width, y + depth)


def expected(mine: dict[str, Any], other: dict[str, Any]) -> set[tuple[str, str]]:
    """What a careful person would say about two uses."""
    shared_m2 = rectangle(mine).intersection(rectangle(other)).area
    together = mine["days"][0] <= other["days"][1] and other["days"][0] <= mine["days"][1]
    days_between = max(
        (other["days"][0] - mine["days"][1]).days - 1, (mine["days"][0] - other["days"][1]).days - 1, 0
    )
    tops = [use["heights"][1] if use["heights"][1] is not None else 1e9 for use in (mine, other)]
    bottoms = [use["heights"][0] or 0 for use in (mine, other)]
    if shared_m2 >= 0.25 and together and max(bottoms) < min(tops):
        excluding = USES[mine["use"]] and USES[other["use"]] and other["state"] == "granted"
        return {("K01", "block" if excluding else "warn")}
    found = set()
    apart_m = rectangle(mine).distance(rectangle(other))
    if apart_m <= 10 and days_between <= 1:
        on_the_road = "carriageway" in mine["takes"] and "carriageway" in other["takes"]
        found.add(("K02", "warn" if on_the_road and together else "info"))
    if mine["excavation"] and other["excavation"] and apart_m <= 25 and not together and days_between <= 30:
        found.add(("K22", "chance"))
    return found


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(mine=uses(), others=st.lists(uses(), min_size=1, max_size=5))
def test_the_rules_agree_with_shapely(scene: Any, mine: dict[str, Any], others: list[dict[str, Any]]) -> None:
    with scene.session.begin_nested() as savepoint:
        stored = {scene.store(other): other for other in others}
        found: dict[int, set[tuple[str, str]]] = {occupation_id: set() for occupation_id in stored}
        for finding in scene.check({**mine, "state": "submitted"}).findings:
            if finding.other is not None and finding.other.occupation_id is not None:
                found[finding.other.occupation_id].add((finding.number, finding.severity))
        savepoint.rollback()
    assert found == {occupation_id: expected(mine, other) for occupation_id, other in stored.items()}


HOURS = [None, ["08:00", "16:00"], ["16:00", "20:00"], ["20:00", "08:00"], ["22:00", "05:00"]]


def at_hours(draw: st.DrawFn, words: dict[str, Any]) -> dict[str, Any]:
    hours = draw(st.sampled_from(HOURS))
    return words if hours is None else {**words, "every": {"hours": hours}}


@st.composite
def spots(draw: st.DrawFn) -> dict[str, Any]:
    """Somewhere in 12 × 12 m and ten days: what is drawn meets, touches and misses about as often."""
    quarter = st.integers(0, 28).map(lambda n: n / 4)
    size = st.integers(4, 24).map(lambda n: n / 4)
    first = DAY + timedelta(days=draw(st.integers(0, 6)))
    return {
        "rect": [draw(quarter), draw(quarter), draw(size), draw(size)],
        "days": [first, first + timedelta(days=draw(st.integers(0, 4)))],
    }


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """An event, its set-up and clearing included."""
    state = draw(st.sampled_from(["planned", "granted"]))
    return at_hours(draw, {**draw(spots()), "collection": "events", "state": state})


@st.composite
def places(draw: st.DrawFn) -> dict[str, Any]:
    """A blackout or a no-dig period."""
    words = {**draw(spots()), "cancelled": draw(st.sampled_from([False, False, False, True]))}
    if draw(st.booleans()):
        return {**words, "object": "no_dig_period"}
    refuses = st.lists(st.sampled_from(["digging", "geruest", "plakat", "all"]), min_size=1, max_size=2)
    return at_hours(draw, {**words, "object": "blackout", "refuses": draw(refuses)})


@st.composite
def works(draw: st.DrawFn) -> dict[str, Any]:
    """What is tested: a use that may dig at certain hours, or a site of a utility."""
    kind = draw(
        st.sampled_from(
            ["scaffold", "site of 1000", "dig", "site of 1000", "posters", "site of 2000", "site"]
        )
    )
    words = {**draw(spots()), "use": "plakat" if kind == "posters" else "geruest"}
    words["excavation"] = kind in ("dig", "site of 1000", "site of 2000")
    if not kind.startswith("site"):
        return at_hours(draw, words)
    utility = int(kind[-4:]) if kind != "site" else None
    return at_hours(draw, {**words, "collection": "construction_sites", "utility": utility})


def quarters(words: dict[str, Any]) -> set[tuple[date, int]]:
    """Every quarter of an hour that is taken; in June no clock changes. A night belongs to the day it begins on."""
    begin, end = (
        int(text[:2]) * 4 + int(text[3:]) // 15
        for text in words.get("every", {}).get("hours", ["00:00", "24:00"])
    )
    first, last = words["days"]
    taken = set()
    for number in range(-1, (last - first).days + 1):
        for quarter in range(begin, end if end > begin else end + 96):
            day = first + timedelta(days=number + quarter // 96)
            if first <= day <= last:
                taken.add((day, quarter % 96))
    return taken


def shares(mine: dict[str, Any], other: dict[str, Any]) -> bool:
    return rectangle(mine).intersection(rectangle(other)).area >= 0.25 and bool(
        quarters(mine) & quarters(other)
    )


def of_event(mine: dict[str, Any], event: dict[str, Any]) -> set[tuple[str, str]]:
    if not shares(mine, event):
        return set()
    return {("K18", "block" if event["state"] == "granted" else "warn")}


def of_place(mine: dict[str, Any], thing: dict[str, Any]) -> set[tuple[str, str]]:
    if thing["cancelled"] or not shares(mine, thing):
        return set()
    if thing["object"] == "no_dig_period":
        severity = "warn" if mine.get("utility") == 1000 else "block"
        return {("K20", severity)} if mine["excavation"] else set()
    named = mine["use"] if mine.get("collection") != "construction_sites" else None
    refused = {"all", named} | ({"digging"} if mine["excavation"] else set())
    return {("K19", "block" if refused & set(thing["refuses"]) else "info")}


@pytest.fixture
def town_scene(scenery: Any, empty_database: Database, scene: Any) -> Any:
    """The scene inside a town: blackouts belong to one."""
    scenery.add_town(empty_database, ags="06431002", name="Bensheim", rect=[-1000, -1000, 2000, 2000])
    scene.add_place = lambda words: scenery.add_place(scene.session, words)
    return scene


def found_in(
    scene: Any, mine: dict[str, Any], held: list[dict[str, Any]], things: list[dict[str, Any]]
) -> list[set[tuple[str, str]]]:
    """What the database says about each event and each place, in their order."""
    stored = [scene.store(event) for event in held]
    for number, thing in enumerate(things):
        scene.add_place({**thing, "title": f"place {number}"})
    found: list[set[tuple[str, str]]] = [set() for _ in (*held, *things)]
    state = "planned" if "collection" in mine else "submitted"
    for finding in scene.check({**mine, "state": state}).findings:
        if finding.number == "K18":
            found[stored.index(finding.other.occupation_id)].add((finding.number, finding.severity))
        elif finding.number in ("K19", "K20"):
            (number,) = re.findall(r"place (\d)", finding.explanation["de"])
            found[len(held) + int(number)].add((finding.number, finding.severity))
    return found


def test_events_blackouts_and_no_dig_periods_agree_with_shapely(town_scene: Any) -> None:
    hits: Counter[tuple[str, str]] = Counter()
    apart = []  # the periods meet, the hours do not

    @settings(max_examples=200, database=None, derandomize=True, deadline=None)
    @given(
        mine=works(),
        held=st.lists(events(), min_size=2, max_size=4),
        things=st.lists(places(), min_size=3, max_size=6),
    )
    def compare(mine: dict[str, Any], held: list[dict[str, Any]], things: list[dict[str, Any]]) -> None:
        expected = [of_event(mine, event) for event in held] + [of_place(mine, thing) for thing in things]
        with town_scene.session.begin_nested() as savepoint:
            found = found_in(town_scene, mine, held, things)
            savepoint.rollback()
        assert found == expected
        for each in expected:
            hits.update(each)
        for other in (*held, *things):
            whole = [{key: words[key] for key in ("rect", "days")} for words in (mine, other)]
            apart.append(shares(whole[0], whole[1]) and not shares(mine, other))

    compare()
    # What is drawn meets often enough for the comparison to mean something.
    wanted = [(number, severity) for number in ("K18", "K20") for severity in ("block", "warn")]
    assert all(hits[each] >= 4 for each in (*wanted, ("K19", "block"), ("K19", "info"))), hits
    assert sum(apart) >= 20
