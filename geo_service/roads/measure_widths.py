"""Widths of carriageways measured across the axis, from the areas that somebody drew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from shapely import LineString

STATION_M = 5.0  # distance between two measurements
END_M = 12.0  # a junction widens the carriageway; nothing is measured nearer to it, unless the line is short
REACH_M = 25.0  # to each side of the axis; a part that reaches so far is a square, not a carriageway
AXIS_OFF_M = 1.0  # an axis may lie this far beside the area that it belongs to
SEAM_M = 0.2  # areas drawn side by side may leave such a gap
LEAST_STATIONS = 3


def measured_widths_m(axes: Sequence[LineString], areas: Any) -> list[float | None]:
    """The median width of the carriageway of each axis; None where areas cover less than half its stations.

    axes, areas (polygons): the same system in metres. A width is the part of the line across the axis that
    lies in areas and holds the axis; the median of equal distances leaves bays and crossings out.
    """
    owner, across = _cross_lines(axes)
    if not len(across):
        return [None] * len(axes)
    tree = shapely.STRtree(areas)
    line, area = tree.query(across, predicate="intersects")
    cuts = shapely.intersection(across[line], tree.geometries[area])
    parts, which = shapely.get_parts(cuts, return_index=True)
    straight = shapely.length(parts) > 0
    parts, station = parts[straight], line[which[straight]]
    start = shapely.get_point(across[station], 0)
    one = shapely.distance(start, shapely.get_point(parts, 0)) - REACH_M
    other = shapely.distance(start, shapely.get_point(parts, -1)) - REACH_M
    intervals: dict[int, list[tuple[float, float]]] = {}
    for number, low, high in zip(
        station.tolist(), np.minimum(one, other).tolist(), np.maximum(one, other).tolist(), strict=True
    ):
        intervals.setdefault(number, []).append((low, high))
    widths: dict[int, list[float]] = {}
    for number, found in intervals.items():
        width_m = _at_axis(sorted(found))
        if width_m is not None:
            widths.setdefault(int(owner[number]), []).append(width_m)
    stations = np.bincount(owner, minlength=len(axes))
    return [
        float(np.median(widths[index]))
        if len(widths.get(index, ())) >= max(min(LEAST_STATIONS, stations[index]), stations[index] / 2)
        else None
        for index in range(len(axes))
    ]


def _cross_lines(axes: Sequence[LineString]) -> tuple[Any, Any]:
    """Lines across the axes at their stations, from left to right, and the number of the axis of each."""
    owner: list[int] = []
    at: list[float] = []
    for index, axis in enumerate(axes):
        end_m = min(END_M, axis.length / 3)
        count = max(1, int((axis.length - 2 * end_m) // STATION_M) + 1)
        at += np.linspace(end_m, axis.length - end_m, count).tolist() if count > 1 else [axis.length / 2]
        owner += [index] * count
    lines = np.array(axes, dtype=object)[owner]
    places = shapely.get_coordinates(shapely.line_interpolate_point(lines, at))
    behind = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.maximum(np.array(at) - 0.5, 0)))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, np.array(at) + 0.5))
    along = ahead - behind
    length = np.hypot(along[:, 0], along[:, 1])
    good = length > 0
    left = np.column_stack([-along[good, 1], along[good, 0]]) / length[good, None] * REACH_M
    ends = np.stack([places[good] + left, places[good] - left], axis=1)
    return np.array(owner)[good], shapely.linestrings(ends)


def _at_axis(intervals: list[tuple[float, float]]) -> float | None:
    """Length of the joined interval that holds the axis (0), None where there is none or it has no end."""
    joined: list[tuple[float, float]] = []
    for low, high in intervals:
        if joined and low <= joined[-1][1] + SEAM_M:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    for low, high in joined:
        if low - AXIS_OFF_M <= 0 <= high + AXIS_OFF_M:
            return high - low if low > -REACH_M + 0.01 and high < REACH_M - 0.01 else None
    return None
