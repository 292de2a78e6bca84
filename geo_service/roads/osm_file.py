"""Reads the highway lines of an OpenStreetMap file: .osm.pbf, .osm.gz, .osm (and what else osmium knows)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import osmium

from geo_service.errors import BadRoadFile

LonLat = tuple[float, float]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class OsmLine:
    """A way with a highway tag: its id, its node ids in order (repetitions removed) and its tags."""

    line_id: int
    nodes: tuple[int, ...]
    tags: Mapping[str, str]

    @property
    def is_outline(self) -> bool:
        """True if the line is the edge of an area (a square), not an axis."""
        return self.tags.get("area") == "yes" and self.nodes[0] == self.nodes[-1]


@dataclass(frozen=True, slots=True)
class OsmNetwork:
    """All highway lines of a file, and where their nodes are (CRS84, lon, lat) as far as the file says."""

    lines: list[OsmLine]
    places: dict[int, LonLat]


def read_osm_network(path: Path) -> OsmNetwork:
    """Every way with a highway tag in `path`.

    Raises BadRoadFile for a file that is missing, empty, truncated, of another format or without such ways.
    """
    lines: dict[int, OsmLine] = {}  # a merged file may hold a way twice: the last one counts
    places: dict[int, LonLat] = {}
    with one_clear_error(path):
        ways = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY).with_locations()
        ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(
            osmium.filter.KeyFilter("highway")
        )
        for way in cast(Iterable[osmium.osm.Way], ways):
            tags = {tag.k: tag.v for tag in way.tags}  # dict(way.tags) asks for each key once more
            lines[way.id] = OsmLine(way.id, _nodes(way, places), tags)
        _find_late_nodes(path, lines.values(), places)
    if not lines:
        raise BadRoadFile(f"{path.name} holds no highway lines.")
    if not places:
        raise BadRoadFile(f"{path.name} holds highway lines but no nodes, so nothing says where they are.")
    return OsmNetwork(list(lines.values()), places)


def read_bus_lines(path: Path, network: OsmNetwork) -> frozenset[int]:
    """Ids of the network's lines that a bus route drives on.

    Stops and platforms are members with a role, the way has none. Raises BadRoadFile as `read_osm_network`.
    """
    lines = {line.line_id for line in network.lines}
    with one_clear_error(path):
        relations = osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(
            osmium.filter.TagFilter(("route", "bus"), ("route", "trolleybus"))
        )
        return frozenset(
            member.ref
            for route in cast(Iterable[osmium.osm.Relation], relations)
            for member in route.members
            # The cheapest question first: a long-distance line has thousands of members elsewhere.
            if member.ref in lines and member.type == "w" and member.role in ("", "forward", "backward")
        )


def _nodes(way: osmium.osm.Way, places: dict[int, LonLat]) -> tuple[int, ...]:
    """Ids of the way's nodes without repetitions; where they are goes into `places`."""
    nodes: list[int] = []
    last = None
    for node in way.nodes:
        ref = node.ref
        if ref == last:
            continue
        nodes.append(ref)
        last = ref
        if ref not in places:
            location = node.location
            if location.valid():
                places[ref] = (location.lon, location.lat)
    return tuple(nodes)


def _find_late_nodes(path: Path, lines: Iterable[OsmLine], places: dict[int, LonLat]) -> None:
    # Ways before nodes (an unsorted file): osmium's location cache is filled too late, so look again.
    missing = {node for line in lines for node in line.nodes if node not in places}
    if not missing:
        return
    for node in cast(Iterable[osmium.osm.Node], osmium.FileProcessor(str(path), osmium.osm.NODE)):
        if node.id in missing and node.location.valid():
            places[node.id] = (node.location.lon, node.location.lat)


def read_in_order(path: Path, read: Callable[[Path], Found]) -> Found:
    """What `read` makes of a file, and of a sorted copy if the file's ids are out of order.

    Areas are put together in one go through the file and need its order; lines do not.
    """
    try:
        return read(path)
    except RuntimeError as error:
        if "order" not in str(error):
            raise
    with tempfile.TemporaryDirectory(prefix="geo-service-") as folder:
        copy = Path(folder) / "sorted.osm.pbf"
        everything = osmium.MergeInputReader()
        everything.add_file(str(path))
        with osmium.SimpleWriter(str(copy)) as writer:
            everything.apply(writer)
        return read(copy)


@contextmanager
def one_clear_error(path: Path) -> Iterator[None]:
    """Whatever osmium says about a bad file becomes one BadRoadFile with the file's name."""
    if not path.is_file():
        raise BadRoadFile(f"There is no file {path}.")
    if path.stat().st_size == 0:
        raise BadRoadFile(f"{path.name} is empty.")
    try:
        yield
    except (osmium.InvalidLocationError, RuntimeError, ValueError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadRoadFile(f"{path.name} cannot be read as OpenStreetMap data: {reason}") from error
