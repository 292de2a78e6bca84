"""The graph that the network rules stand on, function by function: what an occupation closes, who else is counted in."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any
from uuid import uuid4

import pytest

from geo_service.occupations.row import occupation_row
from tests.conflicts.network_calls import (
    EVERYWHERE,
    FIRST,
    Net,
    Rows,
    a_box,
    bigints,
    closure,
    instant,
    json,
    multirange,
    the_closures,
    the_occupation,
    times,
)

FULL: dict[str, Any] = {
    "restriction": "full_closure",
    "pedestrian_guidance": "diverted",
    "takes": ["footway"],
}


def edges(net: Net) -> str:
    return str(net.one("network_edges", "car", EVERYWHERE))


def test_to_close_nothing_is_to_leave_all(net: Net) -> None:
    for closed in (None, []):
        assert net.one("without_closed", "SELECT 1", bigints(closed)) == "SELECT 1"


def test_the_main_network_is_the_largest_or_what_keeps_most_of_it(net: Net) -> None:
    for at, nodes in ((0, (1, 2, 3, 4)), (500, (11, 12, 13))):
        for a, b in pairwise(nodes):
            net.add({"name": f"{a}", "line": [[a * 10, at], [b * 10, at]], "nodes": [a, b]})
    asked = edges(net)
    assert sorted(net.one("main_network", asked, bigints([]), bigints(None))) == [1, 2, 3, 4]
    assert sorted(net.one("main_network", asked, bigints([]), bigints([1, 12, 13]))) == [12, 13]


def closed_by(
    net: Net, words: dict[str, Any], *, streets: Any = None, stored: bool = False
) -> dict[str, Any]:
    who = net.scenery.occupation(words, state="granted")
    if stored:
        who = replace(who, occupation_id=net.scenery.Scene(net.session).store(words))
    (row,) = net.call("closure_of", the_occupation(who), json(streets), 3.0)
    return row


def test_what_is_said_of_the_streets_is_not_looked_up_again(net: Net) -> None:
    net.add({"name": "a", "line": [[0, 0], [100, 0]], "nodes": [1, 2]})
    over = {**FULL, "rect": [10, -5, 20, 10]}
    assert closed_by(net, over)["driven"] == net.gids("a")  # of a request: measured
    assert closed_by(net, over, streets=[])["driven"] == []
    stored = net.scenery.Scene(net.session).store(over)
    who = replace(net.scenery.occupation(over, state="granted"), occupation_id=stored)
    for streets, driven in ((None, net.gids("a")), ([], [])):
        (row,) = net.call("closure_of", the_occupation(who), json(streets), 3.0)
        assert row["driven"] == driven
    elsewhere = replace(who, occupation_id=stored + 1_000_000)  # stored, and stands in nothing
    assert net.call("closure_of", the_occupation(elsewhere), json(None), 3.0)[0]["driven"] == []


def test_who_closes_by_list_alone_closes_nothing_it_stands_in(net: Net) -> None:
    net.add(
        {"name": "listed", "line": [[0, 50], [100, 50]], "nodes": [1, 2]},
        {"name": "stood in", "line": [[0, 0], [100, 0]], "nodes": [3, 4]},
    )
    words = {**FULL, "restriction": "one_lane", "rect": [10, -5, 20, 10], "closed_segments": ["listed"]}
    assert closed_by(net, words)["driven"] == net.gids("listed")


def test_what_is_closed_depends_on_what_a_street_is_for(net: Net) -> None:
    def row(name: str, y: float, **facts: Any) -> dict[str, Any]:
        return {"name": name, "line": [[0, y], [100, y]], "nodes": [int(y), int(y) + 1], **facts}

    net.add(
        row("street", 10), row("no foot", 20, modes=["car"]),
        row("for feet", 30, modes=["foot"]), row("planned", 40, in_service=False),
        row("no start", 50, nodes=[None, 51]), row("no end", 60, nodes=[60, None]),
    )  # fmt: skip
    everything = {**FULL, "rect": [10, 0, 20, 70]}
    found = closed_by(net, everything)
    assert found["driven"] == found["reached"] == net.gids("street", "no foot")
    assert found["walked"] == net.gids("street", "for feet")
    free = closed_by(net, {**everything, "restriction": "full_closure_residents_free"})
    assert (free["driven"], free["reached"]) == (net.gids("street", "no foot"), [])
    # A carriageway is closed and its footways are not; a path has nothing beside it.
    beside = closed_by(net, {**everything, "takes": ["carriageway"]})
    assert beside["walked"] == net.gids("for feet")


def test_of_a_period_with_an_end_all_is_known(scenery: Any, net: Net) -> None:
    for ends, words in ((True, {}), (False, {"instants": ["2026-06-01T00:00:00+00:00", None]})):
        who = the_occupation(scenery.occupation(words, state="granted"))
        known = net.one("known_period", who, instant(3))
        assert (known.upper > FIRST.replace(day=5)) is ends


def beside(
    net: Net, mine: Any, *, requests: Any = (), box: Any = (0, 0, 200, 200), as_of: float = -9
) -> Rows:
    asked = json([occupation_row(one) for one in requests])
    return net.call(
        "closures_beside", the_occupation(mine), asked, a_box(*box), 3.0, instant(as_of), 50
    )  # fmt: skip


@pytest.fixture
def quarter(net: Net) -> Net:
    """Two streets in the box, one far from it."""
    net.add(
        {"name": "near", "line": [[0, 50], [100, 50]], "nodes": [1, 2]},
        {"name": "next", "line": [[0, 150], [100, 150]], "nodes": [3, 4]},
        {"name": "far", "line": [[3000, 50], [3100, 50]], "nodes": [5, 6]},
    )
    return net


OVER_NEAR, OVER_FAR, GRASS = [10, 45, 20, 10], [3010, 45, 20, 10], [10, 90, 20, 10]


@pytest.mark.parametrize(
    ("words", "closes"),
    [
        ({"rect": OVER_NEAR}, ["near"]),
        ({"rect": OVER_NEAR, "closed_segments": ["next"]}, ["near", "next"]),
        ({"rect": OVER_FAR}, None),
        ({"rect": OVER_FAR, "closed_segments": ["next"]}, ["next", "far"]),
        ({"rect": OVER_FAR, "restriction": "one_lane", "closed_segments": ["far"]}, None),
        ({"rect": OVER_NEAR, "restriction": "one_lane", "closed_segments": ["far"]}, None),
        ({"rect": GRASS, "restriction": "one_lane", "closed_segments": ["near"]}, ["near"]),
        ({"rect": GRASS, "restriction": "one_lane", "closed_segments": ["near"], "state": "withdrawn"}, None),
        ({"rect": OVER_NEAR, "state": "withdrawn"}, None),
        ({"rect": OVER_NEAR, "restriction": "one_lane"}, None),
        ({"rect": GRASS}, None),
        ({"rect": OVER_NEAR, "every": {"weekdays": ["sun"]}}, None),
    ],
)
def test_who_closes_something_near_is_counted_in_once(
    quarter: Net, scenery: Any, words: dict[str, Any], closes: list[str] | None
) -> None:
    mine = scenery.occupation({**FULL, "rect": GRASS, "every": {"weekdays": ["mon"]}}, state="submitted")
    stored = scenery.Scene(quarter.session).store({**FULL, **words})
    found = [(row["occupation_id"], sorted(row["driven"])) for row in beside(quarter, mine)]
    assert found == ([] if closes is None else [(stored, sorted(quarter.gids(*closes)))])


def test_neither_oneself_nor_ones_own_case_is_beside_one(quarter: Net, scenery: Any) -> None:
    mine = scenery.occupation({**FULL, "rect": OVER_NEAR}, state="submitted")
    other = scenery.occupation({**FULL, "rect": OVER_NEAR}, state="submitted")
    same_source = replace(other, source_id=mine.source_id, case_group=uuid4())
    same_case = replace(other, case_group=mine.case_group)
    assert len(beside(quarter, mine, requests=[other, same_source, same_case])) == 1


@pytest.mark.parametrize(
    ("mine_ends", "other_ends", "as_of", "known"),
    [
        (True, True, -9, True), (False, True, -9, False), (True, False, -9, True), (False, False, -9, False),
        (False, True, 3, True), (True, False, 3, True), (False, False, 3, True),
    ],
)  # fmt: skip
def test_that_two_meet_is_known_where_it_rests_on_no_open_end(
    quarter: Net, scenery: Any, mine_ends: bool, other_ends: bool, as_of: float, known: bool
) -> None:
    """Mine begins two days before the other one; who has no end stands there when it begins, and still now."""
    end = {True: "2026-06-20T00:00:00+00:00", False: None}
    mine = {**FULL, "rect": GRASS, "instants": ["2026-06-01T00:00:00+00:00", end[mine_ends]]}
    other = {**FULL, "rect": OVER_NEAR, "instants": ["2026-06-03T00:00:00+00:00", end[other_ends]]}
    scenery.Scene(quarter.session).store(other)
    (row,) = beside(quarter, scenery.occupation(mine, state="submitted"), as_of=as_of)
    assert row["times_known"] is known


Sets = dict[tuple[int, ...], tuple[bool, bool, float, float]]


def sets_written_out(
    others: list[dict[str, Any]], spans: list[tuple[int, int]], mine: tuple[int, int]
) -> Sets:
    """Each company of some day of mine: binding, times known, the first and the last day it is there."""
    found: Sets = {}
    for binding_only in (True, False):
        for known_only in (True, False):
            for day in range(*mine):
                members = tuple(
                    place
                    for place, (one, (first, until)) in enumerate(zip(others, spans, strict=True), start=1)
                    if first <= day < until
                    and (one["binding"] or not binding_only)
                    and (one["times_known"] or not known_only)
                )
                if not members:
                    continue
                facts = [others[place - 1] for place in members]
                first, until = found.get(members, (True, True, day, day))[2:]
                found[members] = (
                    all(one["binding"] for one in facts), all(one["times_known"] for one in facts),
                    min(first, day), max(until, day + 1),
                )  # fmt: skip
    return found


def simultaneous(net: Net, others: list[dict[str, Any]], mine: str, at_most: int) -> Rows:
    return net.call("simultaneous_sets", the_closures(others), multirange(mine), at_most)


@pytest.mark.parametrize("seed", range(3))
def test_every_company_of_mine_is_a_set(net: Net, seed: int) -> None:
    dice = Random(seed)
    for _ in range(40):
        spans = [
            (first := dice.randrange(-4, 12), first + dice.randrange(1, 8)) for _ in range(dice.randrange(5))
        ]
        others = [
            closure(during=times(one), binding=dice.random() < 0.6, times_known=dice.random() < 0.6)
            for one in spans
        ]
        found: Sets = {
            tuple(row["members"]): (
                row["binding"], row["times_known"],
                *((at - FIRST).total_seconds() / 86400 for at in (row["during"].lower, row["during"].upper)),
            )
            for row in simultaneous(net, others, times((0, 10)), 100)
        }  # fmt: skip
        expected = sets_written_out(others, spans, (0, 10))
        assert found == expected, (others, spans)


def test_as_many_sets_as_are_looked_at_are_all_and_one_more_is_not(net: Net) -> None:
    others = [closure(during=times((day, day + 1))) for day in range(3)]
    for at_most, complete in ((3, True), (2, False)):
        rows = simultaneous(net, others, times((0, 10)), at_most)
        assert [row["complete"] for row in rows] == [complete] * at_most


def test_a_set_without_an_end_has_none(net: Net) -> None:
    (row,) = simultaneous(net, [closure(during=times((3, None)))], times((0, None)), 9)
    assert (row["members"], row["during"].upper) == ([1], None)


def test_a_request_is_together_with_others_and_has_no_number(net: Net) -> None:
    others = [closure(occupation_id=7), closure(occupation_id=None), closure(occupation_id=3)]
    assert net.one("together_of", the_closures(others), [1, 2, 3]) == [3, 7]
