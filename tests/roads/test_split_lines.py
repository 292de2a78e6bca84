"""Lines are cut exactly at their junctions and nothing is lost; ids follow junctions, not lines."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from geo_service.roads.split_lines import Piece, name_pieces, split_lines


def nodes_of(*lines: tuple[int, ...]) -> list[tuple[int, ...]]:
    return [piece.nodes for piece in split_lines(list(enumerate(lines, start=1)))]


def test_a_street_that_meets_nobody_stays_whole() -> None:
    assert nodes_of((1, 2, 3, 4)) == [(1, 2, 3, 4)]


def test_three_lines_at_one_node_give_six_pieces() -> None:
    pieces = nodes_of((1, 9, 2), (3, 9, 4), (5, 9, 6))
    assert sorted(pieces) == [(1, 9), (3, 9), (5, 9), (9, 2), (9, 4), (9, 6)]


def test_the_end_of_one_line_cuts_the_other() -> None:
    assert nodes_of((1, 2, 3), (2, 4)) == [(1, 2), (2, 3), (2, 4)]


def test_two_lines_that_meet_end_to_end_stay_two() -> None:
    assert nodes_of((1, 2), (2, 3)) == [(1, 2), (2, 3)]


def test_a_loop_begins_and_ends_at_its_first_node() -> None:
    assert nodes_of((1, 2, 3, 1)) == [(1, 2, 3, 1)]


def test_a_roundabout_is_cut_where_streets_come_in() -> None:
    assert nodes_of((1, 2, 3, 4, 1), (9, 2), (9, 4)) == [(1, 2), (2, 3, 4), (4, 1), (9, 2), (9, 4)]


def test_a_line_that_crosses_itself_is_cut_there() -> None:
    assert nodes_of((1, 2, 3, 4, 2, 5)) == [(1, 2), (2, 3, 4, 2), (2, 5)]


def test_a_line_with_one_node_gives_nothing_and_cuts_nothing() -> None:
    assert nodes_of((2,), (1, 2, 3)) == [(1, 2, 3)]


LINES = st.lists(
    st.lists(st.integers(1, 12), min_size=2, max_size=8).filter(
        lambda nodes: all(a != b for a, b in pairwise(nodes))
    ),
    max_size=8,
)


@given(LINES)
def test_pieces_put_together_are_the_lines_and_no_junction_lies_inside(lines: list[list[int]]) -> None:
    pieces = split_lines(list(enumerate(lines)))
    visits = Counter(node for nodes in lines for node in nodes)
    for line_id, nodes in enumerate(lines):
        own = [piece.nodes for piece in pieces if piece.line_id == line_id]
        joined = list(own[0])
        for piece in own[1:]:
            assert piece[0] == joined[-1]
            joined += piece[1:]
        assert joined == nodes
    assert all(visits[node] == 1 for piece in pieces for node in piece.nodes[1:-1])
    assert all(
        visits[end] > 1 or end in (lines[p.line_id][0], lines[p.line_id][-1])
        for p in pieces
        for end in (p.nodes[0], p.nodes[-1])
    )


@given(LINES)
def test_names_are_unique_and_do_not_depend_on_the_order_of_the_file(lines: list[list[int]]) -> None:
    pieces = split_lines(list(enumerate(lines)))
    names = name_pieces(pieces, "osm")
    assert len(set(names)) == len(pieces)
    upside_down = split_lines(list(enumerate(lines))[::-1])
    assert dict(zip(names, pieces, strict=True)) == dict(
        zip(name_pieces(upside_down, "osm"), upside_down, strict=True)
    )


def test_an_added_side_street_changes_only_the_street_that_it_cuts() -> None:
    before = set(name_pieces(split_lines([(1, (1, 2, 3)), (2, (3, 4, 5)), (3, (5, 6))]), "osm"))
    after = set(name_pieces(split_lines([(1, (1, 2, 3)), (2, (3, 4, 5)), (3, (5, 6)), (4, (4, 7))]), "osm"))
    assert before - after == {"osm:3:5"}
    assert after - before == {"osm:3:4", "osm:4:5", "osm:4:7"}


def test_cutting_a_line_at_a_junction_changes_no_name() -> None:
    side = (9, (2, 8))
    whole = name_pieces(split_lines([(1, (1, 2, 3)), side]), "osm")
    in_two = name_pieces(split_lines([(1, (1, 2)), (77, (2, 3)), side]), "osm")
    assert set(whole) == set(in_two)


def test_a_new_parallel_way_leaves_the_old_one_its_name() -> None:
    old = Piece(5, (1, 2, 3))
    assert name_pieces([old], "osm") == ["osm:1:3"]
    assert name_pieces([Piece(80, (1, 9, 3)), old], "osm") == ["osm:1:3:80", "osm:1:3"]
