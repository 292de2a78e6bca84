"""The joined axis of a street and how a shape moves along it."""

from __future__ import annotations

import math

import pytest
from shapely.geometry import LineString, Point, box

from geo_service.roads.street_axis import AxisPiece, join_axis


def piece(name: str, places: list[tuple[float, float]], start: int | None, end: int | None) -> AxisPiece:
    return AxisPiece(segment_id=name, axis=LineString(places), start_node=start, end_node=end)


HOME = piece("b", [(0, 0), (10, 0)], 1, 2)


def test_pieces_are_joined_at_both_ends_whichever_way_they_are_drawn() -> None:
    axis = join_axis(
        HOME, [HOME, piece("c", [(30, 0), (10, 0)], 3, 2), piece("a", [(0, 0), (-20, 0)], 1, 0)], extend_m=5
    )
    assert axis.places[:, 0].tolist() == [-20, 0, 10, 30]
    assert axis.stations.tolist() == [0, 20, 30, 50]
    assert axis.length_m == 50
    assert axis.station_of(Point(4, 7)) == 24


def test_the_joining_ends_once_it_is_far_enough() -> None:
    row = [piece(str(n), [(10 * n, 0), (10 * n + 10, 0)], n + 1, n + 2) for n in range(1, 9)]
    assert join_axis(HOME, row, extend_m=25).length_m == 40
    assert join_axis(HOME, row, extend_m=30).length_m == 40


@pytest.mark.parametrize("names", [("c", "d"), ("d", "c")])
def test_at_a_fork_the_straightest_goes_on(names: tuple[str, str]) -> None:
    straight = piece(names[0], [(10, 0), (20, 1)], 2, 3)
    bent = piece(names[1], [(10, 0), (12, -9)], 2, 4)
    assert join_axis(HOME, [bent, straight], extend_m=5).places[-1].tolist() == [20, 1]


def test_equally_straight_ones_go_by_their_names_and_a_ring_is_gone_once() -> None:
    up, down = (piece(name, [(10, 0), (20, north), (30, 0)], 2, 3) for name, north in (("d", 5), ("c", -5)))
    assert join_axis(HOME, [up, down], extend_m=5).places[-2].tolist() == [20, -5]
    around = join_axis(HOME, [up, down], extend_m=1000)
    assert around.places.tolist() == [[0, 0], [10, 0], [20, -5], [30, 0], [20, 5], [10, 0]]
    assert around.length_m == pytest.approx(10 + 4 * math.hypot(10, 5))


def test_ends_without_a_node_stay_ends() -> None:
    alone = piece("b", [(0, 0), (10, 0)], None, None)
    assert join_axis(alone, [piece("c", [(10, 0), (20, 0)], None, None)], extend_m=50).length_m == 10


def test_on_a_straight_street_it_is_a_translation() -> None:
    axis = join_axis(HOME, [], extend_m=50)
    assert axis.moved(box(1, 2, 3, 4), 2.0, 8.5).bounds == (7.5, 2, 9.5, 4)


def test_around_a_bend_distance_and_angle_stay() -> None:
    axis = join_axis(HOME, [piece("c", [(10, 0), (10, 20)], 2, 3)], extend_m=50)
    moved = axis.moved(box(4, 1, 6, 2), 5, 20)
    assert moved.bounds == pytest.approx(
        (8, 9, 9, 11)
    )  # still to the left of the axis, now lying north-south
    assert moved.area == pytest.approx(2)
    assert axis.moved(moved, 20, 5).equals_exact(box(4, 1, 6, 2), 1e-9, normalize=True)


def test_at_a_vertex_the_direction_is_that_of_what_follows() -> None:
    axis = join_axis(HOME, [piece("c", [(10, 0), (10, 20)], 2, 3)], extend_m=50)
    for station, direction in ((9.99, (1, 0)), (10 - 1e-9, (0, 1)), (10, (0, 1)), (30, (0, 1)), (0, (1, 0))):
        assert axis.frame_at(station).direction == pytest.approx(direction)


def test_a_vertex_that_is_drawn_twice_does_no_harm() -> None:
    axis = join_axis(piece("b", [(0, 0), (5, 0), (5, 0), (10, 0)], 1, 2), [], extend_m=5)
    assert axis.frame_at(5).direction.tolist() == [1, 0]
    assert axis.frame_at(10).place.tolist() == [10, 0]
