"""The axis of a street joined from its segments, and how a shape moves along it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Places = NDArray[np.float64]  # rows of east, north; EPSG:25832, metres
_SAME_STATION_M = 1e-6  # stations are sums of lengths: a micrometre before a vertex is the vertex


@dataclass(frozen=True, kw_only=True, slots=True)
class AxisPiece:
    """A segment of a street. axis: EPSG:25832; pieces that name the same node meet there."""

    segment_id: str
    axis: BaseGeometry
    start_node: int | None
    end_node: int | None


@dataclass(frozen=True, slots=True)
class Frame:
    """A place on the axis and its direction there, a vector of length 1 towards the higher stations."""

    place: Places
    direction: Places


@dataclass(frozen=True, kw_only=True, slots=True)
class StreetAxis:
    """A line with stations, metres from its lower end; they rise in the direction of the home segment.

    places: its vertices. stations: those of the vertices. home: axis of the segment that a shape stands in,
    which begins at station home_from_m.
    """

    places: Places
    stations: NDArray[np.float64]
    home: BaseGeometry
    home_from_m: float

    @property
    def length_m(self) -> float:
        """Length of the whole joined axis."""
        return float(self.stations[-1])

    def station_of(self, place: BaseGeometry) -> float:
        """Where a point stands: the station of the nearest place on the home segment."""
        return self.home_from_m + float(shapely.line_locate_point(self.home, place))

    def frame_at(self, station_m: float) -> Frame:
        """The frame at a station from 0 to length_m; at a vertex the direction is that of what follows."""
        after = int(np.searchsorted(self.stations, station_m + _SAME_STATION_M, side="right"))
        begin = min(max(after - 1, 0), len(self.stations) - 2)
        piece = self.places[begin + 1] - self.places[begin]
        direction = piece / np.hypot(*piece)
        return Frame(self.places[begin] + (station_m - self.stations[begin]) * direction, direction)

    def moved(self, shape: BaseGeometry, from_m: float, to_m: float) -> BaseGeometry:
        """`shape` moved along the axis: the rigid motion that maps the frame at from_m to the frame at to_m.

        Distance and angle to the axis stay what they were at the station: on a straight street this is a
        translation, around a bend the shape turns with the axis.
        """
        before, after = self.frame_at(from_m), self.frame_at(to_m)
        cos = float(before.direction @ after.direction)
        sin = float(before.direction[0] * after.direction[1] - before.direction[1] * after.direction[0])
        turn = np.array([[cos, sin], [-sin, cos]])  # for rows of coordinates, hence transposed
        return cast(
            BaseGeometry, shapely.transform(shape, lambda at: (at - before.place) @ turn + after.place)
        )


def join_axis(home: AxisPiece, pieces: Sequence[AxisPiece], *, extend_m: float) -> StreetAxis:
    """The axis of a street: the home segment and what goes on from both its ends, at least extend_m far.

    pieces: segments of the same street. Where several go on from a node, the straightest does, then the one
    with the smaller id; each is used once, and the way up is gone before the way down.
    """
    left = {piece.segment_id: piece for piece in pieces if piece.segment_id != home.segment_id}
    own = _places(home.axis)
    up = _walk(own, home.end_node, left, extend_m)
    down = _walk(own[::-1], home.start_node, left, extend_m)
    places = np.concatenate([down[::-1], own, up])
    lengths = np.hypot(*np.diff(places, axis=0).T)
    kept = np.concatenate([[True], lengths > 0])  # a repeated vertex has no direction
    stations = np.concatenate([[0.0], np.cumsum(lengths)])
    home_from_m = float(stations[len(down)])
    return StreetAxis(places=places[kept], stations=stations[kept], home=home.axis, home_from_m=home_from_m)


def _places(axis: BaseGeometry) -> Places:
    return cast(Places, shapely.get_coordinates(axis))


def _walk(behind: Places, node: int | None, left: dict[str, AxisPiece], extend_m: float) -> Places:
    """What goes on after the last place of `behind`; the pieces gone are taken out of `left`."""
    gone: list[Places] = []
    length_m = 0.0
    while node is not None and length_m < extend_m:
        onward = [
            (_turn(behind, places), piece.segment_id, places, next_node)
            for piece in left.values()
            for places, begin, next_node in (
                (_places(piece.axis), piece.start_node, piece.end_node),
                (_places(piece.axis)[::-1], piece.end_node, piece.start_node),
            )
            if begin == node
        ]
        if not onward:
            break
        _, segment_id, behind, node = min(onward, key=lambda way: way[:2])
        del left[segment_id]
        length_m += float(np.hypot(*np.diff(behind, axis=0).T).sum())
        gone.append(behind)
    return np.concatenate(gone) if gone else np.empty((0, 2))


def _turn(behind: Places, ahead: Places) -> float:
    """How far the way turns from one piece to the next, 0 (straight on) to pi (back)."""
    came, goes = behind[-1] - behind[-2], ahead[1] - ahead[0]
    return abs(math.atan2(came[0] * goes[1] - came[1] * goes[0], float(came @ goes)))
