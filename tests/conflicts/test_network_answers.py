"""Who is cut off, and how far the network is looked at, function by function."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from tests.conflicts.network_calls import (
    EAST,
    EVERYWHERE,
    FACTOR,
    IN_TIME,
    TOO_LATE,
    Net,
    Rows,
    closure,
    instant,
    json,
    street,
    the_closure,
    the_closures,
    the_occupation,
    times,
)


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
        "worst_cut_off", mode, the_closure(mine), the_closures(others), complete, EVERYWHERE, sets_max,
        give_up,
    )  # fmt: skip
    return [row for row in rows if row["about"] != "farther"]


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
    """A quarter between two paths; their far ends are joined by a third, closed too, and far outside of the box."""
    path: dict[str, Any] = {"modes": ["foot"]}
    net.add(
        street("mine", 1, 2, [[0, 0], [60, 0]], **path), street("stub", 2, 3, [[60, 0], [60, 50]], **path),
        street("theirs", 2, 4, [[60, 0], [120, 0]], **path),
        street("third", 1, 4, [[0, 0], [0, -60], [120, -60], [120, 0]], **path),
        street("out west", 1, 5, [[0, 0], [-500, 0]], **path), street("out east", 4, 6, [[120, 0], [700, 0]], **path),
        street("far west", 5, 10, [[-500, 0], [-500, 500]], **path),
        street("far", 10, 11, [[-500, 500], [700, 500]], **path),
        street("far east", 11, 6, [[700, 500], [700, 0]], **path),
        street("main", 4, 7, [[120, 0], [120, 60]], modes=["car", "foot"], **{"class": "kreisstrasse"}),
        street("more", 7, 8, [[120, 60], [150, 60]], **path), street("even more", 8, 9, [[150, 60], [150, 90]], **path),
    )  # fmt: skip
    shut = {"pedestrian_guidance": "diverted", "takes": ["footway"]}
    others = [{**shut, "rect": rect} for rect in ([80, -5, 20, 10], [50, -65, 20, 10])]
    rows = facts_of(net, {**shut, "rect": [20, -5, 20, 10]}, *others, box_m=200.0)
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
