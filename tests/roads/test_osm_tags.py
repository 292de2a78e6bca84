"""What the tags of a street mean for class, owner, traffic and widths."""

from __future__ import annotations

import pytest

from geo_service.roads.cross_section import assumed_widths, cross_section, width_m
from geo_service.roads.osm_class import network_function, road_class, road_number, road_owner
from geo_service.roads.osm_segments import describe
from geo_service.roads.osm_traffic import (
    MODES_BY_HIGHWAY,
    in_service,
    max_speed_kmh,
    modes,
    one_way,
    within_built_up_area,
)


def tags(highway: str = "residential", **more: str) -> dict[str, str]:
    return {"highway": highway, **{key.replace("__", ":"): value for key, value in more.items()}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tags("primary", ref="B 3"), ("bundesstrasse", "bund")),
        (tags("motorway", ref="A 5"), ("bundesstrasse", "bund")),
        (tags("motorway_link"), ("bundesstrasse", "bund")),
        (tags("secondary", ref="L 3111"), ("landesstrasse", "land")),
        (tags("secondary", ref="St 2309"), ("landesstrasse", "land")),
        (tags("tertiary", ref="K 55"), ("kreisstrasse", "kreis")),
        (tags("tertiary", ref="AB 12"), ("kreisstrasse", "kreis")),
        (tags("primary", ref="L 3095; B 460"), ("bundesstrasse", "bund")),
        (tags("tertiary"), ("gemeindestrasse", "gemeinde")),
        (tags("residential"), ("gemeindestrasse", "gemeinde")),
        (tags("pedestrian"), ("gemeindestrasse", "gemeinde")),
        (tags("service"), ("sonstige", "dritter")),
        (tags("track", ref="L 7"), ("sonstige", "dritter")),
        (tags("residential", access="private"), ("sonstige", "dritter")),
        (tags("footway"), ("sonstige", None)),
        (tags("proposed"), ("sonstige", None)),
    ],
)
def test_class_and_owner(given: dict[str, str], expected: tuple[str, str | None]) -> None:
    found = road_class(given)
    assert (found, road_owner(given, found, None)) == expected


def test_in_a_built_up_area_the_owner_of_a_classified_road_is_unknown() -> None:
    assert road_owner(tags("primary", ref="B 3"), "bundesstrasse", True) is None
    assert road_owner(tags("residential"), "gemeindestrasse", True) == "gemeinde"
    assert describe(tags("secondary", ref="L 3111", zone__traffic="DE:urban"))["road_owner"] is None


def test_road_numbers() -> None:
    assert road_number(tags("primary", ref="B 8;B 54")) == "B 8; B 54"
    assert road_number(tags("cycleway", ref="R8")) is None
    assert road_number(tags("residential")) is None


ALL = {"car", "bicycle", "foot", "bus"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tags("residential"), ALL),
        (tags("motorway"), {"car", "bus"}),
        (tags("primary", motorroad="yes"), {"car", "bus"}),
        (tags("track"), {"bicycle", "foot"}),
        (tags("track", motor_vehicle="yes"), {"car", "bicycle", "foot"}),
        (tags("footway", bicycle="yes"), {"bicycle", "foot"}),
        (tags("cycleway", foot="designated"), {"bicycle", "foot"}),
        (tags("pedestrian", motor_vehicle="delivery", bus="yes"), {"foot", "bus"}),
        (tags("residential", motor_vehicle="destination"), ALL),
        (tags("residential", vehicle="no", bicycle="yes"), {"bicycle", "foot"}),
        (tags("residential", access="no", psv="yes", foot="yes"), {"bus", "foot"}),
        (tags("service", access="private"), set()),
        (tags("unclassified", vehicle="agricultural;forestry"), {"foot"}),
        (tags("residential", access="agricultural"), {"foot"}),
        (tags("path", bicycle="dismount"), {"foot"}),
        (tags("pedestrian", area="yes", motorcar="private"), {"foot"}),
        (tags("service", area="yes"), {"bicycle", "foot"}),
        (tags("construction", construction="residential"), set()),
        (tags("proposed"), set()),
        (tags("platform"), set()),
        (tags("a new word"), set()),
    ],
)
def test_modes(given: dict[str, str], expected: set[str]) -> None:
    assert modes(given) == expected


