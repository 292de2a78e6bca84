"""What the drawing says: the town that holds most of it, and what it takes of the street."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.interval import Interval
from geo_service.occupations.locate import NOWHERE, locate, located
from geo_service.occupations.use_request import UseRequest, occupation_of

EAST, NORTH = 470_000.0, 5_505_000.0
TODAY = date(2026, 5, 1)


def road(session: Session, **words: Any) -> None:
    """A street along the x axis, 100 m: carriageway 6 m, footways 2 m left (north) and none on the right."""
    values = {
        "id": "s1",
        "y": 0.0,
        "width": 6.0,
        "left": 2.0,
        "right": 0.0,
        "modes": ["car", "foot"],
        "in_service": True,
        "kind": None,
        "cycleway": None,
        "one_way": "no",
    }
    session.execute(
        text(
            "INSERT INTO road_segment (segment_id, road_class, axis, carriageway_width_m, footway_width_left_m,"
            " footway_width_right_m, modes, in_service, width_source, source, source_id, cycleway_kind, cycleway_width_m, one_way) VALUES (:id, 'gemeindestrasse',"
            " ST_Translate(ST_GeomFromText('LINESTRING(470000 5505000, 470100 5505000)', 25832), 0, :y), :width, :left, :right,"
            " :modes, :in_service, 'assumed', 'test', :id, :kind, :cycleway, :one_way)"
        ),
        {**values, **words},
    )


@pytest.fixture
def street(empty_session: Session) -> Session:
    speak_as(empty_session, actor="operator")
    road(empty_session)
    return empty_session


def takes(session: Session, x: float, y: float, width: float, depth: float) -> Any:
    found = locate(session, box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + depth), day=TODAY)
    taken = found.takes()
    return None if taken is None else sorted(taken)


@pytest.mark.parametrize(
    ("y", "depth", "expected"),
    [
        (3, 2, ["footway"]),
        (2, 2, ["carriageway", "footway"]),
        (0, 2, ["carriageway"]),
        (-3, 2, ["carriageway"]),
        (-6, 3, []),  # touches the edge; there is no footway on the right
        (5, 3, []),  # behind the footway
        (-2.98, 0.02, []),  # 0.2 m²: drawing noise
        (-2.98, 0.03, ["carriageway"]),
        (50, 2, []),
    ],
)
def test_what_is_taken_follows_from_the_cross_section(
    street: Session, y: float, depth: float, expected: list[str]
) -> None:
    assert takes(street, 40, y, 10, depth) == expected


@pytest.mark.parametrize(
    ("kind", "one_way", "y", "depth", "expected"),
    [
        ("track", "no", 3, 2, ["cycleway"]),
        ("track", "no", 5, 2, ["footway"]),  # the footway lies beyond the track
        ("track", "no", -5, 2, ["cycleway"]),
        ("track", "forward", 3, 2, ["footway"]),  # a one-way street has its track on the right
        ("track", "forward", -5, 2, ["cycleway"]),
        ("track", "backward", -5, 2, []),
        ("lane", "no", 1, 2, ["carriageway", "cycleway"]),
        ("lane", "no", 0, 1, ["carriageway"]),
        ("lane", "forward", 1, 2, ["carriageway"]),
        ("lane", "forward", -3, 2, ["carriageway", "cycleway"]),
        ("shared_lane", "no", 1, 2, ["carriageway"]),
    ],
)
def test_cycle_tracks_and_lanes_have_their_place(
    street: Session, kind: str, one_way: str, y: float, depth: float, expected: list[str]
) -> None:
    road(street, id="s5", y=400.0, kind=kind, cycleway=2.0, one_way=one_way)
    assert takes(street, 40, 400 + y, 10, depth) == expected


def test_a_street_of_unknown_width_leaves_it_open(street: Session) -> None:
    road(street, id="s2", y=100.0, width=None)
    assert takes(street, 40, 99, 10, 2) is None


def test_a_path_is_taken_as_a_whole(street: Session) -> None:
    road(street, id="s3", y=200.0, modes=["foot", "bicycle"], left=0.0)
    assert takes(street, 40, 200, 10, 2) == ["cycleway", "footway"]


def test_a_street_that_is_not_there_yet_takes_no_part(street: Session) -> None:
    road(street, id="s4", y=300.0, in_service=False)
    assert takes(street, 40, 300, 10, 2) == []


def test_the_side_of_the_street(street: Session) -> None:
    sides = {}
    for name, (y, depth) in {"left": (1, 1), "right": (-2, 1), "both": (-1, 2)}.items():
        found = locate(street, box(EAST + 40, NORTH + y, EAST + 50, NORTH + y + depth), day=TODAY)
        sides[name] = found.streets[0].side
    assert sides == {"left": "left", "right": "right", "both": "both"}


def test_the_town_that_holds_most_of_it_unless_another_possible_one_is_chosen(town_session: Session) -> None:
    """Across the border of Bensheim and Heppenheim, found from the towns' own boundaries."""
    border = town_session.execute(
        text(
            "SELECT ST_X(p), ST_Y(p) FROM (SELECT ST_PointOnSurface(ST_Intersection(a.boundary, b.boundary)) AS p"
            " FROM town AS a, town AS b WHERE a.slug = 'bensheim' AND b.slug = 'heppenheim') AS shared"
        )
    ).one()
    x, y = border
    found = locate(town_session, box(x - 30, y - 30, x + 30, y + 30), day=TODAY)
    assert {"06431002", "06431011"} <= {town.ags for town in found.towns}
    assert found.town() == max(found.towns, key=lambda town: town.shared_m2).ags
    assert found.border_m == 0
    assert {found.town("06431002"), found.town("06431011")} == {"06431002", "06431011"}
    assert found.town("06431020") == found.town()


def test_the_middle_of_bensheim(town_session: Session) -> None:
    found = locate(town_session, box(472_700, 5_503_500, 472_710, 5_503_505), day=TODAY)
    assert [town.ags for town in found.towns] == ["06431002"]
    assert found.border_m is not None
    assert found.border_m > 100


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        ("full_closure", ["carriageway"]),
        ("lane_closure", ["carriageway"]),
        ("footway_closure", ["footway"]),
        ("cycleway_closure", ["cycleway"]),
        ("parking_closure", ["parking"]),
        ("none", []),
    ],
)
def test_where_no_street_is_known_what_is_closed_is_taken(restriction: str, expected: list[str]) -> None:
    use = UseRequest(
        use_type="container",
        period=Interval.of_days(TODAY, TODAY),
        area=box(EAST, NORTH, EAST + 4, NORTH + 2),
        restriction=restriction,
    )
    found = located(occupation_of(use, filed_at=datetime(2026, 5, 1, tzinfo=UTC)), NOWHERE)
    assert (sorted(found.takes or ()), found.takes_derived) == (expected, True)
