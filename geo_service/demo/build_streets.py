"""From a town's plan to road segments: grown, cut at junctions, all connected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from shapely import LineString, Point, STRtree, set_precision, union_all
from shapely.ops import nearest_points, unary_union

from geo_service.demo.curves import beyond
from geo_service.demo.grow_quarter import HAIR_M, grow_quarter
from geo_service.demo.name_streets import name_streets
from geo_service.demo.plan import PlannedRoad, StreetKind, TownPlan, street_kinds
from geo_service.roads.segment import Segment

SOURCE = "demo"
GRID_M = 0.01
SNAP_M = 45.0
STUB_M = 6.0
MEET_M = 0.3
MOTORWAYS = ("motorway",)


@dataclass(frozen=True, slots=True)
class Street:
    """One line before it is cut: name, kind, number."""

    name: str
    kind: str
    line: LineString
    number: str | None = None


def build_streets(plan: TownPlan) -> list[Segment]:
    """All segments of one plan; like any other they are not cut at town borders.

    The same plan gives the same segments with the same ids, on every machine.
    """
    roads = _joined(plan.roads)
    streets = [Street(road.name, road.kind, road.course, road.number) for road in roads]
    ground = [s.line for s in streets if s.kind not in MOTORWAYS]
    for quarter in plan.quarters:
        chance = Random(f"{plan.slug}/{quarter.name}")  # noqa: S311  (streets, not secrets)
        motorways = [s.line for s in streets if s.kind in MOTORWAYS]
        grown = grow_quarter(quarter, ground, [*plan.barriers, *motorways], chance)
        ground = [*ground, *grown]
        names = name_streets(grown, quarter.names)
        streets += [Street(name, quarter.kind, line) for name, line in zip(names, grown, strict=True)]
    pieces = _cut_at_junctions(streets)
    return _segments(_connected(_without_stubs(_meeting(pieces))), plan.town)


def _joined(roads: Sequence[PlannedRoad]) -> list[PlannedRoad]:
    """Planned roads whose loose ends are drawn to the nearest other road within 45 m."""
    joined = list(roads)
    for index, road in enumerate(roads):
        if road.kind in MOTORWAYS:
            continue
        others = unary_union([other.course for i, other in enumerate(joined) if i != index])
        points = list(road.course.coords)
        for at in (0, -1):
            end = Point(points[at])
            gap_m = end.distance(others)
            if GRID_M < gap_m < SNAP_M:
                target = nearest_points(end, others)[1]
                points[at] = beyond(points[1 if at == 0 else -2], (target.x, target.y), HAIR_M)
        course = LineString(points)
        joined[index] = PlannedRoad(name=road.name, kind=road.kind, course=course, number=road.number)
    return joined


def _cut_at_junctions(streets: Sequence[Street]) -> list[Street]:
    """Everything on the ground meets where it crosses; a motorway only where a slip road ends on it."""
    ground = [s for s in streets if s.kind not in MOTORWAYS]
    slips = [
        Point(c) for s in ground if s.kind == "motorway_link" for c in (s.line.coords[0], s.line.coords[-1])
    ]
    pieces = _noded(ground)
    for motorway in (s for s in streets if s.kind in MOTORWAYS):
        stops = {0.0, motorway.line.length}
        stops |= {motorway.line.project(p) for p in slips if motorway.line.distance(p) < 1}
        pieces += _at_stops(motorway, sorted(stops), slips)
    return pieces


def _noded(streets: Sequence[Street]) -> list[Street]:
    network = union_all([set_precision(s.line, GRID_M) for s in streets], grid_size=GRID_M)
    tree = STRtree([s.line for s in streets])
    pieces = []
    for line in network.geoms:
        middle = line.interpolate(0.5, normalized=True)
        near = tree.query(middle, predicate="dwithin", distance=0.5)
        owner = min((int(i) for i in near), default=None, key=lambda i: (streets[i].line.distance(middle), i))
        if owner is not None:
            street = streets[owner]
            pieces.append(Street(street.name, street.kind, line, street.number))
    return pieces


def _at_stops(street: Street, stops: Sequence[float], slips: Sequence[Point]) -> list[Street]:
    pieces = []
    for begin, end in pairwise(stops):
        ends = [street.line.interpolate(stop) for stop in (begin, end)]
        exact = [min(slips, key=p.distance) if any(s.distance(p) < 1 for s in slips) else p for p in ends]
        inner = [c for c in street.line.coords if begin + 1 < street.line.project(Point(c)) < end - 1]
        line = LineString([(exact[0].x, exact[0].y), *inner, (exact[1].x, exact[1].y)])
        pieces.append(Street(street.name, street.kind, set_precision(line, GRID_M), street.number))
    return pieces


def _meeting(pieces: Sequence[Street]) -> list[Street]:
    """Pieces whose ends lie within 0.3 m of each other get one common end; crumbs go."""
    ends = [Point(piece.line.coords[at]) for piece in pieces for at in (0, -1)]
    tree = STRtree(ends)
    place: list[tuple[float, float] | None] = [None] * len(ends)
    for i, end in enumerate(ends):
        if place[i] is None:
            here = (round(end.x, 1), round(end.y, 1))
            waiting = [i]
            while waiting:
                j = waiting.pop()
                if place[j] is None:
                    place[j] = here
                    waiting += [int(n) for n in tree.query(ends[j], predicate="dwithin", distance=MEET_M)]
    met = []
    for i, piece in enumerate(pieces):
        first, last = place[2 * i], place[2 * i + 1]
        line = LineString([first, *piece.line.coords[1:-1], last])
        if first != last or line.length > STUB_M:
            met.append(Street(piece.name, piece.kind, line, piece.number))
    return met


def _without_stubs(pieces: list[Street]) -> list[Street]:
    """No dead ends of a few metres, which are only where a line was drawn a little too far."""
    while True:
        degree = Counter(node for piece in pieces for node in _ends(piece.line))
        kept = [
            p for p in pieces if p.line.length > STUB_M or all(degree[node] > 1 for node in _ends(p.line))
        ]
        if len(kept) == len(pieces):
            return kept
        pieces = kept


def _connected(pieces: Sequence[Street]) -> list[Street]:
    """The largest connected part, and the motorways, which may pass a town without an exit."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        while parent.setdefault(node, node) != node:
            node = parent[node]
        return node

    for piece in pieces:
        start, end = _ends(piece.line)
        parent[root(start)] = root(end)
    sizes = Counter(root(_ends(piece.line)[0]) for piece in pieces)
    largest = sizes.most_common(1)[0][0]
    return [p for p in pieces if p.kind in MOTORWAYS or root(_ends(p.line)[0]) == largest]


