"""Saving a network twice changes nothing; what changed, came and went is counted; occupied streets stay."""

from __future__ import annotations

from dataclasses import replace

from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.roads.save_segments import Scope, merge_staged, save_segments, stage_segments
from geo_service.roads.segment import Segment

EAST, NORTH = 475000.0, 5503000.0


def segment(name: str, start: str, end: str, x0: float, x1: float) -> Segment:
    return Segment(
        segment_id=f"test:{name}",
        axis=LineString([(EAST + x0, NORTH), (EAST + x1, NORTH)]),
        start_node=start,
        end_node=end,
        road_class="gemeindestrasse",
        source_id=name,
        street_name="Hauptstraße",
        modes=frozenset({"foot", "car"}),
    )


A = segment("a", "1", "2", 0, 100)
B = segment("b", "2", "3", 100, 250)


def stored(session: Session) -> dict[str, tuple[int, object]]:
    rows = session.execute(text("SELECT segment_id, gid, updated_at FROM road_segment"))
    return {row.segment_id: (row.gid, row.updated_at) for row in rows}


def test_neighbours_share_their_junction(operator: Session) -> None:
    save_segments(operator, [A, B], "test")
    rows = {r.segment_id: r for r in operator.execute(text("SELECT * FROM road_segment"))}
    assert rows["test:a"].end_node == rows["test:b"].start_node
    assert rows["test:a"].start_node != rows["test:b"].end_node
    assert rows["test:a"].modes == ["car", "foot"]
    assert '"street_name":"Hauptstraße"' in rows["test:a"].fragment_crs84
    place = operator.execute(
        text("SELECT ST_X(place) FROM road_node WHERE node_id = :node"), {"node": rows["test:a"].end_node}
    )
    assert place.scalar_one() == EAST + 100


def test_the_same_again_touches_nothing(operator: Session) -> None:
    first = save_segments(operator, [A, B], "test")
    before = stored(operator)
    again = save_segments(operator, [B, A], "test")
    assert (first.added, first.changed, first.unchanged, first.gone) == (2, 0, 0, 0)
    assert (again.added, again.changed, again.unchanged, again.gone) == (0, 0, 2, 0)
    assert stored(operator) == before


def test_a_changed_name_keeps_the_gid_and_refreshes_the_published_feature(operator: Session) -> None:
    save_segments(operator, [A, B], "test")
    before = stored(operator)
    result = save_segments(operator, [replace(A, street_name="Neue Straße"), B], "test")
    assert (result.added, result.changed, result.unchanged, result.gone) == (0, 1, 1, 0)
    after = stored(operator)
    assert after["test:a"][0] == before["test:a"][0]
    assert after["test:a"][1] != before["test:a"][1]
    assert after["test:b"] == before["test:b"]
    fragment = operator.execute(text("SELECT fragment_25832 FROM road_segment WHERE segment_id = 'test:a'"))
    assert "Neue Straße" in fragment.scalar_one()


def test_what_is_gone_goes_with_its_junction_unless_told_to_keep(operator: Session) -> None:
    save_segments(operator, [A, B], "test")
    assert save_segments(operator, [A], "test", replace=False).gone == 0
    assert save_segments(operator, [A], "test").gone == 1
    assert set(stored(operator)) == {"test:a"}
    assert operator.execute(text("SELECT count(*) FROM road_node")).scalar_one() == 2


def test_another_source_is_left_alone(operator: Session) -> None:
    save_segments(operator, [A], "test")
    save_segments(operator, [replace(B, segment_id="other:b")], "other")
    assert set(stored(operator)) == {"test:a", "other:b"}


def test_a_street_that_an_occupation_lies_on_is_retired_not_lost(operator: Session) -> None:
    save_segments(operator, [A, B], "test")
    gid = stored(operator)["test:b"][0]
    operator.execute(
        text(
            "WITH site AS (INSERT INTO occupation"
            " (collection, source_id, case_group, state, counts, binding, published, area, period, exclusive)"
            " VALUES ('construction_sites', gen_random_uuid(), gen_random_uuid(), 'confirmed', true, true,"
            " true,"
            " ST_MakeEnvelope(475000, 5503000, 475010, 5503010, 25832), '[2026-06-01,2026-06-05)', true)"
            " RETURNING occupation_id)"
            " INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, side)"
            " SELECT occupation_id, :segment, 0, 10, 'left' FROM site"
        ),
        {"segment": gid},
    )
    result = save_segments(operator, [A], "test")
    assert (result.gone, result.retired) == (0, ("test:b",))
    row = operator.execute(
        text("SELECT gid, in_service, modes FROM road_segment WHERE segment_id = 'test:b'")
    ).one()
    assert (row.gid, row.in_service, row.modes) == (gid, False, [])
    back = save_segments(operator, [A, B], "test")
    assert (back.changed, back.retired) == (1, ())
    assert stored(operator)["test:b"][0] == gid


def test_outside_the_box_of_a_file_nothing_is_gone(operator: Session) -> None:
    far = segment("far", "8", "9", 5000, 5100)
    save_segments(operator, [A, B, far], "test")
    stage_segments(operator, [A])
    result = merge_staged(operator, "test", Scope(box=(EAST - 1, NORTH - 1, EAST + 300, NORTH + 1)))
    assert result.gone == 1
    assert set(stored(operator)) == {"test:a", "test:far"}


def test_a_file_that_only_touches_what_is_stored_there_removes_nothing(operator: Session) -> None:
    more = [segment(f"m{i}", f"n{i}", f"n{i + 1}", 300 + i, 301 + i) for i in range(5)]
    save_segments(operator, [A, B, *more], "test")
    stage_segments(operator, [A, B])
    result = merge_staged(operator, "test", Scope(box=(EAST - 1, NORTH - 1, EAST + 400, NORTH + 1)))
    assert (result.gone, result.unchanged) == (0, 2)
    assert len(stored(operator)) == 7
