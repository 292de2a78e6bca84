"""How much longer the ways around what mine closes become by what others close, function by function."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from tests.conflicts.network_calls import (
    EVERYWHERE,
    FACTOR,
    IN_TIME,
    TOO_LATE,
    Net,
    Rows,
    bigints,
    closure,
    json,
    street,
    the_closure,
    the_closures,
    times,
)


def ways(
    net: Net, mine: dict[str, Any], *others: dict[str, Any], complete: bool = True, sets_max: int = 20,
    give_up: Any = IN_TIME,
) -> Rows:  # fmt: skip
    return net.call(
        "worst_ways", the_closure(mine), the_closures(others), complete, EVERYWHERE, 3000.0, FACTOR,
        sets_max, give_up,
    )  # fmt: skip


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


def test_each_pair_has_its_own_way(net: Net) -> None:
    net.add(street("south", 1, 2, [[0, 0], [200, 0]]), street("east", 2, 3, [[200, 0], [400, 0]]))
    edges = net.one("network_edges", "car", EVERYWHERE)
    lengths = net.one("way_lengths", edges, bigints([1, 1, 2, 1]), bigints([2, 3, 3, 99]))
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
