"""OpenStreetMap lines become segments: cut at junctions, put into metres at once, described by their tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from geo_service.crs import PLAUSIBLE_LONLAT, to_town
from geo_service.errors import BadRoadFile
from geo_service.roads import osm_class, osm_traffic
from geo_service.roads.cross_section import cross_section
from geo_service.roads.osm_file import LonLat, OsmLine, OsmNetwork
from geo_service.roads.osm_traffic import Tags
from geo_service.roads.segment import Segment
from geo_service.roads.split_lines import Piece, name_pieces, split_lines

SOURCE = "osm"


@dataclass(frozen=True, slots=True)
class OsmSegments:
    """Segments of a file, and what was left out of it, counted by reason."""

    segments: list[Segment]
    skipped: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CutLines:
    """Pieces between junctions and their axes (EPSG:25832, one for each); what was left out, by reason."""

    pieces: list[Piece]
    axes: np.ndarray[Any, Any]
    skipped: Counter[str]


def cut_at_junctions(network: OsmNetwork) -> CutLines:
    """All lines of a network in metres, cut where they meet, in the order of the lines.

    A line with nodes that the file does not hold is cut there and its located parts are kept.
    Raises BadRoadFile if the places lie outside the plausible area.
    """
    skipped: Counter[str] = Counter()
    runs = [
        (line.line_id, run) for line in network.lines for run in _located_runs(line, network.places, skipped)
    ]
    pieces = split_lines(runs)
    return CutLines(pieces, _axes(pieces, network.places), skipped)


def osm_segments(network: OsmNetwork, bus_lines: frozenset[int] = frozenset()) -> OsmSegments:
    """All segments of a network with what their tags say; bus_lines: ids of lines that buses drive on.

    Raises BadRoadFile like `cut_at_junctions`.
    """
    cut = cut_at_junctions(network)
    described = _described(network, bus_lines)
    segments = []
    for piece, name, axis, length_m in zip(
        cut.pieces, name_pieces(cut.pieces, SOURCE), cut.axes, shapely.length(cut.axes), strict=True
    ):
        if length_m == 0:
            cut.skipped["no_length"] += 1
            continue
        segments.append(
            Segment(
                segment_id=name,
                axis=axis,
                start_node=str(piece.nodes[0]),
                end_node=str(piece.nodes[-1]),
                source_id=str(piece.line_id),
                **described[piece.line_id],
            )
        )
    return OsmSegments(segments, cut.skipped)


# Tags of most lines that say nothing about the columns: lines that differ in these alone are described once.
# The street's name is put in for each line.
_SAYS_NOTHING = frozenset({
    "name", "surface", "smoothness", "lit", "tracktype", "note", "source", "layer", "incline", "int_ref",
    "old_name", "reg_name", "lcn", "tmc", "created_by", "priority_road", "service",
})  # fmt: skip


def _described(network: OsmNetwork, bus_lines: frozenset[int]) -> dict[int, dict[str, Any]]:
    """What `describe` says of each line, by its id, and which lines buses drive on."""
    alike: dict[frozenset[tuple[str, str]], dict[str, Any]] = {}
    found = {}
    for line in network.lines:
        said = frozenset(item for item in line.tags.items() if item[0] not in _SAYS_NOTHING)
        columns = alike.get(said)
        if columns is None:
            columns = alike[said] = describe(line.tags)
        columns = {**columns, "street_name": _text(line.tags.get("name"))}
        if line.line_id in bus_lines:
            columns["network_function"] |= {"bus_route"}
        found[line.line_id] = columns
    return found


def describe(tags: Tags) -> dict[str, Any]:
    """The columns of a segment that its line's tags tell."""
    of_class = osm_class.road_class(tags)
    built_up = osm_traffic.within_built_up_area(tags)
    section = cross_section(tags)
    return {
        "street_name": _text(tags.get("name")),
        "road_class": of_class,
        "road_number": _text(osm_class.road_number(tags)),
        "highway": tags["highway"],
        "road_owner": osm_class.road_owner(tags, of_class, built_up),
        "within_built_up_area": built_up,
        "lane_count": osm_traffic.lane_count(tags),
        "one_way": osm_traffic.one_way(tags),
        "max_speed_kmh": osm_traffic.max_speed_kmh(tags),
        "modes": osm_traffic.modes(tags),
        "in_service": osm_traffic.in_service(tags),
        "network_function": osm_class.network_function(tags, of_class),
        **{name: getattr(section, name) for name in section.__slots__},
    }


def _text(value: str | None) -> str | None:
    # Kept as it is, markup too: that is escaped where it is shown.
    return (value or "").strip() or None


def _located_runs(
    line: OsmLine, places: Mapping[int, LonLat], skipped: Counter[str]
) -> Iterator[Sequence[int]]:
    if all(node in places for node in line.nodes):
        if len(line.nodes) < 2:
            skipped["fewer_than_two_nodes"] += 1
        yield line.nodes
        return
    runs: list[list[int]] = [[]]
    for node in line.nodes:
        if node in places:
            runs[-1].append(node)
        elif runs[-1]:
            runs.append([])
    usable = [run for run in runs if len(run) > 1]
    skipped["nodes_missing_in_part" if usable else "nodes_missing"] += 1
    yield from usable


def _axes(pieces: Sequence[Piece], places: Mapping[int, LonLat]) -> np.ndarray[Any, Any]:
    if not pieces:
        raise BadRoadFile("None of the highway lines can be drawn: their nodes are missing.")
    lonlat = np.array([places[node] for piece in pieces for node in piece.nodes])
    west, south, east, north = PLAUSIBLE_LONLAT
    inside = (lonlat >= (west, south)).all(axis=1) & (lonlat <= (east, north)).all(axis=1)
    if not inside.all():
        lon, lat = lonlat[~inside][0]
        raise BadRoadFile(
            f"A highway line passes {lon:.5f} E, {lat:.5f} N, outside {west}–{east}° E, {south}–{north}° N."
        )
    owner = np.repeat(np.arange(len(pieces)), [len(piece.nodes) for piece in pieces])
    metres = to_town(shapely.linestrings(lonlat, indices=owner))
    return np.asarray(metres)
