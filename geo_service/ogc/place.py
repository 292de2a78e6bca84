"""`bbox` and `bbox-crs`: from what a client writes to one area in EPSG:25832.

The box is transformed, never the column. Features inside `core` lie inside the area for certain and need no
exact test; the edges of a lon/lat box are curved in metres, so the area is a polygon with points along them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from shapely import box, get_coordinates, segmentize, to_wkb, union_all
from shapely.geometry.base import BaseGeometry

from geo_service.crs import LONLAT_SRID, PLAUSIBLE_LONLAT, TOWN_SRID, reproject, to_town
from geo_service.errors import FieldFault, Malformed
from geo_service.ogc.collection import EPSG_25832
from geo_service.ogc.systems import SYSTEMS

Box = tuple[float, float, float, float]

# A little more than where data can be at all; what lies outside matches nothing.
WINDOW: Box = (
    PLAUSIBLE_LONLAT[0] - 1,
    PLAUSIBLE_LONLAT[1] - 1,
    PLAUSIBLE_LONLAT[2] + 1,
    PLAUSIBLE_LONLAT[3] + 1,
)
_NOWHERE: Box = (0.0, 0.0, 1.0, 1.0)
_THIN_DEG = 1e-9  # a tenth of a millimetre: a polygon needs an area


@dataclass(frozen=True, slots=True)
class SearchArea:
    """wkb: polygon, EPSG:25832. bounds, core: boxes about and inside it: west, south, east, north, metres."""

    wkb: bytes
    bounds: Box
    core: Box


def _area(shape: BaseGeometry, core: Box) -> SearchArea:
    return SearchArea(to_wkb(shape), shape.bounds, core)


NOWHERE = _area(box(*_NOWHERE), _NOWHERE)


def bad_box(detail: str) -> Malformed:
    """The answer to a box that cannot be read."""
    return Malformed(f"bbox: {detail}", errors=[FieldFault("bbox", detail)])


def read_box(text: str, *, latitude_first: bool = False) -> Box:
    """West, south, east, north: four numbers, or six of which the heights are left out. Raises Malformed."""
    parts = text.split(",")
    if len(parts) not in (4, 6):
        raise bad_box("Four numbers are needed (or six with heights): west,south,east,north.")
    try:
        numbers = [float(part) for part in parts if len(part) <= 40 and "_" not in part]
    except ValueError:
        raise bad_box("One of the values is not a number.") from None
    if len(numbers) != len(parts) or not all(math.isfinite(number) for number in numbers):
        raise bad_box("One of the values is not a finite number.")
    if len(numbers) == 6:
        if numbers[2] > numbers[5]:
            raise bad_box("The lower height lies above the upper one.")
        del numbers[5], numbers[2]
    west, south, east, north = [numbers[place] for place in (1, 0, 3, 2)] if latitude_first else numbers
    if south > north:
        raise bad_box("The southern edge lies north of the northern one.")
    return west, south, east, north


def find_area(text: str, crs: str) -> SearchArea | None:
    """The area to search, None when the box holds everything there can be. Raises Malformed."""
    system = SYSTEMS[crs]
    edges = read_box(text, latitude_first=system.latitude_first)
    if system.degrees:
        return _lonlat_area(edges)
    return _metre_area(edges) if crs == EPSG_25832 else foreign_area(edges, system.srid)


def _metre_area(edges: Box) -> SearchArea:
    if edges[0] > edges[2]:
        raise bad_box("The western edge lies east of the eastern one.")
    return _area(box(*edges), _shrunk(edges))


def _shrunk(edges: Box) -> Box:
    """A metre smaller on every side: boxes are compared in single precision, which is half a metre coarse."""
    west, south, east, north = edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1
    return (west, south, east, north) if west < east and south < north else _NOWHERE


@lru_cache(maxsize=8)
def reach(srid: int) -> BaseGeometry:
    """The box in another metric system that holds everything there can be."""
    return box(*reproject(_with_points_along(WINDOW), LONLAT_SRID, srid).bounds)


def foreign_area(edges: Box, srid: int) -> SearchArea | None:
    """The area of a box in another metric system, None when it holds everything there can be."""
    if edges[0] > edges[2]:
        raise bad_box("The western edge lies east of the eastern one.")
    wanted = box(*edges)
    if wanted.contains(reach(srid)):
        return None
    wanted = wanted.intersection(reach(srid))
    if wanted.is_empty:
        return NOWHERE
    longest = max(wanted.bounds[2] - wanted.bounds[0], wanted.bounds[3] - wanted.bounds[1], 1e-3)
    moved = reproject(segmentize(wanted, longest / 64), srid, TOWN_SRID)
    return _area(moved, _NOWHERE)


@lru_cache(maxsize=512)
def _lonlat_area(edges: Box) -> SearchArea | None:
    west, south, east, north = edges
    if south < -90 or north > 90:
        raise bad_box("A latitude lies between -90 and 90 degrees.")
    # Over the antimeridian the box has two parts.
    parts = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    windows = [_inside_window((first, south, last, north)) for first, last in parts]
    wanted = [window for window in windows if window is not None]
    if not wanted:
        return NOWHERE
    if WINDOW in wanted:
        return None
    drawn = [_with_points_along(window) for window in wanted]
    areas = [to_town(each) for each in drawn]
    if len(areas) > 1:
        return _area(union_all(areas), _NOWHERE)
    return _area(areas[0], _core(areas[0], drawn[0], wanted[0]))


def _inside_window(edges: Sequence[float]) -> Box | None:
    west, south = max(edges[0], WINDOW[0]), max(edges[1], WINDOW[1])
    east, north = min(edges[2], WINDOW[2]), min(edges[3], WINDOW[3])
    if west > east or south > north:
        return None
    # A box without width or height is a line or a point, and meets what lies there.
    return west, south, max(east, west + _THIN_DEG), max(north, south + _THIN_DEG)


def _with_points_along(lonlat: Box) -> BaseGeometry:
    """The box with points on its edges, 64 on the longest: one of a degree is then right to 3 cm in metres.

    Closer than 1/256 of a degree they would say no more: there an edge bends by 2 mm.
    """
    longest = max(lonlat[2] - lonlat[0], lonlat[3] - lonlat[1])
    return segmentize(box(*lonlat), max_segment_length=max(longest / 64, 1 / 256))


def _core(area: BaseGeometry, drawn: BaseGeometry, lonlat: Box) -> Box:
    """The largest box between the curved edges; nowhere when there is none. drawn: the area in degrees."""
    (x, y), (lon, lat) = get_coordinates(area).T, get_coordinates(drawn).T
    west, east = x[lon == lonlat[0]].max(), x[lon == lonlat[2]].min()
    south, north = y[lat == lonlat[1]].max(), y[lat == lonlat[3]].min()
    return _shrunk((float(west), float(south), float(east), float(north)))