def test_only_ways_that_exist_are_in_service() -> None:
    assert in_service(tags("residential", access="no"))
    assert not any(
        in_service(tags(value)) for value in ("proposed", "construction", "platform", "razed", "bus_stop")
    )


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (tags(), "no"),
        (tags(oneway="yes"), "forward"),
        (tags(oneway="-1"), "backward"),
        (tags(oneway="reversible"), "no"),
        (tags(junction="roundabout"), "forward"),
        (tags(junction="roundabout", oneway="no"), "no"),
        (tags(junction="roundabout", oneway="-1"), "backward"),
        (tags("motorway"), "forward"),
        (tags("primary_link"), "no"),
    ],
)
def test_one_way(given: dict[str, str], expected: str) -> None:
    assert one_way(given) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("30", 30), ("50 km/h", 50), ("20 mph", 32), ("walk", 7), ("DE:urban", 50), ("DE:zone:30", 30),
     ("DE:zone30", 30), ("none", None), ("signals", None), ("0", None), ("999", None), ("50;30", None),
     ("", None)],
)  # fmt: skip
def test_speed(value: str, expected: int | None) -> None:
    assert max_speed_kmh(tags(maxspeed=value)) == expected


def test_speed_and_built_up_area_from_the_kind_of_limit() -> None:
    assert max_speed_kmh(tags(source__maxspeed="DE:urban")) == 50
    assert max_speed_kmh(tags("motorway", maxspeed="none", source__maxspeed="DE:rural")) is None
    assert within_built_up_area(tags(source__maxspeed="DE:zone30")) is True
    assert within_built_up_area(tags("secondary", zone__traffic="DE:rural")) is False
    assert within_built_up_area(tags("secondary", maxspeed="100")) is False
    assert within_built_up_area(tags("secondary", maxspeed="50")) is None


def test_network_function() -> None:
    assert network_function(tags("primary"), "bundesstrasse") == {"main_road"}
    assert network_function(tags("pedestrian"), "gemeindestrasse") == {"pedestrian_zone"}
    assert network_function(tags("residential"), "gemeindestrasse") == {"access_road"}
    assert network_function(tags("path"), "sonstige") == set()


def test_assumed_widths_are_marked() -> None:
    section = cross_section(tags("residential"))
    assert (section.carriageway_width_m, section.width_source) == (5.5, "assumed")
    assert (section.footway_width_left_m, section.footway_width_right_m) == (1.5, 1.5)


def test_each_width_says_where_it_is_from() -> None:
    section = cross_section(tags(width="6.2", sidewalk__left__width="2", cycleway="track"))
    assert section.carriageway_width_source == "tagged"
    assert (section.footway_width_left_source, section.footway_width_right_source) == ("tagged", "assumed")
    assert (section.cycleway_width_m is not None, section.cycleway_width_source) == (True, "assumed")
    assert cross_section(tags(sidewalk="right")).footway_width_left_source == "tagged"  # there is none
    assert cross_section(tags("footway", width="2.5")).footway_width_left_source == "tagged"
    assert cross_section(tags("footway")).footway_width_right_source == "assumed"
    assert cross_section(tags("residential")).cycleway_width_source is None


def test_every_kind_of_way_in_service_has_an_assumed_width() -> None:
    known = set(assumed_widths().carriageway) | set(assumed_widths().own_way)
    assert set(MODES_BY_HIGHWAY) <= known


def test_a_tagged_carriageway_with_assumed_footways_is_assumed() -> None:
    section = cross_section(tags(width="6,2"))
    assert (section.carriageway_width_m, section.width_source) == (6.2, "assumed")
    assert cross_section(tags(width="6.2", sidewalk="no")).width_source == "tagged"
    everything = tags(width__carriageway="6.2 m", sidewalk__both__width="1.8")
    section = cross_section(everything)
    assert (section.footway_width_left_m, section.footway_width_right_m, section.width_source) == (
        1.8,
        1.8,
        "tagged",
    )


