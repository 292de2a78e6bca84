"""K10 and K11 in the database agree with an independent evaluation in shapely, on random ways and works."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, box

# A town of blocks: junctions every 120 m, four from west to east and three from south to north.
BLOCK_M, EASTWARDS, NORTHWARDS = 120, 4, 3
Junction = tuple[int, int]
NEIGHBOURS = {
    (x, y): [
        (x + dx, y + dy)
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1))
        if 0 <= x + dx < EASTWARDS and 0 <= y + dy < NORTHWARDS
    ]
    for x in range(EASTWARDS)
    for y in range(NORTHWARDS)
}
SEGMENTS = sorted({tuple(sorted((a, b))) for a, there in NEIGHBOURS.items() for b in there})
HALF_STREET_M = 5  # half of 6 m of carriageway, and a footway of 2 m


def at(junction: Junction) -> tuple[float, float]:
    return junction[0] * BLOCK_M, junction[1] * BLOCK_M


@st.composite
def detours(draw: st.DrawFn) -> dict[str, Any]:
    """A way from junction to junction, drawn up to three metres beside the streets."""
    way = [draw(st.sampled_from(sorted(NEIGHBOURS)))]
    for _ in range(draw(st.integers(1, 6))):
        onwards = [there for there in NEIGHBOURS[way[-1]] if there not in way[-2:]]
        way.append(draw(st.sampled_from(onwards)))
    beside = draw(st.tuples(*[st.integers(-12, 12).map(lambda n: n / 4)] * 2))
    return {
        "way": way,
        "detour": [[x + beside[0], y + beside[1]] for x, y in map(at, way)],
        "rect": [-500, -500, 10, 4],
    }


@st.composite
def works(draw: st.DrawFn) -> dict[str, Any]:
    """Something in a street or beside it, near a junction more often than not."""
    (x1, y1), (x2, y2) = map(at, draw(st.sampled_from(SEGMENTS)))
    along = draw(st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    # Over the axis, at the edge of the street, or anywhere near; three metres of the axis close it.
    beside = st.sampled_from([-1.0, 4.75, 5.0, 5.25]) | st.integers(-40, 40).map(lambda n: n / 4)
    size = st.sampled_from([2.75, 3.0, 3.25, 10.0]) | st.integers(1, 60).map(lambda n: n / 4)
    west = x1 + along * (x2 - x1) + draw(beside)
    south = y1 + along * (y2 - y1) + draw(beside)
    return {
        "rect": [west, south, draw(size), draw(size)],
        "restriction": draw(
            st.sampled_from(["full_closure", "full_closure_residents_free", "narrowing", "none"])
        ),
        "takes": draw(st.sampled_from([[], ["footway"], ["carriageway"]])),
        "closed_segments": draw(st.sampled_from([[], [], [], *([str(segment)] for segment in SEGMENTS)])),
    }


def rectangle(work: dict[str, Any]) -> Any:
    x, y, width, depth = work["rect"]
    return box(x, y, x + width, y + depth)


def hindered(way: dict[str, Any], work: dict[str, Any], *, binding: bool) -> str | None:
    """How bad the work is for who drives that way; `binding`: what the other of the two is."""
    driven = {tuple(sorted(pair)) for pair in zip(way["way"], way["way"][1:], strict=False)}
    closed = narrowed = False
    for segment in driven:
        axis = LineString([at(junction) for junction in segment])
        covered_m = axis.intersection(rectangle(work)).length
        in_the_street = axis.distance(rectangle(work)) <= HALF_STREET_M
        closing = work["restriction"].startswith("full_closure")
        if str(segment) in work["closed_segments"] or (closing and covered_m >= 3):
            closed = True
        elif in_the_street and (work["restriction"] == "narrowing" or "carriageway" in work["takes"]):
            narrowed = True
    if closed and binding:
        return "block"
    return "warn" if closed or narrowed else None


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    way=detours(),
    around=st.lists(works(), min_size=1, max_size=5),
    state=st.sampled_from(["submitted", "granted"]),
)
def test_detours_and_closures_agree_with_shapely(
    street_scene: Any, way: dict[str, Any], around: list[dict[str, Any]], state: str
) -> None:
    scene, binding = street_scene, state == "granted"
    with scene.session.begin_nested() as savepoint:
        stored = {scene.store({**work, "state": state}): work for work in around}
        mine = {f.other.occupation_id: f.severity for f in scene.check(way).findings if f.number == "K10"}
        savepoint.rollback()
    wanted = {key: hindered(way, work, binding=binding) for key, work in stored.items()}
    assert mine == {key: severity for key, severity in wanted.items() if severity}
    with scene.session.begin_nested() as savepoint:
        scene.store({**way, "state": state})
        seen = [[f.severity for f in scene.check(work).findings if f.number == "K11"] for work in around]
        savepoint.rollback()
    assert seen == [[severity] if severity else [] for severity in wanted.values()]


@pytest.fixture
def street_scene(scene: Any, scenery: Any) -> Any:
    """The town of blocks, with nobody in its streets."""
    for segment in SEGMENTS:
        scenery.add_road(scene.session, {"id": str(segment), "line": [at(junction) for junction in segment]})
    return scene
