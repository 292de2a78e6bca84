"""Lines of an official road file become segments, described by a mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, cast

import numpy as np
import shapely
from shapely import LineString

from geo_service.roads import osm_traffic
from geo_service.roads.cross_section import cross_section
from geo_service.roads.road_mapping import SETS, Column, RoadMapping
from geo_service.roads.segment import Segment
from geo_service.roads.snap_nodes import snap_nodes
from geo_service.roads.vector_file import VectorLines

MAX_VERTICES = 10_000
_WIDTHS = ("carriageway_width_m", "footway_width_left_m", "footway_width_right_m")
_NUMBERS = {**dict.fromkeys(_WIDTHS, 60.0), "lane_count": 12.0, "max_speed_kmh": 200.0}
_TRUE, _FALSE = {"true", "t", "1", "ja", "j", "yes", "y"}, {"false", "f", "0", "nein", "n", "no"}


@dataclass(slots=True)
class VectorSegments:
    """skipped: lines left out, by reason. unknown: values that could not be read, by field and value."""

    segments: list[Segment] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)


def vector_segments(lines: VectorLines, mapping: RoadMapping) -> VectorSegments:
    """A segment for each line of the file; a line in several pieces gives one for each piece."""
    found = VectorSegments()
    seen: set[str] = set()
    for index, geometry in enumerate(lines.geometries):
        source_id = _text(lines.columns[mapping.id][index], mapping)
        axes = list(_axes(geometry, found.skipped))
        if source_id is None or source_id in seen:
            found.skipped["no_id" if source_id is None else "id_twice"] += bool(axes)
            continue
        if not axes:
            continue
        seen.add(source_id)
        row = {name: values[index] for name, values in lines.columns.items()}
        columns = describe(row, mapping, found.unknown)
        for number, axis in enumerate(axes, start=1):
            name = f"{mapping.source}:{source_id}" + (f":{number}" if number > 1 else "")
            segment = Segment(
                segment_id=name, axis=axis, start_node="", end_node="", source_id=source_id, **columns
            )
            found.segments.append(segment)
    if found.segments:
        nodes = snap_nodes([segment.axis for segment in found.segments], mapping.node_tolerance_m)
        found.segments = [
            replace(segment, start_node=start, end_node=end)
            for segment, (start, end) in zip(found.segments, nodes, strict=True)
        ]
    return found


def _axes(geometry: Any, skipped: Counter[str]) -> Iterator[LineString]:
    reason = None
    if geometry is None or geometry.is_empty:
        reason = "no_geometry"
    elif shapely.get_dimensions(geometry) != 1:
        reason = "no_line"
    elif shapely.get_num_coordinates(geometry) > MAX_VERTICES:
        reason = "too_many_vertices"
    elif not np.isfinite(shapely.get_coordinates(geometry)).all():
        reason = "not_finite"
    elif geometry.length == 0:
        reason = "no_length"
    if reason is not None:
        skipped[reason] += 1
        return
    merged = geometry if geometry.geom_type == "LineString" else shapely.line_merge(geometry)
    yield from (cast(LineString, part) for part in shapely.get_parts(merged) if part.length > 0)


def describe(row: Mapping[str, Any], mapping: RoadMapping, unknown: Counter[str]) -> dict[str, Any]:
    """The columns of a segment that the fields of one line tell; what they do not, its class may."""
    found: dict[str, Any] = {}
    for name in type(mapping.fields).model_fields:
        column: Column | None = getattr(mapping.fields, name)
        value = None if column is None else _value(row, column, mapping, unknown)
        found[name] = None if value is None else _typed(name, value, mapping, unknown)
    stated = [name for name in _WIDTHS if found[name] is not None]
    highway = found["highway"]
    if highway is not None:
        assumed = cross_section({"highway": highway})
        found |= {name: getattr(assumed, name) for name in _WIDTHS if found[name] is None}
        if found["modes"] is None:
            found["modes"] = osm_traffic.modes({"highway": highway})
    for name in _WIDTHS:
        source = mapping.widths_are if name in stated else "assumed"
        found[name.replace("_m", "_source")] = None if found[name] is None else source
    found["width_source"] = mapping.widths_are if len(stated) == len(_WIDTHS) else "assumed"
    found["road_class"] = found["road_class"] or "sonstige"
    found["one_way"] = found["one_way"] or "no"
    return found | {name: found[name] or frozenset() for name in SETS}


def _value(row: Mapping[str, Any], column: Column, mapping: RoadMapping, unknown: Counter[str]) -> Any:
    if column.field is None:
        return column.value
    said = _text(row[column.field], mapping)
    if not column.codes:
        return column.otherwise if said is None else said
    if said in column.codes:
        return column.codes[said]
    if said is not None and not column.complete:
        unknown[f"{column.field}: {said[:40]}"] += 1
    return column.otherwise


def _text(value: Any, mapping: RoadMapping) -> str | None:
    """A value as text; None for what means nothing, also where it is written out (`NULL`)."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = str(value).strip().replace("\x00", "")
    return None if text in mapping.empty_values or text == "NaT" else text


def _typed(name: str, value: Any, mapping: RoadMapping, unknown: Counter[str]) -> Any:
    try:
        return _read(name, str(value), mapping)
    except ValueError:
        unknown[f"{name}: {str(value)[:40]}"] += 1
        return None


def _read(name: str, text: str, mapping: RoadMapping) -> Any:
    if name in _NUMBERS:
        number = float(text.replace(",", "."))
        if not 0 <= number <= _NUMBERS[name]:
            raise ValueError(name)
        return number if name in _WIDTHS else round(number)
    if name == "within_built_up_area":
        if text.lower() not in _TRUE | _FALSE:
            raise ValueError(name)
        return text.lower() in _TRUE
    if name == "surface_completed_on":
        return _date(text, mapping.date_format)
    return frozenset(text.split()) if name in SETS else text


def _date(text: str, date_format: str) -> date:
    try:
        return datetime.strptime(text, date_format).date()  # noqa: DTZ007  a civil day has no zone
    except ValueError:
        return date.fromisoformat(text[:10])