@pytest.mark.parametrize(
    ("given", "left", "right"),
    [
        (tags(sidewalk="left"), 1.5, 0.0),
        (tags(sidewalk="both"), 1.5, 1.5),
        (tags(sidewalk="left", sidewalk__width="2.1"), 2.1, 0.0),
        (tags(sidewalk__left__width="1.2"), 1.2, 1.5),
        (tags(sidewalk="none"), 0.0, 0.0),
        (tags(sidewalk="separate"), 0.0, 0.0),
        (tags(sidewalk__left="separate", sidewalk__right="yes"), 0.0, 1.5),
        (tags("unclassified"), 0.0, 0.0),
        (tags("unclassified", maxspeed="50"), 1.5, 1.5),
        (tags("secondary", maxspeed="100"), 0.0, 0.0),
        (tags("secondary", maxspeed="50"), 2.5, 2.5),
        (tags("service", sidewalk="right"), 0.0, 1.5),
        (tags("living_street"), 0.0, 0.0),
    ],
)
def test_footways(given: dict[str, str], left: float, right: float) -> None:
    section = cross_section(given)
    assert (section.footway_width_left_m, section.footway_width_right_m) == (left, right)


def test_lanes_and_direction_decide_the_assumed_carriageway() -> None:
    assert cross_section(tags("secondary", lanes="3")).carriageway_width_m == 9.75
    assert cross_section(tags(oneway="yes")).carriageway_width_m == 4.0
    assert cross_section(tags(lanes="1")).carriageway_width_m == 3.5
    assert cross_section(tags(lanes="many")).carriageway_width_m == 5.5


def test_a_way_for_walkers_alone_has_its_width_over_the_axis() -> None:
    section = cross_section(tags("footway", width="2.4"))
    assert (section.carriageway_width_m, section.footway_width_left_m, section.footway_width_right_m) == (
        0.0,
        1.2,
        1.2,
    )
    assert section.width_source == "tagged"


def test_cycleways() -> None:
    assert cross_section(tags("cycleway")).cycleway_kind == "own_way"
    assert cross_section(tags("path", bicycle="designated")).cycleway_kind == "shared_path"
    lane = cross_section(tags(cycleway__right="lane", cycleway__left="no"))
    assert (lane.cycleway_kind, lane.cycleway_width_m) == ("lane", 1.85)
    assert cross_section(tags(cycleway="lane", cycleway__lane="advisory")).cycleway_kind == "advisory_lane"
    track = cross_section(tags(cycleway__both="track", cycleway__both__width="2.2"))
    assert (track.cycleway_kind, track.cycleway_width_m) == ("track", 2.2)
    assert cross_section(tags(bicycle_road="yes")).cycleway_kind == "bicycle_road"
    assert cross_section(tags()).cycleway_kind is None


def test_parking() -> None:
    assert cross_section(tags(parking__both="lane")).parking_lane == "both"
    assert cross_section(tags(parking__left="no", parking__right="street_side")).parking_lane == "right"
    assert cross_section(tags(parking__lane__both="no_parking")).parking_lane == "none"
    assert cross_section(tags()).parking_lane is None


def test_the_edge_of_a_square_and_what_is_not_built_have_no_cross_section() -> None:
    for given in (tags("pedestrian", area="yes"), tags("proposed")):
        section = cross_section(given)
        assert (section.carriageway_width_m, section.footway_width_left_m, section.width_source) == (
            None,
            None,
            "assumed",
        )


@pytest.mark.parametrize("value", ["0", "-3", "nan", "inf", "61", "3'6\"", "5 5", "1e3", "٥", None])
def test_unreadable_widths_are_not_taken(value: str | None) -> None:
    assert width_m(value) is None
