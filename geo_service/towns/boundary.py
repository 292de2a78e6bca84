"""A town's boundary from GeoJSON: checked, in metres, with the name of who drew it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.validation import explain_validity

from geo_service.crs import PLAUSIBLE_LONLAT, to_town
from geo_service.errors import BadTownFolder
from geo_service.towns.faults import Document, Fault, Place, json_lines, read_text

_CRS84_NAMES = re.compile(r"(CRS84|EPSG:{1,2}4326)$")
LARGEST_BOUNDARY_KM2 = 20_000  # no German municipality or district is larger


@dataclass(frozen=True, kw_only=True, slots=True)
class Boundary:
    """`area`: MultiPolygon, EPSG:25832, valid; `attribution` and `licence` as the file names them."""

    area: MultiPolygon
    attribution: str
    licence: str


def read_boundary(file: Path) -> Boundary:
    """The boundary in `file`: one Feature (or a collection of one) with a Polygon or MultiPolygon in CRS84.

    Its properties name `attribution` and `licence`. Raises BadTownFolder with file and line.
    """
    text = read_text(file)
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise BadTownFolder(f"{file}:{error.lineno}: not valid JSON: {error.msg}") from None
    fault = _form_fault(content)
    feature, place = _feature_of(content)
    if fault is None and feature is None:
        fault = Fault(place, "exactly one Feature is wanted")
    if fault is None and feature is not None:
        fault = _property_fault(feature, place) or _position_fault(feature["geometry"], (*place, "geometry"))
    if fault is not None or feature is None:
        raise Document(file, content, json_lines(text)).refuse([fault or Fault((), "no boundary")])
    return _checked(file, text, feature, place)


def _form_fault(content: Any) -> Fault | None:
    if not isinstance(content, dict) or content.get("type") not in ("Feature", "FeatureCollection"):
        return Fault(("type",), "a GeoJSON Feature is wanted")
    named = content.get("crs")
    name = str(named.get("properties", {}).get("name")) if isinstance(named, dict) else ""
    if named is not None and not _CRS84_NAMES.search(name):
        return Fault(("crs",), f"the boundary must be in CRS84 (degrees, longitude first), not {name}")
    return None


def _feature_of(content: Any) -> tuple[dict[str, Any] | None, Place]:
    if not isinstance(content, dict) or content.get("type") != "FeatureCollection":
        return (content if isinstance(content, dict) else None), ()
    features = content.get("features")
    if isinstance(features, list) and len(features) == 1 and isinstance(features[0], dict):
        return features[0], ("features", 0)
    return None, ("features",)


def _property_fault(feature: dict[str, Any], place: Place) -> Fault | None:
    properties = feature.get("properties") or {}
    for name in ("attribution", "licence"):
        if (
            not isinstance(properties, dict)
            or not isinstance(properties.get(name), str)
            or not properties[name].strip()
        ):
            return Fault(
                (*place, "properties", name),
                f"properties.{name} is missing: name who drew the boundary and under which licence",
            )
    geometry = feature.get("geometry")
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        return Fault(
            (*place, "geometry", "type"),
            f"the boundary must be a Polygon or MultiPolygon, not {kind or 'nothing'}",
        )
    return None


def _position_fault(geometry: dict[str, Any], place: Place) -> Fault | None:
    """The first position outside the plausible area, with the most likely mistake."""
    west, south, east, north = PLAUSIBLE_LONLAT
    seen = False
    for at, position in _positions(geometry.get("coordinates"), (*place, "coordinates")):
        seen = True
        if not _is_position(position):
            return Fault(at, f"not a position [longitude, latitude]: {json.dumps(position)[:60]}")
        x, y = position[:2]
        if west <= x <= east and south <= y <= north:
            continue
        if west <= y <= east and south <= x <= north:
            return Fault(at, f"[{x}, {y}] has latitude first; GeoJSON wants longitude first")
        if abs(x) > 180 or abs(y) > 90:
            return Fault(
                at,
                f"[{x}, {y}] is in metres; the boundary must be in CRS84, degrees of longitude and latitude",
            )
        return Fault(at, f"[{x}, {y}] is outside {west}–{east}° E, {south}–{north}° N")
    return None if seen else Fault((*place, "coordinates"), "the boundary has no coordinates")


def _is_position(position: Any) -> bool:
    return (
        isinstance(position, list)
        and len(position) in (2, 3)
        and all(isinstance(n, int | float) and not isinstance(n, bool) and isfinite(n) for n in position)
    )


def _positions(coordinates: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if not isinstance(coordinates, list) or not coordinates:
        return
    if all(isinstance(below, list) for below in coordinates):
        for number, below in enumerate(coordinates):
            yield from _positions(below, (*place, number))
    else:
        yield place, coordinates


def _checked(file: Path, text: str, feature: dict[str, Any], place: Place) -> Boundary:
    """The boundary in metres; refuses what crosses itself or is empty, at the line of the place."""
    at = (*place, "geometry", "coordinates")
    try:
        drawn = shapely.force_2d(shape(feature["geometry"]))
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError) as error:
        raise Document(file, None, json_lines(text)).refuse([Fault(at, f"not a polygon: {error}")]) from None
    if not drawn.is_valid or drawn.is_empty:
        fault = _validity_fault(drawn, feature["geometry"], at)
        raise Document(file, None, json_lines(text)).refuse([fault])
    area = to_town(drawn)
    if not 0 < area.area <= LARGEST_BOUNDARY_KM2 * 1e6 or not area.is_valid:
        detail = f"the boundary holds {area.area / 1e6:,.1f} km², more than {LARGEST_BOUNDARY_KM2:,} or none"
        raise Document(file, None, json_lines(text)).refuse([Fault(at, detail)])
    whole = MultiPolygon([area]) if isinstance(area, Polygon) else area
    properties = feature["properties"]
    return Boundary(
        area=whole, attribution=properties["attribution"].strip(), licence=properties["licence"].strip()
    )


def _validity_fault(drawn: shapely.Geometry, geometry: dict[str, Any], at: Place) -> Fault:
    """What is wrong with an invalid polygon, at the position nearest to it."""
    reason = explain_validity(drawn)
    where = re.search(r"\[([-\d.e]+) ([-\d.e]+)\]", reason)
    if where is None:
        return Fault(at, f"the boundary is not valid: {reason}")
    x, y = float(where[1]), float(where[2])
    nearest = min(
        _positions(geometry["coordinates"], at),
        key=lambda placed: (placed[1][0] - x) ** 2 + (placed[1][1] - y) ** 2,
    )
    return Fault(nearest[0], f"the boundary is not valid: {reason[: where.start()]} at {x:.6f}, {y:.6f}")
