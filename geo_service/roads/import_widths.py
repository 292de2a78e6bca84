"""Brings measured widths in: carriageways drawn as areas, laid over the stored segments of one source."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from sqlalchemy.orm import Session

from geo_service.crs import to_town
from geo_service.errors import BadRoadFile
from geo_service.roads.gdal import gdal
from geo_service.roads.measure_widths import measured_widths_m
from geo_service.roads.osm_class import CARRIAGEWAYS
from geo_service.sql.loader import statements, text

KIND = "area:highway"


@dataclass(frozen=True, kw_only=True, slots=True)
class WidthReport:
    """What was measured; differences are assumed minus measured, in metres, of widths that were assumed."""

    file: str
    areas: int
    invalid_areas: int
    segments: int
    measured: int
    compared: int
    median_difference_m: float | None
    median_absolute_difference_m: float | None
    within_one_metre: int


def import_widths(session: Session, path: Path, *, source: str) -> WidthReport:
    """Measure the segments of `source` that the areas of a GeoJSON file (degrees) touch; store the widths.

    Areas are those that OpenStreetMap tags `area:highway` as a carriageway. Raises BadRoadFile before
    anything is changed. Does not commit; runs as the operator.
    """
    drawn = _areas(path)
    areas = drawn[shapely.is_valid(drawn)]
    if not len(areas):
        raise BadRoadFile(f"{path.name} holds no valid area of a carriageway ({KIND}).")
    west_m, south_m, east_m, north_m = (float(edge) for edge in shapely.total_bounds(areas))
    box = {"west_m": west_m, "south_m": south_m, "east_m": east_m, "north_m": north_m}
    named = statements("roads")
    rows = session.execute(text(named["list_axes_in_box"]), {"source": source, **box}).all()
    widths = measured_widths_m([shapely.from_wkb(row.axis) for row in rows], areas)
    found = [(row, round(width_m, 2)) for row, width_m in zip(rows, widths, strict=True) if width_m]
    values = json.dumps([{"gid": row.gid, "width_m": width_m} for row, width_m in found])
    session.execute(text(named["save_measured_widths"]), {"widths": values})
    gaps = [row.assumed_width_m - width_m for row, width_m in found if row.assumed_width_m is not None]
    return WidthReport(
        file=path.name,
        areas=len(areas),
        invalid_areas=len(drawn) - len(areas),
        segments=len(rows),
        measured=len(found),
        compared=len(gaps),
        median_difference_m=round(statistics.median(gaps), 2) if gaps else None,
        median_absolute_difference_m=round(statistics.median(map(abs, gaps)), 2) if gaps else None,
        within_one_metre=sum(abs(gap) <= 1 for gap in gaps),
    )


def _areas(path: Path) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    if not path.is_file() or path.stat().st_size == 0:
        raise BadRoadFile(f"{path.name} is missing or empty.")
    try:
        meta, _, wkb, values = gdal().raw.read(path, columns=[KIND], force_2d=True)
    except (UnicodeDecodeError, RuntimeError, ValueError) as error:  # GDAL's are RuntimeErrors
        raise BadRoadFile(f"{path.name} cannot be read: {' '.join(str(error).split())}") from error
    if meta["crs"] != "EPSG:4326" or not values:
        raise BadRoadFile(f"{path.name} is no GeoJSON in degrees with {KIND}.")
    geometries = shapely.from_wkb(wkb)
    kept = np.isin(values[0].astype(str), sorted(CARRIAGEWAYS)) & (shapely.get_dimensions(geometries) == 2)
    return np.asarray(to_town(geometries[kept]))
