"""The generated towns: connected, the same each time, at the right place, and not a checkerboard."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from functools import cache

import pytest
from shapely import MultiPoint, Point, STRtree
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo_service.crs import to_town
from geo_service.demo.build_streets import build_streets
from geo_service.demo.fill_demo import DEMO_TOWNS
from geo_service.demo.plan import read_plan
from geo_service.packed import data_folder
from geo_service.roads.segment import Segment

STATION = {"bensheim": (8.6163, 49.6817, "Promenadenstraße"), "viernheim": (8.5786, 49.5381, "Rathausstraße")}
NUMBERS = {"bensheim": {"B 3", "B 47", "A 5", "A 67"}, "viernheim": {"A 6", "A 67", "A 659"}}


@cache
def boundaries() -> dict[str, BaseGeometry]:
    found = {}
    for path in sorted((data_folder() / "towns").glob("*/boundary.geojson")):
        feature = json.loads(path.read_text(encoding="utf-8"))
        found[path.parent.name] = to_town(shape(feature["geometry"]))
    return found


@cache
def segments_of(slug: str) -> list[Segment]:
    return build_streets(read_plan(slug))


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_a_second_run_gives_the_same_segments(slug: str) -> None:
    before = segments_of(slug)
    segments_of.cache_clear()
    again = segments_of(slug)
    assert [(s.segment_id, s.street_name, s.axis.wkb) for s in again] == [
        (s.segment_id, s.street_name, s.axis.wkb) for s in before
    ]


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_everything_but_motorways_is_one_network(slug: str) -> None:
    neighbours: dict[str, set[str]] = defaultdict(set)
    for segment in segments_of(slug):
        if segment.highway != "motorway":
            neighbours[segment.start_node].add(segment.end_node)
            neighbours[segment.end_node].add(segment.start_node)
    seen, waiting = set(), [next(iter(neighbours))]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting += neighbours[node]
    assert seen == set(neighbours)


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_lines_cross_only_in_nodes(slug: str) -> None:
    ground = [s for s in segments_of(slug) if s.highway != "motorway"]
    tree = STRtree([s.axis for s in ground])
    left, right = tree.query([s.axis for s in ground], predicate="crosses")
    far: list[tuple[str | None, str | None]] = []
    for i, j in zip(left, right, strict=True):
        ends = MultiPoint([c for n in (i, j) for c in (ground[n].axis.coords[0], ground[n].axis.coords[-1])])
        met = ground[i].axis.intersection(ground[j].axis)
        if not met.difference(ends.buffer(1)).is_empty:
            far.append((ground[i].street_name, ground[j].street_name))
    assert far == []


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_a_junction_has_one_place(slug: str) -> None:
    places: dict[str, set[tuple[float, float]]] = defaultdict(set)
    for segment in segments_of(slug):
        places[segment.start_node].add(segment.axis.coords[0])
        places[segment.end_node].add(segment.axis.coords[-1])
    assert {node for node, at in places.items() if len(at) > 1} == set()


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_it_looks_like_a_town(slug: str) -> None:
    segments = segments_of(slug)
    assert 500 < len(segments) < 2500
    assert len({s.street_name for s in segments}) > 120
    degrees = Counter(node for s in segments for node in (s.start_node, s.end_node))
    kinds = Counter(degrees.values())
    assert kinds[3] > 0.3 * len(degrees), "T junctions"
    assert 0.02 * len(degrees) < kinds[1] < 0.2 * len(degrees), "dead ends"
    headings = Counter(round(_heading(s)) // 5 for s in segments if s.highway == "residential")
    assert max(headings.values()) < 0.25 * sum(headings.values()), "not a checkerboard"


def _heading(segment: Segment) -> float:
    (x1, y1), (x2, y2) = segment.axis.coords[0], segment.axis.coords[-1]
    return math.degrees(math.atan2(y2 - y1, x2 - x1)) % 180


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_it_lies_where_the_town_is(slug: str) -> None:
    segments = segments_of(slug)
    lon, lat, street = STATION[slug]
    here = to_town(Point(lon, lat))
    assert min(s.axis.distance(here) for s in segments if s.street_name == street) < 60
    inside = sum(s.axis.intersection(boundaries()[slug]).length for s in segments)
    assert inside > 0.8 * sum(s.axis.length for s in segments)
    assert NUMBERS[slug] <= {s.road_number for s in segments}


@pytest.mark.parametrize("slug", DEMO_TOWNS)
def test_all_is_marked_as_demo_and_widths_say_where_they_come_from(slug: str) -> None:
    for segment in segments_of(slug):
        assert segment.demo
        assert segment.width_source == (
            "assumed" if segment.network_function == {"access_road"} else "tagged"
        )
        assert segment.carriageway_width_m is not None


def test_every_segment_has_its_own_id() -> None:
    ids = Counter(s.segment_id for slug in DEMO_TOWNS for s in segments_of(slug))
    assert [name for name, count in ids.items() if count > 1] == []
