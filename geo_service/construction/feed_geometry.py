"""The geometry of a delivered record, part by part: used, repaired, widened, or left out with the reason."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from geo_service.construction.feed_profile import GeometryRules
from geo_service.crs import LONLAT_SRID, PLAUSIBLE_LONLAT, TOWN_SRID, reproject
from geo_service.errors import BadGeometry
from geo_service.occupations.incoming_geometry import MAX_AREA_M2, MAX_VERTICES, repaired_area

_SINGLE = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
_LEAST = {"LineString": 2, "Polygon": 4}
_NUMBERS = (float, int)  # as JSON has them; true is none
_BUILD: dict[str, Callable[[Any], BaseGeometry]] = {
    "Point": lambda lines: Point(lines[0][0]),
    "LineString": lambda lines: LineString(lines[0]),
    "Polygon": lambda lines: Polygon(lines[0], lines[1:]),
}
_WORDS = {"Point": "point", "LineString": "line", "Polygon": "polygon"}


class MetresWithoutCrs(BadGeometry):
    """The coordinates are not degrees, and neither the file nor the profile says which CRS they are in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FeedArea:
    """A valid Polygon or MultiPolygon in EPSG:25832. repaired, left_out: sentences, one for each part."""

    area: BaseGeometry
    widened: bool
    repaired: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """How to read coordinates: srid as declared; `declared` false = nobody said so, GeoJSON's default."""

    srid: int
    declared: bool
    rules: GeometryRules


def read_feed_area(geojson: Any, ground: Ground, half_width_m: float | None) -> FeedArea:
    """One area of everything drawn. half_width_m: stated for the lines of this record, None = the default.

    Raises BadGeometry when no part can be used, naming the reason of each.
    """
    if geojson is None:
        raise BadGeometry("there is no geometry")
    parts = list(_parts(geojson, "part", 0))
    if not parts:
        raise BadGeometry("the geometry is empty")
    if sum(_vertices(coordinates) for _, _, coordinates in parts) > MAX_VERTICES:
        raise BadGeometry(f"the geometry has more than {MAX_VERTICES} vertices")
    found = [
        _part(name, kind, coordinates, ground, half_width_m)
        for name, kind, coordinates in _without_markers(parts, ground.rules.points)
    ]
    used = [part.area for part in found if part.area is not None]
    left_out = tuple(part.left_out for part in found if part.left_out)
    if not used:
        raise BadGeometry("; ".join(left_out[:3]) or "the geometry is empty")
    area = used[0] if len(used) == 1 else unary_union(used)
    if area.area > MAX_AREA_M2:
        raise BadGeometry(f"the area is {area.area / 1e6:.1f} km²; at most 10 km² are accepted")
    widened = any(part.widened for part in found)
    repaired = [part.repaired for part in found if part.repaired]
    if not widened and sum(part.area for part in used) - area.area > 0.01:
        repaired.append("parts that overlap were merged")
    return FeedArea(area=area, widened=widened, repaired=tuple(repaired), left_out=left_out)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    area: BaseGeometry | None = None
    widened: bool = False
    repaired: str | None = None
    left_out: str | None = None


def _part(name: str, kind: str, coordinates: Any, ground: Ground, half_width_m: float | None) -> _Part:
    """One part as an area, or the reason why it is left out. Raises MetresWithoutCrs."""
    try:
        drawn, closed = _drawn(kind, coordinates, ground)
        area, mended = _area(drawn, ground.rules, half_width_m)
    except MetresWithoutCrs:
        raise
    except BadGeometry as error:
        return _Part(left_out=f"{name} ({_WORDS.get(kind, kind)}): {error.detail}")
    done = "not valid, repaired" if mended else "ring closed" if closed else None
    return _Part(area=area, widened=kind != "Polygon", repaired=None if done is None else f"{name}: {done}")


def _parts(geojson: Any, name: str, depth: int) -> Iterator[tuple[str, str, Any]]:
    """Every single part as (name, kind, coordinates), collections and multi-geometries opened."""
    kind = geojson.get("type") if isinstance(geojson, dict) else None
    if kind == "GeometryCollection" and depth < 5:
        inner = geojson.get("geometries")
        for number, part in enumerate(inner if isinstance(inner, list) else [], start=1):
            yield from _parts(part, f"{name} {number}", depth + 1)
        return
    coordinates = geojson.get("coordinates") if isinstance(geojson, dict) else None
    if kind in _SINGLE:
        for number, part in enumerate(coordinates if isinstance(coordinates, list) else [], start=1):
            yield f"{name} {number}", _SINGLE[str(kind)], part
    elif coordinates:
        yield name, str(kind)[:40], coordinates


