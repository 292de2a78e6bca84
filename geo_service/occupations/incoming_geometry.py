"""GeoJSON from outside becomes an area in EPSG:25832, or a sentence about what is wrong with it and where."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import shapely
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from shapely.validation import explain_validity

from geo_service.crs import PLAUSIBLE_LONLAT, to_lonlat, to_town
from geo_service.errors import BadGeometry, FieldFault

MAX_VERTICES = 10_000
MAX_AREA_M2 = 10_000_000.0
MAX_REPAIR = 0.01  # share of the area that a repair may change (domain.md section 4)
MAX_LENGTH_M = 100_000.0

# Depth of the coordinate arrays of each type.
_NESTING = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
_LEAST_POSITIONS = {"LineString": 2, "MultiLineString": 2, "Polygon": 4, "MultiPolygon": 4}


def refuse(pointer: str, detail: str) -> BadGeometry:
    """The error for one faulty place."""
    return BadGeometry(detail, errors=[FieldFault(pointer, detail)])


def read_geometry(
    geojson: Any, *, pointer: str, length_m: float | None = None, depth_m: float | None = None
) -> BaseGeometry:
    """A valid Polygon or MultiPolygon in EPSG:25832, metres, from GeoJSON in CRS84 degrees.

    A Point becomes a rectangle of length_m (east-west) by depth_m, a LineString a band along its whole
    length that is depth_m wide; both measures are then needed. A third coordinate is dropped.
    Repaired when the repair changes the area by less than 1 %. Raises BadGeometry with the place.
    """
    drawn = read_lonlat(geojson, pointer=pointer)
    area = _as_area(drawn, pointer, length_m, depth_m)
    if area.area <= 0:
        raise refuse(pointer, "The geometry has no area.")
    if area.area > MAX_AREA_M2:
        raise refuse(
            pointer,
            f"The area is {area.area / 1e6:.1f} km²; at most {MAX_AREA_M2 / 1e6:.0f} km² are accepted.",
        )
    return area


def read_line(geojson: Any, *, pointer: str) -> BaseGeometry:
    """A LineString or MultiLineString in EPSG:25832, for example a detour as drawn. Raises BadGeometry."""
    drawn = read_lonlat(geojson, pointer=pointer)
    if drawn.geom_type not in ("LineString", "MultiLineString"):
        raise refuse(f"{pointer}/type", f"A LineString is needed here, not a {drawn.geom_type}.")
    line = to_town(drawn)
    if line.length <= 0:
        raise refuse(pointer, "The line has no length.")
    return line


def read_lonlat(geojson: Any, *, pointer: str) -> BaseGeometry:
    """The geometry as drawn, CRS84 degrees: readable, finite, plausible, not empty, not too large."""
    left = [MAX_VERTICES]
    geometry = _read(geojson, pointer, left)
    if geometry.is_empty:
        raise refuse(pointer, "The geometry is empty.")
    return geometry


def _read(geojson: Any, pointer: str, left: list[int]) -> BaseGeometry:
    if not isinstance(geojson, dict):
        raise refuse(pointer, "A GeoJSON geometry is needed.")
    kind = geojson.get("type")
    if kind == "GeometryCollection":
        parts = geojson.get("geometries")
        if not isinstance(parts, list) or not parts:
            raise refuse(f"{pointer}/geometries", "A GeometryCollection needs at least one geometry.")
        if any(isinstance(part, dict) and part.get("type") == "GeometryCollection" for part in parts):
            raise refuse(f"{pointer}/geometries", "A GeometryCollection inside another one is not accepted.")
        return GeometryCollection(
            [_read(part, f"{pointer}/geometries/{i}", left) for i, part in enumerate(parts)]
        )
    if not isinstance(kind, str) or kind not in _NESTING:
        raise refuse(f"{pointer}/type", f"The geometry type {str(kind)[:40]!r} is not accepted.")
    coordinates = geojson.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise refuse(f"{pointer}/coordinates", "The geometry is empty.")
    plain = _positions(
        coordinates, _NESTING[kind], f"{pointer}/coordinates", _LEAST_POSITIONS.get(kind, 1), left
    )
    return _BUILD[kind](plain)


_BUILD: dict[str, Callable[[Any], BaseGeometry]] = {
    "Point": Point,
    "MultiPoint": shapely.multipoints,
    "LineString": LineString,
    "MultiLineString": shapely.multilinestrings,
    "Polygon": lambda rings: Polygon(rings[0], rings[1:]),
    "MultiPolygon": lambda parts: MultiPolygon([(rings[0], rings[1:]) for rings in parts]),
}


def _positions(value: Any, nesting: int, pointer: str, least: int, left: list[int]) -> Any:
    """Nested lists of (lon, lat), checked; `left` counts down the vertices that are still allowed."""
    if nesting == 0:
        left[0] -= 1
        if left[0] < 0:
            raise refuse(pointer, f"The geometry has more than {MAX_VERTICES} vertices.")
        return _position(value, pointer)
    if not isinstance(value, list) or not value:
        raise refuse(pointer, "A list of positions is needed here.")
    if nesting == 1 and len(value) < least:
        raise refuse(pointer, f"At least {least} positions are needed here.")
    inner = [_positions(item, nesting - 1, f"{pointer}/{i}", least, left) for i, item in enumerate(value)]
    if nesting == 1 and least == 4 and inner[0] != inner[-1]:
        raise refuse(pointer, "The ring is not closed: its last position must equal the first.")
    return inner


def _position(value: Any, pointer: str) -> tuple[float, float]:
    numbers = isinstance(value, list) and 2 <= len(value) <= 4
    if not numbers or any(isinstance(n, bool) or not isinstance(n, int | float) for n in value):
        raise refuse(pointer, "A position is [longitude, latitude] in degrees.")
    try:
        lon, lat = float(value[0]), float(value[1])
    except OverflowError:
        lon = lat = math.inf
    if not (math.isfinite(lon) and math.isfinite(lat)):
        raise refuse(pointer, "A coordinate is not a finite number.")
    if _plausible(lon, lat):
        return lon, lat
    if _plausible(lat, lon):
        raise refuse(pointer, f"[{lon}, {lat}] looks swapped: longitude comes first, then latitude.")
    west, south, east, north = PLAUSIBLE_LONLAT
    raise refuse(
        pointer,
        f"[{lon}, {lat}] lies outside {west}–{east}° E, {south}–{north}° N; degrees in CRS84 are needed.",
    )


def _plausible(lon: float, lat: float) -> bool:
    west, south, east, north = PLAUSIBLE_LONLAT
    return west <= lon <= east and south <= lat <= north


def _as_area(
    drawn: BaseGeometry, pointer: str, length_m: float | None, depth_m: float | None
) -> BaseGeometry:
    """One valid Polygon or MultiPolygon in EPSG:25832 of everything drawn."""
    areas = []
    for part in _single_parts(drawn):
        if isinstance(part, Polygon):
            areas.append(repaired_area(to_town(part), pointer))
        else:
            length, depth = _measures(part, pointer, length_m, depth_m)
            areas.append(_widened(to_town(part), length, depth))
    area = areas[0] if len(areas) == 1 else unary_union(areas)
    if area.geom_type not in ("Polygon", "MultiPolygon"):
        raise refuse(pointer, "The geometry has no area.")
    return area


def _single_parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    if not hasattr(geometry, "geoms"):
        return [geometry]
    return [single for part in geometry.geoms for single in _single_parts(part)]


def _measures(
    part: BaseGeometry, pointer: str, length_m: float | None, depth_m: float | None
) -> tuple[float, float]:
    missing = [
        FieldFault(f"/properties/{name}", f"A {part.geom_type} needs {name} in metres, greater than 0.")
        for name, value in (("length_m", length_m), ("depth_m", depth_m))
        if value is None or not 0 < value <= MAX_LENGTH_M
    ]
    if missing or length_m is None or depth_m is None:
        raise BadGeometry(
            f"A {part.geom_type} ({pointer}) needs length_m and depth_m in metres.", errors=missing
        )
    return length_m, depth_m


def _widened(part: BaseGeometry, length_m: float, depth_m: float) -> BaseGeometry:
    if isinstance(part, Point):
        return box(part.x - length_m / 2, part.y - depth_m / 2, part.x + length_m / 2, part.y + depth_m / 2)
    return part.buffer(depth_m / 2, cap_style="flat", join_style="mitre")


def repaired_area(area: BaseGeometry, pointer: str) -> BaseGeometry:
    """`area` made valid when that changes it by less than 1 %; a crossing figure loses far more."""
    if area.is_valid:
        return area
    before = area.area
    whole = shapely.make_valid(area)
    polygons = [part for part in _single_parts(whole) if isinstance(part, Polygon)]
    repaired = unary_union(polygons) if polygons else Polygon()
    if repaired.is_empty or before <= 0 or abs(repaired.area - before) > MAX_REPAIR * before:
        raise refuse(
            f"{pointer}/coordinates",
            f"The area is not valid and cannot be repaired: {_place_of_fault(area)}.",
        )
    return repaired


def _place_of_fault(area: BaseGeometry) -> str:
    """`explain_validity` with the place in degrees, so that it can be found on the map."""
    reason, _, place = explain_validity(area).partition("[")
    try:
        x, y = (float(number) for number in place.rstrip("]").split()[:2])
    except ValueError:
        return str(reason).strip().lower()
    at = to_lonlat(Point(x, y))
    return f"{reason.strip().lower()} at {at.x:.6f}, {at.y:.6f} (longitude, latitude)"