def _ends(line: LineString) -> tuple[str, str]:
    """Ids of both ends, from their place to the decimetre."""
    (x1, y1), (x2, y2) = line.coords[0], line.coords[-1]
    return f"{x1:.1f}/{y1:.1f}", f"{x2:.1f}/{y2:.1f}"


def _segments(pieces: Sequence[Street], town: str) -> list[Segment]:
    taken: Counter[str] = Counter()
    segments = []
    for piece in pieces:
        start, end = _ends(piece.line)
        name = f"{SOURCE}:{start}:{end}".replace(".", "")
        taken[name] += 1
        segment_id = name if taken[name] == 1 else f"{name}:{taken[name]}"
        segments.append(_segment(piece, street_kinds()[piece.kind], segment_id, town))
    return segments


def _segment(piece: Street, kind: StreetKind, segment_id: str, town: str) -> Segment:
    start, end = _ends(piece.line)
    return Segment(
        segment_id=segment_id,
        axis=piece.line,
        start_node=start,
        end_node=end,
        road_class=kind.road_class,
        source_id=f"{town}/{piece.name}",
        street_name=piece.name,
        road_number=piece.number,
        highway=kind.highway,
        road_owner=kind.road_owner,
        within_built_up_area=kind.built_up,
        carriageway_width_m=kind.carriageway_m,
        footway_width_left_m=kind.footway_m,
        footway_width_right_m=kind.footway_m,
        lane_count=0 if kind.carriageway_m == 0 else 2,
        max_speed_kmh=kind.max_speed_kmh,
        modes=kind.modes,
        network_function=kind.functions,
        width_source=kind.width_source,
        demo=True,
    )
