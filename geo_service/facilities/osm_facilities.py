"""Facilities and bus routes in an OpenStreetMap file, read from its nodes, ways and relations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import cast

import osmium
import shapely
from shapely.geometry.base import BaseGeometry

from geo_service.crs import PLAUSIBLE_LONLAT, to_town
from geo_service.facilities.facility import BusRoute, Facility, FacilityFile
from geo_service.roads.osm_file import one_clear_error, read_in_order
from geo_service.roads.osm_segments import SOURCE

_AMENITIES = {
    "school": "school",
    "kindergarten": "kindergarten",
    "hospital": "hospital",
    "fire_station": "fire_station",
    "police": "police",
}
_EMERGENCY = {"fire_hydrant": "hydrant", "ambulance_station": "rescue_station"}
# DIN 14090 in the words of the mappers; what they mean by the plain word is not said.
_FIRE_AREAS = {"fire_lane": "drive", "fire_apparatus_area": "stand", "fire_area": "unknown"}
_KEYS = ("amenity", "emergency", "highway", "public_transport")
_DRIVES = ("", "forward", "backward", "route")  # other roles are stops and platforms
_MAX_TEXT = 200

Tags = Mapping[str, str]
_Object = osmium.osm.Node | osmium.osm.Way | osmium.osm.Relation | osmium.osm.Area


def read_osm_facilities(path: Path) -> FacilityFile:
    """Everything in `path` that is a facility, an area of the fire brigade or a bus route.

    Raises BadRoadFile for a file that is missing, empty, truncated or of another format.
    """
    left_out: Counter[str] = Counter()
    with one_clear_error(path):
        routes = _routes(path, left_out)
        found, unreadable = read_in_order(path, _places)
    left_out += unreadable
    shapes = _in_metres([shape for _, _, _, shape in found])
    facilities: list[Facility] = []
    fire_areas: list[Facility] = []
    for (kind, source_id, name, _), place in zip(found, shapes, strict=True):
        if place is None:
            left_out["outside the plausible area"] += 1
            continue
        into = fire_areas if kind in _FIRE_AREAS.values() else facilities
        into.append(Facility(kind=kind, source_id=source_id, name=name, place=place))
    return FacilityFile(
        name=path.name,
        source=SOURCE,
        facilities=tuple(facilities),
        fire_areas=tuple(fire_areas),
        routes=tuple(routes),
        left_out=dict(left_out),
    )


def kind_of(tags: Tags) -> str | None:
    """Our word for a facility, None for everything else; a railway platform is no bus stop."""
    if tags.get("amenity") in _AMENITIES:
        return _AMENITIES[tags["amenity"]]
    if tags.get("emergency") in _EMERGENCY:
        return _EMERGENCY[tags["emergency"]]
    if tags.get("highway") == "bus_stop":
        return "bus_stop"
    if tags.get("public_transport") == "platform":
        by_rail = "railway" in tags or any(tags.get(mode) == "yes" for mode in ("train", "tram", "subway"))
        return "bus_stop" if tags.get("bus") == "yes" or not by_rail else None
    return None


def _routes(path: Path, left_out: Counter[str]) -> list[BusRoute]:
    relations = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(
        osmium.filter.TagFilter(("route", "bus"), ("route", "trolleybus"))
    )
    found: dict[int, BusRoute] = {}
    for relation in cast(Iterable[osmium.osm.Relation], relations):
        lines = tuple(str(m.ref) for m in relation.members if m.type == "w" and m.role in _DRIVES)
        if not lines:
            left_out["bus routes without a line"] += 1
            continue
        found[relation.id] = BusRoute(
            source_id=f"relation/{relation.id}",
            road_lines=lines,
            line_number=_text(relation.tags.get("ref")),
            name=_text(relation.tags.get("name")),
            operator=_text(relation.tags.get("operator")),
        )
    return list(found.values())


_Found = tuple[str, str, str | None, BaseGeometry]


def _places(path: Path) -> tuple[list[_Found], Counter[str]]:
    """kind, source id, name and shape in degrees; a way that closes is read as the area it encloses.

    Also how many could not be used, by reason.
    """
    left_out: Counter[str] = Counter()
    objects = osmium.FileProcessor(str(path)).with_areas(osmium.filter.KeyFilter(*_KEYS))
    objects.with_filter(osmium.filter.KeyFilter(*_KEYS))
    factory = osmium.geom.WKBFactory()
    found: dict[str, _Found] = {}
    for each in cast(Iterable[_Object], objects):
        kind = kind_of(dict(each.tags)) or _fire_area(each)
        if kind is None or _is_drawn_otherwise(each):
            continue
        try:
            source_id, wkb = _drawn(each, factory)
        except (osmium.InvalidLocationError, RuntimeError):
            left_out["nodes not in the file, or not closed"] += 1
            continue
        found[source_id] = (kind, source_id, _text(each.tags.get("name")), shapely.from_wkb(wkb))
    return list(found.values()), left_out


def _fire_area(each: _Object) -> str | None:
    return _FIRE_AREAS.get(each.tags.get("emergency") or "") if isinstance(each, osmium.osm.Area) else None


def _is_drawn_otherwise(each: _Object) -> bool:
    """True for the relation or closed way whose area comes by itself."""
    if isinstance(each, osmium.osm.Relation):
        return True
    return isinstance(each, osmium.osm.Way) and each.is_closed() and each.tags.get("area") != "no"


def _drawn(each: _Object, factory: osmium.geom.WKBFactory) -> tuple[str, str]:
    if isinstance(each, osmium.osm.Node):
        return f"node/{each.id}", factory.create_point(each)
    if isinstance(each, osmium.osm.Way):
        return f"way/{each.id}", factory.create_linestring(each)
    assert isinstance(each, osmium.osm.Area)
    kind = "way" if each.from_way() else "relation"
    return f"{kind}/{each.orig_id()}", factory.create_multipolygon(each)


def _in_metres(shapes: list[BaseGeometry]) -> list[BaseGeometry | None]:
    west, south, east, north = PLAUSIBLE_LONLAT
    found: list[BaseGeometry | None] = []
    for shape in shapes:
        x0, y0, x1, y1 = shape.bounds
        inside = west <= x0 and x1 <= east and south <= y0 and y1 <= north
        found.append(to_town(shape) if inside else None)
    return found


def _text(value: str | None) -> str | None:
    return " ".join((value or "").replace("\x00", "").split())[:_MAX_TEXT] or None