def _without_markers(parts: list[tuple[str, str, Any]], points: str) -> list[tuple[str, str, Any]]:
    """A point beside lines or polygons marks the place of a symbol, unless the profile says otherwise."""
    others = [part for part in parts if part[1] != "Point"]
    if points == "always" or (points == "alone" and not others):
        return parts
    return others


def _vertices(coordinates: Any) -> int:
    if not isinstance(coordinates, list):
        return 0
    if coordinates and not isinstance(coordinates[0], list):
        return 1
    return sum(_vertices(item) for item in coordinates)


def _drawn(kind: str, coordinates: Any, ground: Ground) -> tuple[BaseGeometry, bool]:
    """The part in EPSG:25832, and whether a ring had to be closed. Raises BadGeometry."""
    if kind not in _WORDS:
        raise BadGeometry("this geometry type is not accepted")
    rings = coordinates if kind == "Polygon" else [[coordinates] if kind == "Point" else coordinates]
    if not isinstance(rings, list) or not rings:
        raise BadGeometry("it is empty")
    lines = [_positions(ring, _LEAST.get(kind, 1), ground) for ring in rings]
    try:
        drawn = _BUILD[kind](lines)
    except (ValueError, shapely.errors.ShapelyError) as error:
        raise BadGeometry(str(error)) from None
    closed = kind == "Polygon" and any(line[0] != line[-1] for line in lines)
    _refuse_implausible(lines[0], ground)
    if ground.srid != TOWN_SRID:
        drawn = reproject(drawn, ground.srid, TOWN_SRID)
    return drawn, closed


def _positions(ring: Any, least: int, ground: Ground) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < min(least, 3):
        raise BadGeometry("it has too few positions")
    found = []
    for position in ring:
        if not isinstance(position, list) or len(position) < 2:
            raise BadGeometry("a position is not a pair of numbers")
        if type(position[0]) not in _NUMBERS or type(position[1]) not in _NUMBERS:
            raise BadGeometry("a position is not a pair of numbers")
        x, y = float(position[0]), float(position[1])
        if not (math.isfinite(x) and math.isfinite(y)):
            raise BadGeometry("a coordinate is not a finite number")
        if ground.srid == LONLAT_SRID and (abs(x) > 180 or abs(y) > 90):
            if ground.declared:
                raise BadGeometry(f"[{x:g}, {y:g}] are not degrees, as the declared CRS would have it")
            raise MetresWithoutCrs()
        found.append((x, y))
    return found


def _refuse_implausible(line: list[tuple[float, float]], ground: Ground) -> None:
    """A wrong CRS, feet for metres or swapped axes put a place far away; the corners of its box tell."""
    eastings, northings = zip(*line, strict=True)
    ends = [(min(eastings), min(northings)), (max(eastings), max(northings))]
    if ground.srid != LONLAT_SRID:
        ends = [*reproject(LineString(ends), ground.srid, LONLAT_SRID).coords]
    west, south, east, north = PLAUSIBLE_LONLAT
    for lon, lat in ends:
        if west <= lon <= east and south <= lat <= north:
            continue
        if south <= lon <= north and west <= lat <= east:
            raise BadGeometry("longitude and latitude are swapped")
        where = f"{lon:.3f}, {lat:.3f} degrees" if math.isfinite(lon) and math.isfinite(lat) else "nowhere"
        raise BadGeometry(
            f"read as EPSG:{ground.srid} it lies at {where}, outside {west}–{east}° E, {south}–{north}° N; "
            "is the CRS right, and the unit?"
        )


def _area(drawn: BaseGeometry, rules: GeometryRules, half_width_m: float | None) -> tuple[BaseGeometry, bool]:
    """The part as an area, and whether it had to be repaired. Raises BadGeometry for what has no extent."""
    if isinstance(drawn, Point):
        return drawn.buffer(rules.point_half_width_m, cap_style="square"), False
    if isinstance(drawn, LineString):
        if drawn.length < 0.01:
            raise BadGeometry("the line has no length")
        half_m = half_width_m or rules.line_half_width_m
        return drawn.buffer(half_m, cap_style="flat", join_style="mitre", mitre_limit=2), False
    if drawn.convex_hull.area < 0.01:
        raise BadGeometry("the polygon has no area")
    if drawn.is_valid:
        return drawn, False
    return repaired_area(drawn, "geometry"), True
