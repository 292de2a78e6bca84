"""When a segment goes, what an occupation said about it is found again by place, or listed; never lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.roads.save_segments import SavedSegments, save_segments
from geo_service.roads.segment import Segment

EAST, NORTH = 475000.0, 5503000.0


def segment(name: str, *points: tuple[float, float], **columns: object) -> Segment:
    made = Segment(
        segment_id=f"test:{name}",
        axis=LineString([(EAST + x, NORTH + y) for x, y in points]),
        start_node=f"{points[0]}",
        end_node=f"{points[-1]}",
        road_class="gemeindestrasse",
        source_id=name,
        street_name="Hauptstraße",
        carriageway_width_m=6.0,
        modes=frozenset({"car", "foot"}),
    )
    return replace(made, **columns)  # type: ignore[arg-type]


OLD = segment("old", (0, 0), (100, 0))

LIES = """
WITH site AS (
    INSERT INTO occupation (collection, source_id, case_group, state, counts, binding, published, area, period,
                            exclusive, reference)
    VALUES ('construction_sites', gen_random_uuid(), gen_random_uuid(), 'confirmed', true, true, true,
            ST_MakeEnvelope(475000, 5503000, 475010, 5503010, 25832), '[2026-06-01,2026-06-05)', true, 'B-1')
    RETURNING occupation_id)
INSERT INTO occupation_segment (occupation_id, segment_gid, from_m, to_m, side, takes)
SELECT site.occupation_id, segment.gid, :from_m, :to_m, :side, '{footway}'
FROM site, road_segment AS segment WHERE segment.segment_id = ANY (:names)
"""
FOUND = """
SELECT segment.segment_id, round(lies.from_m::numeric, 1)::float AS from_m, round(lies.to_m::numeric, 1)::float AS to_m,
       lies.side, lies.takes
FROM occupation_segment AS lies INNER JOIN road_segment AS segment ON segment.gid = lies.segment_gid ORDER BY 1
"""


def lies_on(session: Session, from_m: float, to_m: float, side: str = "left", name: str = "test:old") -> None:
    session.execute(text(LIES), {"from_m": from_m, "to_m": to_m, "side": side, "names": [name]})


def found(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(text(FOUND))]


def after(session: Session, *delivered: Segment) -> SavedSegments:
    return save_segments(session, delivered, "test")


def test_a_segment_drawn_anew_a_little_aside_takes_the_occupation_over(operator: Session) -> None:
    save_segments(operator, [OLD], "test")
    lies_on(operator, 20, 40)
    result = after(operator, segment("new", (-10, 1), (100, 1)))
    assert (result.gone, result.rematched, result.retired, result.stranded) == (1, 1, (), ())
    assert found(operator) == [("test:new", 30.0, 50.0, "left", ["footway"])]


def test_drawn_the_other_way_round_left_becomes_right(operator: Session) -> None:
    save_segments(operator, [OLD], "test")
    lies_on(operator, 20, 40)
    after(operator, segment("new", (100, 0), (0, 0)))
    assert found(operator) == [("test:new", 60.0, 80.0, "right", ["footway"])]


def test_a_segment_cut_in_two_leaves_its_occupation_on_both(operator: Session) -> None:
    save_segments(operator, [OLD], "test")
    lies_on(operator, 20, 80)
    result = after(
        operator,
        segment("w", (0, 0), (50, 0)),
        segment("e", (50, 0), (100, 0)),
        segment("side", (50, 0), (50, 90)),
    )
    assert (result.rematched, result.retired) == (1, ())
    assert [row[0] for row in found(operator)] == ["test:e", "test:w"]


def test_two_segments_joined_carry_the_occupation_once(operator: Session) -> None:
    save_segments(operator, [segment("w", (0, 0), (50, 0)), segment("e", (50, 0), (100, 0))], "test")
    operator.execute(text(LIES), {"from_m": 10, "to_m": 50, "side": "left", "names": ["test:w", "test:e"]})
    result = after(operator, OLD)
    assert (result.rematched, result.retired) == (2, ())
    ((name, from_m, to_m, _, _),) = found(operator)
    assert (name, from_m, to_m) == ("test:old", 10.0, 100.0)


@pytest.mark.parametrize(
    "other",
    [
        segment("crossing", (30, -50), (30, 50)),
        segment("far", (0, 9), (100, 9)),
        segment("short", (0, 0), (28, 0)),
        segment("footway", (0, 2), (100, 2), carriageway_width_m=0.0),
        segment("closed", (0, 0), (100, 0), in_service=False),
    ],
    ids=lambda other: other.segment_id,
)
def test_what_is_not_found_again_stays_out_of_service_and_is_listed(
    operator: Session, other: Segment
) -> None:
    save_segments(operator, [OLD], "test")
    lies_on(operator, 20, 40)
    result = after(operator, other)
    assert (result.gone, result.rematched, result.retired) == (0, 0, ("test:old",))
    (left,) = result.stranded
    assert (left.segment_id, left.street_name, left.occupation) == ("test:old", "Hauptstraße", "B-1")
    assert [row[0] for row in found(operator)] == ["test:old"]
    operator.execute(text("DELETE FROM occupation_segment"))
    assert after(operator, other).gone == 1  # nothing points at it any more


def test_of_two_parallel_carriageways_the_nearer_is_taken(operator: Session) -> None:
    save_segments(operator, [OLD], "test")
    lies_on(operator, 20, 40)
    after(operator, segment("near", (0, 1), (100, 1)), segment("beside", (0, -4), (100, -4)))
    assert [row[0] for row in found(operator)] == ["test:near"]


def test_a_detour_drives_over_the_new_segments_in_its_order(operator: Session) -> None:
    before, behind = segment("before", (200, 0), (100, 0)), segment("behind", (0, 0), (-80, 0))
    save_segments(operator, [before, OLD, behind], "test")
    operator.execute(
        text(
            "INSERT INTO occupation (collection, source_id, case_group, state, counts, binding, published, detour,"
            " period, exclusive, detour_segments)"
            " VALUES ('detours', gen_random_uuid(), gen_random_uuid(), 'confirmed', true, true, true,"
            " ST_SetSRID('LINESTRING(475200 5503000, 474920 5503000)'::geometry, 25832),"
            " '[2026-06-01,2026-06-05)', false,"
            " array(SELECT gid FROM road_segment ORDER BY segment_id = 'test:behind', segment_id = 'test:old'))"
        )
    )
    result = after(operator, before, segment("w", (0, 0), (50, 0)), segment("e", (50, 0), (100, 0)), behind)
    assert (result.gone, result.rematched, result.retired) == (1, 1, ())
    driven = operator.execute(
        text(
            "SELECT segment.segment_id FROM occupation, unnest(detour_segments) WITH ORDINALITY AS leads (gid, place)"
            " INNER JOIN road_segment AS segment ON segment.gid = leads.gid ORDER BY leads.place"
        )
    )
    assert driven.scalars().all() == ["test:before", "test:e", "test:w", "test:behind"]
