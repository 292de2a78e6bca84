"""How far before its end the strips of a street stop: half of the widest carriageway that meets it there."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

EAST: dict[str, Any] = {"line": [[0, 0], [100, 0]]}
WEST: dict[str, Any] = {"line": [[-100, 0], [0, 0]], "carriageway": 10}
NORTH: dict[str, Any] = {"line": [[0, 0], [0, 100]], "carriageway": 6}
SOUTH: dict[str, Any] = {"line": [[0, -100], [0, 0]], "carriageway": 8}
STOP = text(
    "SELECT junction_stop_m(segment, :at_start) FROM road_segment AS segment WHERE segment.segment_id = 'mine'"
)


def turned(road: dict[str, Any]) -> dict[str, Any]:
    return {**road, "line": road["line"][::-1]}


@pytest.mark.parametrize("drawn", [lambda road: road, turned], ids=["as drawn", "turned"])
@pytest.mark.parametrize(
    ("mine", "others", "expected"),
    [
        (EAST, [], 0),
        (EAST, [SOUTH], 0),  # a bend
        (EAST, [WEST], 0),
        (EAST, [NORTH, SOUTH], 4),
        (EAST, [WEST, NORTH], 3),  # what goes straight on is the same street
        (EAST, [WEST, {"line": [[0, 0], [-100, 100]], "carriageway": 7}], 0),  # by exactly 45 degrees
        (EAST, [WEST, {"line": [[0, 0], [-100, 101]], "carriageway": 7}], 3.5),
        (EAST, [NORTH, {**SOUTH, "in_service": False}], 0),
        (EAST, [NORTH, {**SOUTH, "modes": ["foot"]}], 0),
        (EAST, [NORTH, {**SOUTH, "modes": ["bus"]}], 4),
        (EAST, [NORTH, {**SOUTH, "carriageway": 0}], 0),
        (EAST, [NORTH, {**SOUTH, "carriageway": None}], 0),
        (EAST, [NORTH, {"line": [[0.04, -100], [0.04, 0]], "carriageway": 8}], 4),
        (EAST, [NORTH, {"line": [[0.06, -100], [0.06, 0]], "carriageway": 8}], 0),
        (EAST, [NORTH, {"line": [[-1, -100], [0, 0], [1, 100]], "carriageway": 8}], 0),  # passes, by a bridge
        # Where a street leads is looked at close to the junction.
        ({"line": [[0, 0], [50, 0], [50, 200]]}, [WEST, NORTH], 3),
        (EAST, [{"line": [[0, 0], [-50, 0], [-50, 200]], "carriageway": 10}, NORTH], 3),
        ({"line": [[0, 0], [4, 0]]}, [{"line": [[0, 0], [-4, 0]], "carriageway": 10}, NORTH], 3),
    ],
)  # fmt: skip
def test_strips_stop_where_another_street_begins(
    scene: Any, scenery: Any, mine: dict[str, Any], others: list[dict[str, Any]], expected: float, drawn: Any
) -> None:
    for at_start in (True, False):
        scene.session.execute(text("DELETE FROM road_segment"))
        scenery.add_road(scene.session, {**(mine if at_start else turned(mine)), "id": "mine"})
        for other in others:
            scenery.add_road(scene.session, drawn(other))
        assert scene.session.execute(STOP, {"at_start": at_start}).scalar_one() == expected
