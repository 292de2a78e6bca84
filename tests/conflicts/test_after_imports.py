"""An import of roads reaches what stands in the street, and only that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.after_imports import follow_import
from geo_service.conflicts.recompute_due import work_off
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, operator_session
from geo_service.occupations.row import get_occupation
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from tests.conflicts.conftest import EAST, NORTH

TOWN = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 2000, 2000]}


def road(name: str, y: float, **more: Any) -> Segment:
    """A street of 6 m with footways of 2 m, 200 m from west to east."""
    plain = Segment(
        segment_id=f"test:{name}", axis=LineString([(EAST - 100, NORTH + y), (EAST + 100, NORTH + y)]),
        start_node=f"{name}1", end_node=f"{name}2", road_class="gemeindestrasse", source_id=name,
        modes=frozenset({"car", "foot"}), carriageway_width_m=6.0, footway_width_left_m=2.0,
        footway_width_right_m=2.0, width_source="measured",
    )  # fmt: skip
    return replace(plain, **more)


MARKT, BURG = road("markt", 0), road("burg", 300)


@pytest.fixture
def engine(scenery: Any, empty_database: Database) -> Iterator[Any]:
    scenery.add_town(empty_database, **TOWN)
    made = empty_database.app_engine()
    yield made
    made.dispose()


def store(session: Session, scenery: Any, words: dict[str, Any]) -> int:
    scene = scenery.Scene(session)
    occupation_id: int = scene.store(words, state="submitted")
    recompute_findings(session, occupation_id, as_of=scenery.as_of)
    return occupation_id


def lies(session: Session, occupation_id: int) -> list[tuple[str, float]]:
    rows = session.execute(
        text(
            "SELECT segment_id, from_m FROM occupation_segment JOIN road_segment ON gid = segment_gid"
            " WHERE occupation_id = :id ORDER BY 1"
        ),
        {"id": occupation_id},
    )
    return [(row.segment_id, round(row.from_m, 1)) for row in rows]


def due(session: Session) -> list[int]:
    return list(session.execute(text("SELECT occupation_id FROM finding_due ORDER BY 1")).scalars())


def test_a_changed_street_moves_what_stands_in_it(engine: Any, scenery: Any) -> None:
    with operator_session(engine) as session:
        save_segments(session, [MARKT, BURG], "test")
        on_markt = store(session, scenery, {"rect": [0, -1, 10, 2], "takes": "unknown"})
        on_burg = store(session, scenery, {"rect": [0, 299, 10, 2], "takes": "unknown"})
        nowhere = store(session, scenery, {"rect": [0, 150, 10, 2]})
    with operator_session(engine) as session:
        assert follow_import(session) is None  # a transaction that changes no road
        save_segments(session, [MARKT, BURG], "test")
        assert follow_import(session) is None  # nor does the same file again
        assert get_occupation(session, on_markt).takes == {"carriageway"}
    shifted = road("markt", -3, axis=LineString([(EAST - 80, NORTH - 3.9), (EAST + 100, NORTH - 3.9)]))
    with operator_session(engine) as session:
        save_segments(session, [shifted, BURG], "test")
        work_id = follow_import(session)
        assert due(session) == [on_markt]
        assert lies(session, on_markt) == [("test:markt", 80.0)]
        assert get_occupation(session, on_markt).takes == {"carriageway", "footway"}
        assert lies(session, on_burg) == [("test:burg", 100.0)]
        assert nowhere not in due(session)
        traffic_order = [f.number for f in list_findings(session, on_markt)]
    assert work_id is not None and "K26" in traffic_order
    assert work_off(engine, work_id, now=lambda: datetime.now(UTC))
    with operator_session(engine) as session:
        assert due(session) == []


def test_a_new_street_under_something_that_stood_nowhere(engine: Any, scenery: Any) -> None:
    with operator_session(engine) as session:
        mine = store(session, scenery, {"rect": [0, -1, 10, 2], "takes": "unknown"})
        assert list_findings(session, mine) == []
    with operator_session(engine) as session:
        save_segments(session, [MARKT], "test")
        work_id = follow_import(session)
    assert work_id is not None and work_off(engine, work_id, now=lambda: scenery.as_of)
    with operator_session(engine) as session:
        # It takes the carriageway now, and narrows it.
        assert [f.number for f in list_findings(session, mine)] == ["K05", "K26"]


def test_closures_near_a_changed_network_are_looked_at_again(engine: Any, scenery: Any) -> None:
    with operator_session(engine) as session:
        save_segments(session, [MARKT, BURG], "test")
        closure = store(session, scenery, {"rect": [0, -4, 10, 8], "restriction": "full_closure"})
        narrowing = store(session, scenery, {"rect": [40, -4, 10, 4], "restriction": "narrowing"})
    with operator_session(engine) as session:
        save_segments(session, [MARKT, replace(BURG, one_way="forward")], "test")
        follow_import(session)
        assert due(session) == [closure] and narrowing not in due(session)
