"""Where the demo's cases lie: areas along generated streets, drawn as a caseworker would draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from shapely import LineString, Point, Polygon, set_precision
from shapely.geometry.base import BaseGeometry
from shapely.ops import linemerge, substring, unary_union

from geo_service.crs import to_town
from geo_service.demo.plan import TownPlan
from geo_service.errors import SetupError
from geo_service.roads.segment import Segment


def area_of(place: Mapping[str, Any], segments: Sequence[Segment]) -> Polygon:
    """The area a `place` of content.yaml means, EPSG:25832; its long side follows the axis of the street."""
    segment = _piece(place, segments)
    axis = segment.axis
    length_m = min(float(place["length_m"]), axis.length - 4)
    if "near" in place:
        middle_m = axis.project(cast(Point, to_town(Point(place["near"]))))
    else:
        middle_m = float(place.get("at", 0.5)) * axis.length
    start_m = min(max(middle_m - length_m / 2, 2), axis.length - 2 - length_m)
    stretch = substring(axis, start_m, start_m + length_m)
    inner_m, outer_m = _across(place, segment)
    if place["across"] in ("full",):
        return cast(Polygon, stretch.buffer(outer_m, cap_style="flat", join_style="mitre"))
    sign = 1 if place.get("side", "left") == "left" else -1
    outer = stretch.buffer(sign * outer_m, single_sided=True, join_style="mitre")
    inner = stretch.buffer(sign * inner_m, single_sided=True, join_style="mitre") if inner_m else Polygon()
    band = set_precision(outer.difference(inner), 0.001)  # the ends of two bands differ by less
    return cast(Polygon, max(_polygons(band), key=lambda part: part.area))


def streets_around(spot: Mapping[str, Any], segments: Sequence[Segment]) -> BaseGeometry:
    """Streets of one kind from wall to wall, within `radius_m` of a place, as one area."""
    reach = to_town(Point(spot["around"])).buffer(float(spot["radius_m"]))
    parts = [
        segment.axis.intersection(reach).buffer(_half_m(segment), cap_style="square")
        for segment in segments
        if segment.highway == spot["kind_of_street"] and segment.axis.intersects(reach)
    ]
    return unary_union(parts)


def route_of(legs: Sequence[Mapping[str, Any]], plan: TownPlan) -> LineString:
    """A detour along named roads of the plan, leg by leg, EPSG:25832."""
    points: list[tuple[float, float]] = []
    for leg in legs:
        line = _to_town_line(leg["course"]) if "course" in leg else _along(leg, plan)
        points += [(float(x), float(y)) for x, y in line.coords]
    return LineString([p for i, p in enumerate(points) if i == 0 or p != points[i - 1]])


def _along(leg: Mapping[str, Any], plan: TownPlan) -> LineString:
    start, end = (cast(Point, to_town(Point(leg[name]))) for name in ("from", "to"))
    merged = linemerge([road.course for road in plan.roads if road.name == leg["street"]])
    lines = list(getattr(merged, "geoms", [merged]))
    road = min(lines, key=lambda line: line.distance(start) + line.distance(end))
    return cast(LineString, substring(road, road.project(start), road.project(end)))


def _to_town_line(lonlat: Sequence[Sequence[float]]) -> LineString:
    return cast(LineString, to_town(LineString(lonlat)))


def _piece(place: Mapping[str, Any], segments: Sequence[Segment]) -> Segment:
    pieces = _pieces(place["street"], segments)
    if "near" in place:
        here = to_town(Point(place["near"]))
        return min(pieces, key=lambda piece: piece.axis.distance(here))
    ranked = sorted(pieces, key=lambda piece: (-piece.axis.length, piece.segment_id))
    return ranked[min(int(place.get("piece", 1)), len(ranked)) - 1]


def _pieces(street: str, segments: Sequence[Segment]) -> list[Segment]:
    pieces = [segment for segment in segments if segment.street_name == street]
    if not pieces:
        raise SetupError(f"data/demo/content.yaml: there is no street {street!r}.")
    return pieces


def _across(place: Mapping[str, Any], segment: Segment) -> tuple[float, float]:
    """From where to where across the street, metres from the axis."""
    half_m = (segment.carriageway_width_m or 0) / 2
    depth_m = place.get("depth_m")
    match place["across"]:
        case "lane":
            return 0.0, half_m if depth_m is None else float(depth_m)
        case "footway":
            outer_m = _half_m(segment)
            return (half_m, outer_m) if depth_m is None else (outer_m - float(depth_m), outer_m)
        case "parking":
            return half_m - float(depth_m or 2.2), half_m
        case "full":
            return 0.0, _half_m(segment)
        case other:
            raise SetupError(f"data/demo/content.yaml: across cannot be {other!r}.")


def _half_m(segment: Segment) -> float:
    return (segment.carriageway_width_m or 0) / 2 + (segment.footway_width_left_m or 0)


def _polygons(geometry: BaseGeometry) -> list[BaseGeometry]:
    return [part for part in getattr(geometry, "geoms", [geometry]) if isinstance(part, Polygon)]
