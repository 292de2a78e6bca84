"""Fills a quarter with streets: its faces between main roads are halved across until blocks remain.

No two halves are equal, cuts lean and bend a little, and a street likes to end where another one already
meets the same road: so junctions become crossings and the whole looks like a town that has grown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from shapely import LineString, Point, Polygon, STRtree
from shapely.ops import polygonize, unary_union

from geo_service.demo.curves import XY, bent, lengthened, shortened
from geo_service.demo.plan import Quarter

HAIR_M = 0.02
SNAP_M = 32.0
LEAST_DEPTH_M = 38.0


def grow_quarter(
    quarter: Quarter, roads: Sequence[LineString], barriers: Sequence[LineString], chance: Random
) -> list[LineString]:
    """Streets of one quarter, each from one street to another or to a dead end at the edge."""
    edges = unary_union([quarter.outline.exterior, *roads, *barriers])
    stack = [face for face in polygonize(edges) if quarter.outline.contains(face.representative_point())]
    stack.sort(key=lambda face: (face.centroid.x, face.centroid.y))
    junctions: list[Point] = []
    streets: list[LineString] = []
    while stack:
        face = stack.pop()
        if face.area < quarter.block_m2 * chance.uniform(0.9, 1.7):
            continue
        cut = _cut(face, junctions, chance)
        halves = [] if cut is None else _halves(face, cut)
        if cut is None or not halves:
            continue
        streets.append(cut)
        junctions += [Point(cut.coords[0]), Point(cut.coords[-1])]
        stack += halves
    kept, tips = _with_dead_ends(streets, roads, chance)
    return kept + _along_the_edge(quarter, tips, [*roads, *barriers, *kept], chance)


def _cut(face: Polygon, junctions: Sequence[Point], chance: Random) -> LineString | None:
    """A bent line across the longer side of `face`, from edge to edge; None when the face cannot be cut."""
    along, middle, half_m = _long_axis(face)
    at_m = chance.uniform(-0.17, 0.17) * half_m
    lean = math.pi / 2 + math.radians(chance.uniform(-7, 7))
    centre = (middle[0] + math.cos(along) * at_m, middle[1] + math.sin(along) * at_m)
    reach = (math.cos(along + lean) * 5000, math.sin(along + lean) * 5000)
    ray = LineString(
        [(centre[0] - reach[0], centre[1] - reach[1]), (centre[0] + reach[0], centre[1] + reach[1])]
    )
    inside = ray.intersection(face)
    parts = [p for p in getattr(inside, "geoms", [inside]) if isinstance(p, LineString)]
    if not parts:
        return None
    longest = max(parts, key=lambda part: float(part.length))
    start, end = (_snapped(Point(p), face, junctions) for p in (longest.coords[0], longest.coords[-1]))
    if math.dist(start, end) < LEAST_DEPTH_M:
        return None
    line = bent(start, end, chance.uniform(-0.045, 0.045) * math.dist(start, end))
    return line if face.buffer(1).contains(line) else bent(start, end, 0)


def _long_axis(face: Polygon) -> tuple[float, XY, float]:
    """Direction (radians), centre and half the length of the longer side of the smallest rectangle around."""
    box = face.minimum_rotated_rectangle
    a, b, c, _, _ = [(float(x), float(y)) for x, y in box.exterior.coords]
    first, second = math.dist(a, b), math.dist(b, c)
    p, q = (a, b) if first >= second else (b, c)
    centre = box.centroid
    return math.atan2(q[1] - p[1], q[0] - p[0]), (centre.x, centre.y), max(first, second) / 2


def _snapped(end: Point, face: Polygon, junctions: Sequence[Point]) -> XY:
    near = [j for j in junctions if j.distance(end) < SNAP_M and j.distance(face.exterior) < 2 * HAIR_M]
    best = min(near, key=end.distance, default=end)
    return float(best.x), float(best.y)


def _halves(face: Polygon, cut: LineString) -> list[Polygon]:
    """Both sides of the cut; none when one of them would be too thin for a block."""
    lines = unary_union([face.exterior, lengthened(cut, HAIR_M)])
    halves = [half for half in polygonize(lines) if face.contains(half.representative_point())]
    if len(halves) < 2:
        return []
    for half in halves:
        _, _, half_length_m = _long_axis(half)
        if half.area / (2 * half_length_m) < LEAST_DEPTH_M:
            return []
    return halves


def _with_dead_ends(
    streets: Sequence[LineString], roads: Sequence[LineString], chance: Random
) -> tuple[list[LineString], list[Point]]:
    """What ends at the edge or at a barrier stops before it; the others are a hair longer, to meet for sure.

    Returns the streets and the tips of the dead ends.
    """
    known = [*roads, *streets]
    tree = STRtree(known)
    kept: list[LineString] = []
    tips: list[Point] = []
    for street in streets:
        is_open = [
            not any(known[i] is not street for i in tree.query(Point(end), predicate="dwithin", distance=0.5))
            for end in (street.coords[0], street.coords[-1])
        ]
        trims = [chance.uniform(12, 24) if open_end else 0.0 for open_end in is_open]
        trimmed = shortened(street, at_start_m=trims[0], at_end_m=trims[1])
        if trimmed is not None:
            kept.append(lengthened(trimmed, HAIR_M))
            tips += [
                Point(trimmed.coords[i]) for i, open_end in zip((0, -1), is_open, strict=True) if open_end
            ]
    return kept, tips


def _along_the_edge(
    quarter: Quarter, tips: Sequence[Point], known: Sequence[LineString], chance: Random
) -> list[LineString]:
    """Streets that join neighbouring dead ends; some stay dead ends."""
    edge = quarter.outline.exterior
    around = sorted(tips, key=edge.project)
    tree = STRtree(known)
    links = []
    for tip, following in pairwise(around):
        gap_m = tip.distance(following)
        if not 35 < gap_m < 160 or chance.random() < 0.3:
            continue
        link = bent((tip.x, tip.y), (following.x, following.y), chance.uniform(-0.03, 0.03) * gap_m)
        inner = shortened(link, at_start_m=3, at_end_m=3)
        if inner is not None and not len(tree.query(inner, predicate="intersects")):
            links.append(lengthened(link, HAIR_M))
    return links
