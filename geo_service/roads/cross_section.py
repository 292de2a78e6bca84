"""Widths of a street: as tagged where the map knows them, else assumed by its class and marked so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from geo_service.errors import SetupError
from geo_service.packed import data_folder
from geo_service.roads.osm_traffic import Tags, lane_count, max_speed_kmh, one_way, within_built_up_area
from geo_service.roads.segment import WidthSource

_NONE = {"no", "none"}
_CYCLEWAY_KINDS = {
    "track": "track", "opposite_track": "track", "sidepath": "track", "lane": "lane", "opposite_lane": "lane",
    "shared_lane": "shared_lane", "share_busway": "shared_lane", "separate": "separate",
    "no": "none", "none": "none", "opposite": "none",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class CrossSection:
    """Widths in metres, seen in the direction of the axis; None not known, 0 not there.

    width_source: the weakest of the sources of the widths that are known.
    """

    carriageway_width_m: float | None = None
    footway_width_left_m: float | None = None
    footway_width_right_m: float | None = None
    cycleway_kind: str | None = None
    cycleway_width_m: float | None = None
    parking_lane: str | None = None
    width_source: WidthSource = "assumed"
    carriageway_width_source: WidthSource | None = None
    footway_width_left_source: WidthSource | None = None
    footway_width_right_source: WidthSource | None = None
    cycleway_width_source: WidthSource | None = None


@dataclass(frozen=True, slots=True)
class AssumedWidths:
    """The table data/roads/assumed_widths.yaml; metres."""

    carriageway: Mapping[str, tuple[float, float]]
    lane: Mapping[str, float]
    footway: Mapping[str, float]
    own_way: Mapping[str, float]
    cycleway: Mapping[str, float]


@cache
def assumed_widths() -> AssumedWidths:
    """The table of assumed widths. Raises SetupError when the file is missing or faulty."""
    path = data_folder() / "roads" / "assumed_widths.yaml"
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        both = {name: (float(two), float(one)) for name, (two, one) in table["carriageway_m"].items()}
        plain = [
            {str(name): float(width) for name, width in table[key].items()}
            for key in ("lane_m", "footway_m", "own_way_m", "cycleway_m")
        ]
    except (OSError, KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise SetupError(f"{path}: the table of assumed widths is faulty: {error}") from error
    return AssumedWidths(both, *plain)


def cross_section(tags: Tags) -> CrossSection:
    """The widths of one highway line. The edge of a square (area=yes) has none: it is no axis."""
    assumed = assumed_widths()
    highway = tags["highway"]
    if tags.get("area") == "yes" or (highway not in assumed.carriageway and highway not in assumed.own_way):
        return CrossSection()
    if highway in assumed.own_way:
        return _own_way(tags, assumed)
    carriageway, carriageway_tagged = _carriageway(tags, assumed)
    left, left_tagged = _footway(tags, "left", assumed)
    right, right_tagged = _footway(tags, "right", assumed)
    kind = _cycleway_kind(tags)
    cycleway, cycleway_tagged = _cycleway(tags, kind, assumed)
    return CrossSection(
        carriageway_width_m=carriageway,
        footway_width_left_m=left,
        footway_width_right_m=right,
        cycleway_kind=kind,
        cycleway_width_m=cycleway,
        parking_lane=_parking(tags),
        width_source=_source(carriageway_tagged and left_tagged and right_tagged and cycleway_tagged),
        carriageway_width_source=_source(carriageway_tagged),
        footway_width_left_source=_source(left_tagged),
        footway_width_right_source=_source(right_tagged),
        cycleway_width_source=None if cycleway is None else _source(cycleway_tagged),
    )


def _source(all_tagged: bool) -> WidthSource:
    return "tagged" if all_tagged else "assumed"


def width_m(value: str | None) -> float | None:
    """A tagged width in metres: `2`, `2.5 m`, `2,5`, `250 cm`; None if unreadable or not from 0.1 to 60.

    >>> width_m("2,5 m"), width_m("250 cm"), width_m("0"), width_m("narrow")
    (2.5, 2.5, None, None)
    """
    found = re.fullmatch(r"([0-9]{1,4}(?:[.,][0-9]+)?) ?(m|cm)?", (value or "").strip())
    if found is None:
        return None
    metres = float(found[1].replace(",", ".")) / (100 if found[2] == "cm" else 1)
    return metres if 0.1 <= metres <= 60 else None


def _carriageway(tags: Tags, assumed: AssumedWidths) -> tuple[float, bool]:
    tagged = width_m(tags.get("width:carriageway")) or width_m(tags.get("width"))
    if tagged is not None:
        return tagged, True
    estimate = width_m(tags.get("est_width"))
    if estimate is not None:
        return estimate, False
    lanes = lane_count(tags)
    highway = tags["highway"]
    two_way, in_one_way = assumed.carriageway[highway]
    usual = two_way if one_way(tags) == "no" else in_one_way
    if lanes is None:
        return usual, False
    by_lanes = lanes * assumed.lane.get(highway.removesuffix("_link"), assumed.lane["other"])
    return by_lanes if lanes > 1 else min(usual, max(by_lanes, 3.5)), False


def _side(tags: Tags, key: str, side: str) -> str | None:
    """The value of `key` for one side of the street, in both ways of tagging."""
    for name in (f"{key}:{side}", f"{key}:both"):
        if name in tags:
            return tags[name]
    value = tags.get(key)
    if value in ("left", "right"):
        return "yes" if value == side else "no"
    return "yes" if value == "both" else value


def _footway(tags: Tags, side: str, assumed: AssumedWidths) -> tuple[float, bool]:
    value = _side(tags, "sidewalk", side)
    if value in _NONE or value in ("separate", "use_sidepath"):
        return 0.0, True  # a footway drawn on its own is a segment of its own
    keys = (f"sidewalk:{side}:width", "sidewalk:both:width", "sidewalk:width")
    tagged = next((width for key in keys if (width := width_m(tags.get(key)))), None)
    if tagged is not None:
        return tagged, True
    usual = assumed.footway.get(tags["highway"], 0.0)
    if value is not None:
        return usual or assumed.footway["residential"], False
    built_up, speed = within_built_up_area(tags), max_speed_kmh(tags)
    outside = built_up is False or (speed or 0) > 50
    needs_proof = tags["highway"] == "unclassified" and not (built_up or (speed is not None and speed <= 50))
    return (0.0 if outside or needs_proof else usual), False


def _cycleway_kind(tags: Tags) -> str | None:
    if tags.get("bicycle_road") == "yes":
        return "bicycle_road"
    values = [_side(tags, "cycleway", side) for side in ("right", "left")]
    kinds = {_CYCLEWAY_KINDS[value] for value in values if value in _CYCLEWAY_KINDS}
    advisory = any(
        tags.get(f"cycleway:{side}lane") == "advisory" for side in ("", "left:", "right:", "both:")
    )
    for kind in ("track", "lane", "shared_lane", "separate", "none"):
        if kind in kinds:
            return "advisory_lane" if kind == "lane" and advisory else kind
    return None


def _cycleway(tags: Tags, kind: str | None, assumed: AssumedWidths) -> tuple[float | None, bool]:
    if kind is None or kind not in assumed.cycleway:
        return None, True
    for side in ("", "right:", "left:", "both:"):
        tagged = width_m(tags.get(f"cycleway:{side}width"))
        if tagged is not None:
            return tagged, True
    return assumed.cycleway[kind], False


def _own_way(tags: Tags, assumed: AssumedWidths) -> CrossSection:
    highway = tags["highway"]
    tagged = width_m(tags.get("width"))
    width = tagged or width_m(tags.get("est_width")) or assumed.own_way[highway]
    walkers, riders, kind = width, 0.0, None
    if highway == "cycleway" and tags.get("foot") not in ("yes", "designated"):
        walkers, riders, kind = 0.0, width, "own_way"
    elif highway == "cycleway" or tags.get("bicycle") == "designated":
        parted = tags.get("segregated") == "yes"  # on which side is rarely tagged
        walkers, riders, kind = (
            (width / 2, width / 2, "segregated_path") if parted else (width, width, "shared_path")
        )
    source = _source(tagged is not None and kind != "segregated_path")
    return CrossSection(
        carriageway_width_m=0.0,
        footway_width_left_m=walkers / 2,
        footway_width_right_m=walkers / 2,
        cycleway_kind=kind,
        cycleway_width_m=riders or None,
        width_source=source,
        carriageway_width_source="tagged",  # there is none, the kind of way says so
        footway_width_left_source=source,
        footway_width_right_source=source,
        cycleway_width_source=source if riders else None,
    )


def _parking(tags: Tags) -> str | None:
    sides = {}
    for side in ("left", "right"):
        value = _side(tags, "parking", side) or _side(tags, "parking:lane", side)
        if value is not None:
            sides[side] = value not in (*_NONE, "no_parking", "no_stopping", "separate")
    if not sides:
        return None
    there = [side for side, parked in sides.items() if parked]
    return "both" if len(there) == 2 else there[0] if there else "none"
