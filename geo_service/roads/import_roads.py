"""Imports a road network: read it whole, then bring it in as one change, seen all at once or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import shapely
from sqlalchemy.orm import Session

from geo_service.errors import BadRoadFile
from geo_service.roads.osm_file import read_bus_lines, read_osm_network
from geo_service.roads.osm_segments import SOURCE, osm_segments
from geo_service.roads.road_mapping import RoadMapping
from geo_service.roads.road_report import ClassTotal, RoadReport
from geo_service.roads.save_segments import Box, SavedSegments, Scope, merge_staged, stage_segments
from geo_service.roads.segment import Segment
from geo_service.roads.vector_file import read_vector_lines
from geo_service.roads.vector_segments import vector_segments
from geo_service.sql.loader import statements, text

Progress = Callable[[str], None]
PHASES = ("read", "split", "stage", "merge")

OSM_ENDINGS = (".osm.pbf", ".pbf", ".osm.gz", ".osm.bz2", ".osm")


class TooMuchWouldVanish(BadRoadFile):
    """Most of what is stored for this town is not in the file; is it the right file?"""


@dataclass(frozen=True, kw_only=True, slots=True)
class RoadFile:
    """A road network read from a file, not stored yet. box: EPSG:25832 metres."""

    name: str
    source: str
    lines: int
    outlines: int
    segments: Sequence[Segment]
    skipped: dict[str, int]
    box: Box
    unknown: dict[str, int] = field(default_factory=dict)


def quiet(_phase: str) -> None:
    """Progress for those who do not watch."""


def import_roads(
    session: Session,
    path: Path,
    *,
    town: str | None = None,
    mapping: RoadMapping | None = None,
    progress: Progress = quiet,
) -> RoadReport:
    """Bring the roads of the file `path` in as an update; with `town` (AGS) only that town's.

    Raises BadRoadFile before anything is changed. Does not commit; runs as the operator.
    """
    return store_roads(
        session, read_roads(path, mapping=mapping, progress=progress), town=town, progress=progress
    )


def read_roads(path: Path, *, mapping: RoadMapping | None = None, progress: Progress = quiet) -> RoadFile:
    """The network in a file, cut at junctions. Raises BadRoadFile with one readable line.

    With `mapping` any vector file that GDAL reads; its lines are segments already.
    """
    if mapping is not None:
        return _read_official(path, mapping, progress)
    if not path.name.lower().endswith(OSM_ENDINGS):
        raise BadRoadFile(
            f"{path.name}: road files end in {', '.join(OSM_ENDINGS)}; any other needs a mapping (--mapping)."
        )
    progress("read")
    network = read_osm_network(path)
    bus_lines = read_bus_lines(path, network)
    progress("split")
    found = osm_segments(network, bus_lines)
    return RoadFile(
        name=path.name,
        source=SOURCE,
        lines=len(network.lines),
        outlines=sum(line.is_outline for line in network.lines),
        segments=found.segments,
        skipped=dict(found.skipped),
        box=_box(found.segments),
    )


def _read_official(path: Path, mapping: RoadMapping, progress: Progress) -> RoadFile:
    progress("read")
    lines = read_vector_lines(path, mapping)
    progress("split")
    found = vector_segments(lines, mapping)
    if not found.segments:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in sorted(found.skipped.items()))
        raise BadRoadFile(f"{path.name} holds no usable line ({reasons}).")
    return RoadFile(
        name=path.name,
        source=mapping.source,
        lines=len(lines.geometries),
        outlines=0,
        segments=found.segments,
        skipped=dict(found.skipped),
        box=_box(found.segments),
        unknown=dict(found.unknown),
    )


def _box(segments: Sequence[Segment]) -> Box:
    west_m, south_m, east_m, north_m = shapely.total_bounds([segment.axis for segment in segments])
    return float(west_m), float(south_m), float(east_m), float(north_m)


def store_roads(
    session: Session,
    file: RoadFile,
    *,
    town: str | None = None,
    force: bool = False,
    progress: Progress = quiet,
) -> RoadReport:
    """Merge a network that was read; the stored one stays as it is where the file is not about it.

    Raises TooMuchWouldVanish when `town` is given, the file lacks more than half of what is stored for it
    and `force` is not set. Does not commit.
    """
    progress("stage")
    stage_segments(session, file.segments)
    crossing = session.execute(text(statements("roads")["count_border_crossings"])).scalar_one()
    elsewhere = 0 if town is None else _keep_one_town(session, file, town, force)
    totals = _totals(session)
    progress("merge")
    saved = merge_staged(session, file.source, Scope(box=file.box) if town is None else Scope(town=town))
    return _report(file, saved, totals, crossing, elsewhere)


def _keep_one_town(session: Session, file: RoadFile, town: str, force: bool) -> int:
    dropped = session.execute(text(statements("roads")["drop_other_towns"]), {"town": town})
    elsewhere = int(getattr(dropped, "rowcount", 0))
    if elsewhere == len(file.segments):
        raise BadRoadFile(f"{file.name} holds no road of the town {town}.")
    known = session.execute(
        text(statements("roads")["count_stored_lines"]), {"source": file.source, "town": town}
    ).one()
    if 2 * known.delivered < known.stored and not force:
        raise TooMuchWouldVanish(
            f"{file.name} holds only {known.delivered} of the {known.stored} segments stored for {town}; "
            "if the others are to go, repeat with --force."
        )
    return elsewhere


def _totals(session: Session) -> tuple[ClassTotal, ...]:
    rows = session.execute(text(statements("roads")["count_incoming"]))
    return tuple(
        ClassTotal(
            town=row.town,
            town_name=row.town_name,
            road_class=row.road_class,
            segments=row.segments,
            length_km=row.length_m / 1000,
        )
        for row in rows
    )


def _report(
    file: RoadFile, saved: SavedSegments, totals: tuple[ClassTotal, ...], crossing: int, elsewhere: int
) -> RoadReport:
    return RoadReport(
        file=file.name,
        source=file.source,
        lines=file.lines,
        outlines=file.outlines,
        length_km=float(shapely.length([segment.axis for segment in file.segments]).sum()) / 1000,
        crossing_lines=crossing,
        skipped=file.skipped,
        unknown=file.unknown,
        elsewhere=elsewhere,
        added=saved.added,
        changed=saved.changed,
        unchanged=saved.unchanged,
        gone=saved.gone,
        retired=saved.retired,
        rematched=saved.rematched,
        stranded=saved.stranded,
        totals=totals,
    )
