"""What the network answers, function by function: who is cut off, how much longer the ways are, and where it looks."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from tests.conflicts.network_calls import (
    EAST,
    Net,
    Rows,
    a_box,
    bigints,
    closure,
    instant,
    json,
    the_closure,
    the_closures,
    the_occupation,
    times,
)

EVERYWHERE = (-5000, -5000, 5000, 5000)
IN_TIME, TOO_LATE = instant(365 * 70), instant(-365 * 20)
FACTOR = 2.0


@pytest.fixture
def net(empty_session: Session, scenery: Any) -> Net:
    speak_as(empty_session, actor="operator")
    return Net(empty_session, scenery)


def street(name: str, a: int, b: int, line: list[list[float]], **facts: Any) -> dict[str, Any]:
    return {"name": name, "line": line, "nodes": [a, b], **facts}


@pytest.fixture
def town(net: Net) -> Net:
    """A ring of four, and Feldhof with two roads to it: west from junction 1, east from junction 3."""
    net.add(
        street("south", 1, 2, [[0, 0], [200, 0]]), street("east", 2, 3, [[200, 0], [400, 0]]),
        street("north", 3, 4, [[400, 0], [400, -200]]), street("ring", 4, 1, [[400, -200], [0, -200], [0, 0]]),
        street("west way", 1, 5, [[0, 0], [0, 100]]), street("east way", 3, 6, [[400, 0], [400, 100]]),
        street("Feldhof", 5, 6, [[0, 100], [400, 100]]),
    )  # fmt: skip
    return net


def cut_off(
    net: Net, mine: dict[str, Any], *others: dict[str, Any], mode: str = "car", complete: bool = True,
    sets_max: int = 20, give_up: Any = IN_TIME,
) -> Rows:  # fmt: skip
    rows = net.call(
        "worst_cut_off", mode, the_closure(mine), the_closures(others), complete, a_box(*EVERYWHERE), sets_max,
        give_up,
    )  # fmt: skip
    return [row for row in rows if row["about"] != "farther"]


def ways(
    net: Net, mine: dict[str, Any], *others: dict[str, Any], complete: bool = True, sets_max: int = 20,
    give_up: Any = IN_TIME,
) -> Rows:  # fmt: skip
    return net.call(
        "worst_ways", the_closure(mine), the_closures(others), complete, a_box(*EVERYWHERE), 3000.0, FACTOR,
        sets_max, give_up,
    )  # fmt: skip


def test_who_closes_nothing_in_a_mode_cuts_nobody_off_in_it(town: Net) -> None:
    mine = closure(town.gids("west way"))
    assert cut_off(town, mine, mode="foot", complete=False) == []


def test_that_nobody_is_cut_off_is_not_known_where_not_all_is_looked_at(town: Net) -> None:
    mine, other = closure(town.gids("south")), closure(town.gids("east"), occupation_id=7)
    assert cut_off(town, mine, other) == []
    (row,) = cut_off(town, mine, other, complete=False)
    assert (row["about"], row["cut_off_m"], row["binding"]) == ("cut_off", None, True)
    (late,) = cut_off(town, closure(town.gids("west way")), closure(town.gids("east way")), give_up=TOO_LATE)
    assert (late["about"], late["cut_off_m"]) == ("cut_off", None)


def test_a_company_too_many_leaves_it_open(town: Net) -> None:
    """Two close what leads to junction 1, one after the other; both at once would part it from the rest."""
    mine = closure(town.gids("west way"))
    south = closure(town.gids("south"), during=times((0, 1)))
    ring = closure(town.gids("ring"), during=times((2, 3)))
    assert cut_off(town, mine, south, ring, sets_max=2) == []
    (row,) = cut_off(town, mine, south, ring, sets_max=1)
    assert (row["about"], row["cut_off_m"]) == ("cut_off", None)


def test_of_all_companies_the_surest_and_then_the_worst_is_told(town: Net) -> None:
    mine, feldhof_m = closure(town.gids("west way")), 400
    east = town.gids("east way")

    def told(*others: dict[str, Any], **more: Any) -> tuple[Any, ...]:
        (row,) = cut_off(town, mine, *others, **more)
        return row["binding"], row["times_known"], row["together"], row["cut_off_m"]

    sure = closure(east, occupation_id=1, during=times((1, 2)))
    open_end = closure(east, occupation_id=2, during=times((3, 4)), times_known=False)
    asked_for = closure(east, occupation_id=3, during=times((5, 6)), binding=False)
    assert told(asked_for, open_end, sure) == (True, True, [1], feldhof_m)
    assert told(asked_for, open_end) == (True, None, [2], feldhof_m)
    assert told(asked_for) == (False, True, [3], feldhof_m)
    assert told(sure, closure(east, occupation_id=9, during=times((7, 8)))) == (True, True, [1], feldhof_m)
    more = closure([*east, *town.gids("Feldhof")], occupation_id=4, during=times((7, 8)))
    row = cut_off(town, mine, sure, more)[0]  # half of Feldhof's people keep one end each way
    assert row["together"] == [1] and row["cut_off_m"] == feldhof_m


def test_how_people_walk_around_matters_on_foot_only(town: Net) -> None:
    west, east = town.gids("west way"), town.gids("east way")
    for mode, guided, other_guided, guidance in (
        ("car", False, False, "diverted"), ("foot", True, True, "diverted"), ("foot", False, True, None),
        ("foot", True, False, None),
    ):  # fmt: skip
        mine = closure(west, walked=west, guidance_known=guided)
        other = closure(east, walked=east, guidance_known=other_guided)
        (row,) = cut_off(town, mine, other, mode=mode)
        assert row["pedestrian_guidance"] == guidance, (mode, guided, other_guided)
    # What is known for certain of the guidance goes before what is not.
    mine = closure(west, walked=west)
    unsure = closure(east, walked=east, occupation_id=1, during=times((1, 2)), guidance_known=False)
    sure = closure(east, walked=east, occupation_id=2, during=times((3, 4)))
    assert cut_off(town, mine, unsure, sure, mode="foot")[0]["together"] == [2]


def test_who_adds_nothing_is_not_named(town: Net) -> None:
    mine, east = closure(town.gids("west way")), closure(town.gids("east way"), occupation_id=1)
    aside = closure(town.gids("north"), occupation_id=2)
    (row,) = cut_off(town, mine, east, aside)
    assert row["together"] == [1]
    assert "north" not in row["place_de"] and row["place_de"].endswith(
        "gleichzeitig gesperrt: east way (100 m)"
    )


def test_who_is_cut_off_by_others_alone_is_not_cut_off_by_mine(town: Net) -> None:
    town.add(
        street("lane", 4, 7, [[400, -200], [500, -200]]), street("yard", 7, 8, [[500, -200], [600, -200]])
    )
    other = closure(town.gids("west way", "east way"))
    (row,) = cut_off(town, closure(town.gids("lane")), other)
    assert (row["cut_off_m"], row["together"]) == (100, [])


def test_ends_of_runs(net: Net) -> None:
    net.add(
        street("a", 1, 2, [[0, 0], [100, 0]]), street("b", 2, 3, [[100, 0], [200, 0]]),
        street("loop", 3, 3, [[200, 0], [220, 20], [200, 40], [200, 0]]),
        street("c", 7, 8, [[0, 500], [50, 500]], one_way="forward"),
        street("r1", 11, 12, [[0, 900], [50, 900]]), street("r2", 12, 13, [[50, 900], [50, 950]]),
        street("r3", 13, 11, [[50, 950], [0, 900]]),
        street("other", 8, 9, [[50, 500], [90, 500]]),
    )  # fmt: skip
    rows = net.call("closed_runs", bigints(net.gids("a", "b", "loop", "c", "r1", "r2", "r3")), 12)
    runs = {(row["segment_id"], row["source"], row["target"], round(row["run_m"] or 0)) for row in rows}
    assert runs == {("a", 1, 3, 200), ("a", 3, 1, 200), ("c", 7, 8, 50)}  # a ring has no ends
    assert net.call("closed_runs", bigints(net.gids("loop")), 12) == []
    assert net.call("closed_runs", bigints(net.gids("r1", "r2", "r3")), 12) == []


@pytest.mark.parametrize(("arms", "pairs"), [(12, 12 * 11), (13, 0)])
def test_a_run_of_more_than_twelve_ends_is_not_compared(net: Net, arms: int, pairs: int) -> None:
    for arm in range(1, arms + 1):
        net.add(street(f"{arm:02}", 100, arm, [[0, 0], [arm * 10, 100]]))
    rows = net.call("closed_runs", bigints([*net.gids(*(f"{arm:02}" for arm in range(1, arms + 1)))]), 12)
    assert len([row for row in rows if row["source"] is not None]) == pairs
    assert [row["segment_id"] for row in rows if row["source"] is None] == ([] if pairs else ["01"])
    if not pairs:
        mine = closure(net.gids(*(f"{arm:02}" for arm in range(1, arms + 1))))
        net.add(street("else", 1, 2, [[0, 300], [50, 300]]))
        (fact,) = ways(net, mine, closure(net.gids("else")))
        assert (fact["way_factor"], fact["no_way"], fact["leads_out"]) == (None, None, False)


def test_each_pair_has_its_own_way(town: Net) -> None:
    edges = town.one("network_edges", "car", a_box(*EVERYWHERE))
    lengths = town.one("way_lengths", edges, bigints([1, 1, 2, 1]), bigints([2, 3, 3, 99]))
    assert lengths == [200, 400, 200, None]


RANKS: list[tuple[dict[str, Any], int]] = [
    ({"source": None}, 4),
    ({"alone_m": None, "way_m": None}, 6),
    ({"way_m": None}, 1),
    ({"way_m": None, "times_known": False}, 2),
    ({"way_m": None, "binding": False}, 3),
    ({"way_m": None, "binding": False, "times_known": False}, 4),
    ({"way_m": 201}, 3),
    ({"way_m": 201, "times_known": False}, 4),
    ({"way_m": 200}, 5),
    ({"way_m": 200, "times_known": False, "binding": False}, 5),
]


@pytest.mark.parametrize(("facts", "rank"), RANKS)
def test_which_comparison_weighs_most(net: Net, facts: dict[str, Any], rank: int) -> None:
    way = {
        "segment_id": "a", "source": 1, "target": 2, "alone_m": 100, "way_m": 150, "binding": True,
        "times_known": True, "members": [1], **facts,
    }  # fmt: skip
    sql = "jsonb_populate_record(CAST(NULL AS network_way), CAST(:{} AS jsonb))"
    assert net.one("way_rank", (sql, json(way)[1]), FACTOR) == rank


@pytest.fixture
def lanes(net: Net) -> Net:
    """Four ways from 1 to 2, each longer than the one before: 100, 140, 240 and 1,000 m; and one for feet."""
    for name, far in (("short", 0), ("second", 20), ("third", 70), ("long", 450)):
        net.add(street(name, 1, 2, [[0, 0], [0, far], [100, far], [100, 0]]))
    net.add(street("path", 1, 2, [[0, 0], [50, -5], [100, 0]], modes=["foot"]))
    return net


def test_the_worst_company_is_told_with_what_it_closes(lanes: Net) -> None:
    mine = closure(lanes.gids("short"))
    second = closure(lanes.gids("second"), occupation_id=1)
    third = closure(lanes.gids("third"), occupation_id=2)
    walked = closure([], walked=lanes.gids("path"), occupation_id=3)
    assert ways(lanes, mine) == ways(lanes, mine, walked) == []
    (row,) = ways(lanes, mine, second)  # 240 m instead of 140: not twice as long
    assert (row["no_way"], row["leads_out"], row["shape"]) == (False, False, None)
    assert row["way_factor"] == pytest.approx(240 / 140)
    (row,) = ways(lanes, mine, second, walked, third)
    assert row["together"] == [1, 2] and row["way_factor"] == pytest.approx(1000 / 140)
    assert row["place_de"] == "second (140 m); 1000 m statt 140 m"
    assert row["place_en"] == "second (140 m); 1000 m instead of 140 m"
    (row,) = ways(lanes, mine, second, third, closure(lanes.gids("long"), occupation_id=4))
    assert (row["no_way"], row["way_factor"], row["leads_out"]) == (True, 0, True)
    assert row["place_de"] == "second (140 m); ohne sie 140 m"
    assert row["place_en"] == "second (140 m); without it 140 m"
    assert shapely.from_wkb(row["shape"]).length == pytest.approx(140)


def test_of_the_way_that_is_lost_only_what_is_closed_is_named(net: Net) -> None:
    net.add(
        street("mine", 1, 2, [[0, 0], [100, 0]]), street("first half", 1, 3, [[0, 0], [50, 20]]),
        street("second half", 3, 2, [[50, 20], [100, 0]]), street("around", 1, 2, [[0, 0], [50, 300], [100, 0]]),
    )  # fmt: skip
    (row,) = ways(net, closure(net.gids("mine")), closure(net.gids("first half")))
    assert row["place_de"] == "first half (54 m); 608 m statt 108 m"


def test_a_company_that_lies_in_another_one_is_not_looked_at(lanes: Net) -> None:
    """The second lane alone makes it as long; with somebody on no way at all it is the larger company."""
    mine = closure(lanes.gids("short"))
    both = closure([*lanes.gids("second"), *lanes.gids("third")], occupation_id=1)
    lanes.add(street("aside", 3, 4, [[500, 0], [600, 0]]))
    aside = closure(lanes.gids("aside"), occupation_id=2, during=times((3, 5)))
    (row,) = ways(lanes, mine, both, aside)
    assert row["together"] == [1, 2]
    # What is less sure or less binding hides nothing.
    for facts, sure in (({"times_known": False}, [1]), ({"binding": False}, [1])):
        (row,) = ways(lanes, mine, both, {**aside, **facts})
        assert (row["together"], row["times_known"], row["binding"]) == (sure, True, True)


def test_that_no_way_is_longer_is_not_known_where_not_all_is_looked_at(lanes: Net) -> None:
    mine = closure(lanes.gids("short"))
    long = [closure(lanes.gids("long"), occupation_id=day, during=times((day, day + 1))) for day in (1, 3)]
    third = closure(lanes.gids("third"), occupation_id=8, during=times((5, 6)))
    assert ways(lanes, mine, *long, sets_max=1) == []  # all together make nothing longer
    for more in ({"complete": False}, {"give_up": TOO_LATE}):
        (row,) = ways(lanes, mine, *long, closure(lanes.gids("second"), during=times((7, 8))), third, **more)
        assert (row["way_factor"], row["no_way"]) == (None, None)
    (row,) = ways(lanes, mine, *long, complete=False)
    assert row["way_factor"] is None
    everything = closure([*lanes.gids("second", "third", "long")], occupation_id=9)
    (row,) = ways(lanes, mine, third, everything | {"times": times((8, 9))}, give_up=TOO_LATE)  # and no more
    assert (row["way_factor"], row["no_way"]) == (None, None)
    for more in ({"complete": False}, {"give_up": TOO_LATE}):  # one company is looked at always
        (row,) = ways(lanes, mine, everything, **more)
        assert row["no_way"] is True


def test_where_mine_alone_leaves_no_way_there_is_nothing_to_compare(net: Net) -> None:
    net.add(street("only", 1, 2, [[0, 0], [100, 0]]), street("aside", 3, 4, [[500, 0], [600, 0]]))
    (row,) = ways(net, closure(net.gids("only")), closure(net.gids("aside")))
    assert (row["way_factor"], row["no_way"], row["leads_out"]) == (0, False, True)


def facts_of(net: Net, words: dict[str, Any], *others: dict[str, Any], **limits: Any) -> Rows:
    for other in others:
        net.scenery.Scene(net.session).store({"restriction": "full_closure", **other})
    mine = net.scenery.occupation({"restriction": "full_closure", **words}, state="submitted")
    given = [
        the_occupation(mine),
        json(None),
        json([]),
        instant(-9),
        3.0,
        limits.get("box_m", 3000.0),
        FACTOR,
        20,
    ]
    return net.call("network_facts", *given, limits.get("closures_max", 200))


def test_as_many_closures_as_are_looked_at_may_be_too_few(town: Net) -> None:
    town.add(street("aside", 7, 8, [[-300, 0], [-300, 100]]))
    mine = {"rect": [90, -5, 20, 10], "pedestrian_guidance": "diverted", "takes": ["footway"]}
    other = {**mine, "rect": [-305, 40, 10, 20]}
    assert [row for row in facts_of(town, mine, other) if row["way_factor"] or row["cut_off_m"]] == []
    unknown = [
        (row["about"], row["mode"])
        for row in facts_of(town, mine, closures_max=1)
        if row["way_factor"] is None and row["cut_off_m"] is None
    ]
    assert sorted(unknown) == [("cut_off", "car"), ("cut_off", "foot"), ("way", "car")]


def test_who_closes_nothing_asks_nothing(town: Net) -> None:
    assert facts_of(town, {"rect": [100, 50, 5, 5]}, closures_max=1) == []


def test_what_others_part_in_the_box_may_hang_together_outside_of_it(net: Net) -> None:
    """A quarter between two paths; behind each of them lies a part of the town, joined far outside of the box only."""
    path: dict[str, Any] = {"modes": ["foot"]}
    net.add(
        street("mine", 1, 2, [[0, 0], [60, 0]], **path), street("stub", 2, 3, [[60, 0], [60, 50]], **path),
        street("theirs", 2, 4, [[60, 0], [120, 0]], **path),
        street("out west", 1, 5, [[0, 0], [-900, 0]], **path), street("out east", 4, 6, [[120, 0], [1100, 0]], **path),
        street("far", 5, 6, [[-900, 0], [0, 900], [1100, 0]], **path),
        street("main", 4, 7, [[120, 0], [120, 60]], modes=["car", "foot"], **{"class": "kreisstrasse"}),
        street("more", 7, 8, [[120, 60], [150, 60]], **path), street("even more", 8, 9, [[150, 60], [150, 90]], **path),
    )  # fmt: skip
    shut = {"pedestrian_guidance": "diverted", "takes": ["footway"]}
    rows = facts_of(net, {**shut, "rect": [20, -5, 20, 10]}, {**shut, "rect": [80, -5, 20, 10]}, box_m=200.0)
    assert [(row["about"], row["cut_off_m"]) for row in rows] == [("cut_off", 50)]


@pytest.mark.parametrize(
    ("roads", "reach_m"),
    [
        ([{"at": 100, "class": "kreisstrasse"}], 150),
        ([{"at": 100, "class": "landesstrasse"}, {"at": 2000}], 150),
        ([{"at": 500, "class": "kreisstrasse"}], 600),
        (
            [
                {"at": 100, "class": "kreisstrasse", "in_service": False},
                {"at": 500, "class": "bundesstrasse"},
            ],
            600,
        ),
        (
            [{"at": 100, "class": "kreisstrasse", "modes": ["foot"]}, {"at": 500, "class": "kreisstrasse"}],
            600,
        ),
        ([{"at": 100}, {"at": 500}], 600),  # all of it lies inside
        ([{"at": 100}, {"at": 2000, "modes": ["foot"]}], 150),
        ([{"at": 100}, {"at": 2000, "in_service": False}], 150),
    ],
)
def test_the_box_holds_a_main_road_or_everything(
    net: Net, roads: list[dict[str, Any]], reach_m: float
) -> None:
    net.add({"name": "mine", "line": [[0, 0], [10, 0]]})
    for number, road in enumerate(roads):
        net.add({"name": f"{number}", "line": [[0, road["at"]], [10, road["at"]]], **road})
    sql = "CAST(:{} AS bigint[])"
    box = net.one("ST_AsBinary(network_box", (sql, net.gids("mine")), ("150)", None))
    west, _, east, _ = shapely.from_wkb(bytes(box)).bounds
    assert (round(EAST - west), round(east - EAST - 10)) == (reach_m, reach_m)
