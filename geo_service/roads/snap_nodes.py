"""Junctions of a network that has none: ends of lines that meet, or nearly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from shapely import LineString


def snap_nodes(axes: Sequence[LineString], tolerance_m: float) -> list[tuple[str, str]]:
    """Names of the junctions at start and end of each line; ends within `tolerance_m` share one.

    The lines stay as they are. A junction is named by its most western end, in centimetres of the lines' own
    system, so the same lines give the same names. Lines that cross without an end are no junction.

    >>> snap_nodes([LineString([(0, 0), (5, 0)]), LineString([(5.2, 0), (9, 0)])], 0.5)
    [('0:0', '500:0'), ('500:0', '900:0')]
    """
    ends = np.concatenate(
        [shapely.get_coordinates(shapely.get_point(axes, position)) for position in (0, -1)]
    )
    places, which = np.unique(np.round(ends, 3), axis=0, return_inverse=True)
    points = shapely.points(places)
    first = list(range(len(places)))

    def root(place: int) -> int:
        while first[place] != place:
            first[place] = first[first[place]]
            place = first[place]
        return place

    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=tolerance_m)
    for one, other in near.T.tolist():
        low, high = sorted((root(one), root(other)))
        first[high] = low
    names = [f"{round(x * 100)}:{round(y * 100)}" for x, y in places.tolist()]
    named = [names[root(place)] for place in which.ravel().tolist()]
    return list(zip(named[: len(axes)], named[len(axes) :], strict=True))
