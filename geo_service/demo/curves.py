"""Rough courses become curves that look like streets. EPSG:25832, metres."""

from __future__ import annotations

import math

from shapely import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

XY = tuple[float, float]
STEP_M = 40.0


def through_points(line: LineString) -> LineString:
    """A smooth curve through every point of `line` (Catmull-Rom), a point about every 40 m."""
    points = [(float(x), float(y)) for x, y in line.coords]
    if len(points) < 3:
        return line
    before = _mirrored(points[1], points[0])
    after = _mirrored(points[-2], points[-1])
    padded = [before, *points, after]
    curve: list[XY] = [points[0]]
    for i in range(1, len(padded) - 2):
        steps = max(1, round(math.dist(padded[i], padded[i + 1]) / STEP_M))
        curve += [_between(padded[i - 1 : i + 3], step / steps) for step in range(1, steps + 1)]
    return LineString(curve)


def rounded_outline(polygon: BaseGeometry) -> Polygon:
    """`polygon` with its corners cut twice (Chaikin)."""
    assert isinstance(polygon, Polygon)
    points = [(float(x), float(y)) for x, y in polygon.exterior.coords][:-1]
    for _ in range(2):
        points = [
            (a[0] * (1 - share) + b[0] * share, a[1] * (1 - share) + b[1] * share)
            for a, b in zip(points, points[1:] + points[:1], strict=True)
            for share in (0.25, 0.75)
        ]
    return Polygon(points)


def bent(start: XY, end: XY, bulge_m: float) -> LineString:
    """From start to end with its middle `bulge_m` aside (left positive), in five pieces."""
    length_m = math.dist(start, end)
    left = (-(end[1] - start[1]) / length_m, (end[0] - start[0]) / length_m)
    return LineString(
        [
            (
                start[0] + (end[0] - start[0]) * t + left[0] * bulge_m * 4 * t * (1 - t),
                start[1] + (end[1] - start[1]) * t + left[1] * bulge_m * 4 * t * (1 - t),
            )
            for t in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
        ]
    )


def beyond(inner: XY, end: XY, more_m: float) -> XY:
    """The point `more_m` behind `end`, seen from `inner`."""
    length_m = math.dist(inner, end) or 1.0
    return (
        end[0] + (end[0] - inner[0]) / length_m * more_m,
        end[1] + (end[1] - inner[1]) / length_m * more_m,
    )


def lengthened(line: LineString, more_m: float) -> LineString:
    """`line` prolonged straight at both ends: a hair more makes sure that it meets what it should meet."""
    points = [(float(x), float(y)) for x, y in line.coords]
    return LineString(
        [beyond(points[1], points[0], more_m), *points[1:-1], beyond(points[-2], points[-1], more_m)]
    )


def shortened(line: LineString, *, at_start_m: float, at_end_m: float) -> LineString | None:
    """`line` without so much of its ends; None when nothing worth a street remains."""
    if line.length < at_start_m + at_end_m + 25:
        return None
    points = [(float(x), float(y)) for x, y in line.coords]
    first, last = line.interpolate(at_start_m), line.interpolate(line.length - at_end_m)
    inner = [p for p in points[1:-1] if at_start_m < line.project(Point(p)) < line.length - at_end_m]
    return LineString([(first.x, first.y), *inner, (last.x, last.y)])


def heading(line: LineString, *, at_start: bool) -> float:
    """Direction in which the line leaves its start (or end), radians."""
    points = [(float(x), float(y)) for x, y in line.coords]
    here, there = (points[0], points[1]) if at_start else (points[-1], points[-2])
    return math.atan2(there[1] - here[1], there[0] - here[0])


def _mirrored(point: XY, centre: XY) -> XY:
    return 2 * centre[0] - point[0], 2 * centre[1] - point[1]


def _between(four: list[XY], t: float) -> XY:
    def axis(a: float, b: float, c: float, d: float) -> float:
        return 0.5 * (
            2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
        )

    a, b, c, d = four
    return axis(a[0], b[0], c[0], d[0]), axis(a[1], b[1], c[1], d[1])
