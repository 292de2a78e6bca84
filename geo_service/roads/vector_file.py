"""Reads the lines of any vector file that GDAL reads, in EPSG:25832; only the file itself is judged here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer

from geo_service.crs import TOWN_SRID
from geo_service.errors import BadRoadFile
from geo_service.roads.gdal import gdal
from geo_service.roads.road_mapping import RoadMapping, known_crs

# The storage area of the tables: Germany and its neighbours in EPSG:25832, Berlin included.
PLAUSIBLE_M = (200_000.0, 5_200_000.0, 1_000_000.0, 6_200_000.0)
_GDAL_NAMES = {"utf-8": "UTF-8", "latin-1": "ISO-8859-1", "cp1252": "CP1252"}


@dataclass(frozen=True, slots=True)
class VectorLines:
    """Geometries in EPSG:25832 metres (None where missing) and the columns of the file, in its order."""

    geometries: Any
    columns: dict[str, Any]


def read_vector_lines(path: Path, mapping: RoadMapping) -> VectorLines:
    """The features of one layer. Raises BadRoadFile: unreadable, no CRS, no such field, elsewhere."""
    if not path.exists():
        raise BadRoadFile(f"There is no file {path}.")
    if path.is_file() and path.stat().st_size == 0:
        raise BadRoadFile(f"{path.name} is empty.")
    meta, geometries, columns = _read(path, mapping)
    missing = sorted(_fields(mapping) - set(columns))
    if missing:
        raise BadRoadFile(
            f"{path.name} has no field {', '.join(missing)}; its fields are {', '.join(columns) or 'none'}."
        )
    if not len(geometries) or (shapely.get_dimensions(geometries) != 1).all():
        raise BadRoadFile(f"{path.name} holds no lines.")
    return VectorLines(_in_town_metres(path, geometries, _crs(path, meta, mapping)), columns)


def _fields(mapping: RoadMapping) -> set[str]:
    columns = (getattr(mapping.fields, name) for name in type(mapping.fields).model_fields)
    return {mapping.id} | {column.field for column in columns if column is not None and column.field}


def _read(path: Path, mapping: RoadMapping) -> tuple[dict[str, Any], Any, dict[str, Any]]:
    try:
        layers = [str(name) for name, kind in gdal().list_layers(path) if kind is not None]
        if mapping.layer is None and len(layers) > 1:
            raise BadRoadFile(
                f"{path.name} holds several layers ({', '.join(layers)}); name one in the mapping (layer)."
            )
        meta, _, wkb, values = gdal().raw.read(
            path, layer=mapping.layer, encoding=_GDAL_NAMES.get(mapping.encoding or ""), force_2d=True
        )
        geometries = np.empty(0, dtype=object) if wkb is None else shapely.from_wkb(wkb)
    except UnicodeDecodeError:
        raise BadRoadFile(
            f"{path.name}: its text is not UTF-8; state the true encoding in the mapping (encoding: latin-1)."
        ) from None
    except (
        shapely.errors.ShapelyError,
        RuntimeError,
        ValueError,
        OSError,
    ) as error:  # GDAL's own are RuntimeErrors
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadRoadFile(f"{path.name} cannot be read: {reason}") from error
    columns = dict(zip(meta["fields"], values, strict=True))
    _check_text(path, columns)
    return meta, geometries, columns


def _check_text(path: Path, columns: dict[str, Any]) -> None:
    # GDAL hands wrong bytes on as replacement characters or surrogates instead of failing.
    for name, values in columns.items():
        if values.dtype == object and any(
            isinstance(value, str) and ("\ufffd" in value or any("\ud800" <= c <= "\udfff" for c in value))
            for value in values
        ):
            raise BadRoadFile(
                f"{path.name}: the text of {name} is not in the encoding that was read; state the true one in"
                " the mapping (encoding: latin-1), or save the file as UTF-8."
            )


def _crs(path: Path, meta: dict[str, Any], mapping: RoadMapping) -> CRS:
    """The one CRS that file or mapping declare; it is never guessed."""
    wanted = None if mapping.crs is None else known_crs(mapping.crs)
    said = meta.get("crs")
    if said is None:
        if wanted is None:
            raise BadRoadFile(
                f"{path.name} does not say in which CRS its coordinates are; state it in the mapping (crs)."
            )
        return wanted
    declared = known_crs(said)
    if declared is None or (declared.is_engineering and wanted is None):
        raise BadRoadFile(f"{path.name}: its CRS is not known; state it in the mapping (crs).")
    by_default = path.suffix.lower() in (".geojson", ".json")  # GDAL's answer also where the file is silent
    if wanted is not None and not wanted.equals(declared, ignore_axis_order=True):
        if not by_default:
            raise BadRoadFile(
                f"{path.name} says {declared.name}, the mapping {mapping.crs}; only one can be true."
            )
        return wanted
    return declared


def _in_town_metres(path: Path, geometries: Any, crs: CRS) -> Any:
    west, south, east, north = shapely.total_bounds(geometries)
    if crs.is_geographic and (abs(west) > 180 or abs(east) > 180 or abs(south) > 90 or abs(north) > 90):
        raise BadRoadFile(
            f"{path.name}: coordinates such as {east:.0f}, {north:.0f} are no degrees; state their CRS in the"
            " mapping (crs)."
        )
    if crs.to_epsg() != TOWN_SRID:
        transformer = Transformer.from_crs(crs, TOWN_SRID, always_xy=True)
        geometries = shapely.transform(geometries, transformer.transform, interleaved=False)
    bounds = shapely.bounds(geometries)
    low, high = np.array(PLAUSIBLE_M[:2]), np.array(PLAUSIBLE_M[2:])
    finite = np.isfinite(bounds).all(axis=1)
    outside = finite & ~((bounds[:, :2] > low).all(axis=1) & (bounds[:, 2:] < high).all(axis=1))
    if outside.any() or (not finite.any() and len(bounds)):
        x, y = bounds[outside][0][:2] if outside.any() else (np.inf, np.inf)
        raise BadRoadFile(
            f"{path.name}: {int(outside.sum()) or len(bounds)} of {len(bounds)} lines lie outside Germany,"
            f" the first at {x:.0f}, {y:.0f} in EPSG:{TOWN_SRID}; is {crs.name} its true CRS and unit?"
        )
    return geometries
