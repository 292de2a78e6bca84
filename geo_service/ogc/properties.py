"""The published properties of every collection: what may be filtered, sorted, selected, and nothing else.

A property is compared as it is published: rounded where the feature shows it rounded, to the second where the
feature shows seconds. `piece` names the expression in sql/filters.sql; identifiers stand only here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

from geo_service.ogc.collection import COLLECTIONS, PENDING, Collection
from geo_service.ogc.faults import malformed

Kind = Literal["text", "number", "boolean", "instant", "date", "list", "geometry"]


@dataclass(frozen=True, slots=True)
class Property:
    """One published property. column: of the table. codes: list of code_label its labels come from."""

    name: str
    kind: Kind
    column: str
    piece: str = "plain"
    codes: str | None = None
    whole: bool = False
    searched: bool = False

    @property
    def sortable(self) -> bool:
        """True if pages can be in the order of it."""
        return self.kind not in ("list", "geometry")


def _text(*names: str) -> list[Property]:
    return [Property(name, "text", name) for name in names]


def _searched(*names: str) -> list[Property]:
    return [Property(name, "text", name, searched=True) for name in names]


def _code(name: str, codes: str) -> Property:
    return Property(name, "text", name, codes=codes)


def _flag(*names: str) -> list[Property]:
    return [Property(name, "boolean", name) for name in names]


def _rounded(*names: str) -> list[Property]:
    return [Property(name, "number", name, "rounded") for name in names]


def _whole(*names: str) -> list[Property]:
    return [Property(name, "number", name, "number", whole=True) for name in names]


def _list(*names: str) -> list[Property]:
    return [Property(name, "list", name) for name in names]


_TIMES = [
    Property("period_start", "instant", "period", "period_start"),
    Property("period_end", "instant", "period", "period_end"),
    Property("from", "date", "period", "first_day"),
    Property("until", "date", "period", "last_day"),
]
_UPDATED = Property("updated_at", "instant", "updated_at", "to_the_second")
_RESTRICTION = _code("restriction", "restriction")

_PUBLISHED = {
    "road_segments": [
        *_text("town"), *_searched("street_name"), *_text("street_key"), _code("road_class", "road_class"),
        *_searched("road_number"), *_text("highway"), _code("road_owner", "road_owner"),
        *_flag("within_built_up_area"), *_rounded("length_m"), *_whole("start_node", "end_node"),
        *_rounded("carriageway_width_m", "footway_width_left_m", "footway_width_right_m"),
        *_text("cycleway_kind"), *_rounded("cycleway_width_m"), *_text("parking_lane"),
        _code("width_source", "width_source"), *_whole("lane_count"), *_text("one_way"),
        *_whole("max_speed_kmh"), *_list("modes"), *_flag("in_service"), *_list("network_function"),
        Property("surface_completed_on", "date", "surface_completed_on"),
        *_text("source", "source_id"), *_flag("demo"), _UPDATED,
    ],
    "construction_sites": [
        *_text("town"), *_searched("case_number", "title"), _code("kind", "kind"), *_whole("utility"),
        *_flag("excavation"), _code("state", "site_state"), _RESTRICTION, *_list("takes"),
        Property("remaining_carriageway_m", "number", "remaining_carriageway_m", "number"),
        Property("remaining_footway_m", "number", "remaining_footway_m", "number"),
        *_text("pedestrian_guidance", "cycle_guidance"), *_searched("client"),
        *_text("source", "source_id", "confidence"), *_flag("start_verified", "end_verified", "end_known"),
        *_flag("demo"), *_TIMES, _UPDATED,
    ],
    "permits": [
        *_searched("reference"), *_text("town"), _code("use_type", "use_type"),
        _code("status", "permit_status"),
        *_rounded("area_m2"), _RESTRICTION, *_TIMES, *_flag("demo"), _UPDATED,
    ],
    "events": [
        *_text("town"), *_searched("title"), _code("kind", "event_kind"), _code("state", "event_state"),
        _RESTRICTION, *_text("source", "source_id"), *_flag("demo"), *_TIMES, _UPDATED,
    ],
    "detours": [
        *_text("town"), *_searched("title"), *_list("modes"),
        Property("belongs_to", "text", "belongs_to", "as_text"),
        _code("state", "site_state"), *_text("source", "source_id"), *_flag("demo"), *_TIMES, _UPDATED,
    ],
    "towns": [
        *_text("ags"), *_searched("slug", "name"), *_text("kind"), *_flag("accepts_requests"),
        Property("boundary_accuracy_m", "number", "boundary_accuracy_m", "number"), *_flag("demo"),
        *_text("attribution"), Property("town", "text", "ags"), _UPDATED,
    ],
}  # fmt: skip
_PUBLISHED[PENDING.id] = _PUBLISHED["permits"]


def _all_of(one: Collection) -> dict[str, Property]:
    found = [
        Property("id", "text", one.key, "as_text" if one.key_is_uuid else "plain"),
        *_PUBLISHED[one.id],
        Property("geometry", "geometry", one.geometry),
    ]
    return {each.name: each for each in found}


QUERYABLES = MappingProxyType(
    {one.id: MappingProxyType(_all_of(one)) for one in (*COLLECTIONS.values(), PENDING)}
)


@cache
def returnables(one: Collection) -> tuple[str, ...]:
    """Names of the properties a feature carries, labels of codes included."""
    names: list[str] = []
    for each in QUERYABLES[one.id].values():
        if each.name in ("id", "geometry"):
            continue
        if each.name == "updated_at" and one.period is None:
            names += [time.name for time in _TIMES]  # carried by every feature, here always null
        names.append(each.name)
        if each.codes:
            names += [f"{each.name}_label_de", f"{each.name}_label_en"]
        if each.name == "source_id" and one.period is not None:
            names.append("attribution")
    return tuple(names)


def read_properties(one: Collection, text: str) -> tuple[str, ...]:
    """`properties`: the names asked for. Raises Malformed for one that is not published."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in returnables(one):
            raise malformed("properties", f"{name[:60]!r} is not a property of {one.id}.")
    return names
