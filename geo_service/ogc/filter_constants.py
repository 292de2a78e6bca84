"""Places and times that a filter writes, as the database compares them."""

from __future__ import annotations

import math
from datetime import date, datetime
from typing import Any

from shapely import box, force_2d, get_coordinates, is_valid, segmentize, to_wkb
from shapely import transform as swapped
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from geo_service.crs import TOWN_SRID, reproject, to_town
from geo_service.errors import Malformed
from geo_service.ogc.cql2_text import NotCql2
from geo_service.ogc.moment import DAY, read_instant
from geo_service.ogc.place import WINDOW, find_area, reach
from geo_service.ogc.systems import SYSTEMS

_EVERYWHERE: bytes = to_wkb(to_town(segmentize(box(*WINDOW), 0.2)))


def read_moment(text: str) -> date | datetime:
    """A day or an instant with its zone. Raises NotCql2."""
    try:
        return date.fromisoformat(text) if DAY.fullmatch(text) else read_instant(text)
    except (ValueError, OverflowError):
        raise NotCql2(
            f"{text[:40]!r} is neither a day like 2026-06-01 nor an instant like 2026-06-01T08:00:00Z."
        ) from None


def read_place(literal: dict[str, Any], crs: str) -> bytes:
    """A GeoJSON geometry or a bbox as WKB in EPSG:25832. Raises NotCql2."""
    if "bbox" in literal:
        return _box(literal["bbox"], crs)
    try:
        geometry = force_2d(shape(literal))
        coordinates = get_coordinates(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise NotCql2("A geometry cannot be read.") from None
    if coordinates.size == 0 or not all(map(math.isfinite, coordinates.ravel())):
        raise NotCql2("A geometry is empty or has a coordinate that is not a finite number.")
    if not is_valid(geometry):
        raise NotCql2("A geometry is not valid: an area must not cross itself.")
    system = SYSTEMS[crs]
    if system.latitude_first:
        geometry = swapped(geometry, lambda places: places[:, ::-1])
    wkb: bytes = to_wkb(_in_town(geometry) if system.degrees else _from_metres(geometry, system.srid))
    return wkb


def _from_metres(geometry: BaseGeometry, srid: int) -> BaseGeometry:
    if srid == TOWN_SRID:
        return geometry
    geometry = geometry.intersection(reach(srid))
    return reproject(segmentize(geometry, 2_000), srid, TOWN_SRID) if not geometry.is_empty else geometry


def _in_town(lonlat: BaseGeometry) -> BaseGeometry:
    """In metres; edges that are long get points along them, what lies far outside the data is cut off."""
    west, south, east, north = lonlat.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise NotCql2("A longitude lies between -180 and 180 degrees, a latitude between -90 and 90.")
    window = box(*WINDOW)
    if not window.contains(lonlat):
        lonlat = lonlat.intersection(window)
    return to_town(segmentize(lonlat, 0.02)) if not lonlat.is_empty else lonlat


def _box(edges: Any, crs: str) -> bytes:
    numbers = edges if isinstance(edges, list) else []
    if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers):
        numbers = []
    try:
        area = find_area(",".join(repr(float(number)) for number in numbers), crs)
    except Malformed as error:
        raise NotCql2(error.detail) from None
    except OverflowError:
        raise NotCql2("A number is too large.") from None
    return _EVERYWHERE if area is None else area.wkb
