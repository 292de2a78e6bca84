"""Coordinate reference systems on offer: two are stored, the others made from EPSG:25832 when asked for.

Coordinates come in the order the authority of a system says: EPSG:4326 and EPSG:4258 are latitude, longitude.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, cos, log10, pi, radians
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import mapping, shape

from geo_service.crs import TOWN_SRID
from geo_service.ogc.collection import CRS84, FRAGMENTS

Shapes = NDArray[np.object_]

# A pixel of WebMercatorQuad at zoom 0, measured in the street at 55.5° N; in all our places it is larger.
PIXEL_M = 2 * pi * 6_378_137 / 256 * cos(radians(55.5))
_DECIMALS_M = 3


@dataclass(frozen=True, slots=True)
class System:
    """One system. decimals: 1 cm in degrees, 1 mm in metres."""

    uri: str
    srid: int
    degrees: bool = False
    latitude_first: bool = False

    @property
    def decimals(self) -> int:
        """Decimals a coordinate is written with."""
        return 7 if self.degrees else _DECIMALS_M


def _epsg(srid: int, *, degrees: bool = False) -> System:
    uri = f"http://www.opengis.net/def/crs/EPSG/0/{srid}"
    return System(uri, srid, degrees=degrees, latitude_first=degrees)


SYSTEMS = MappingProxyType(
    {
        one.uri: one
        for one in (
            System(CRS84, 4326, degrees=True),
            _epsg(25832),
            _epsg(4326, degrees=True),
            _epsg(4258, degrees=True),
            _epsg(25833),
            _epsg(3857),
        )
    }
)
OFFERED = tuple(SYSTEMS)
NAMES = MappingProxyType(
    {uri: uri for uri in SYSTEMS}
    | {uri.replace("http:", "https:"): uri for uri in SYSTEMS}
    | {f"EPSG:{one.srid}": uri for uri, one in SYSTEMS.items() if uri != CRS84}
    | {"OGC:CRS84": CRS84}
)


def is_stored(crs: str) -> bool:
    """True if features in this system are stored as bytes."""
    return crs in FRAGMENTS


@cache
def _from_town(srid: int) -> Transformer:
    return Transformer.from_crs(TOWN_SRID, srid, always_xy=True)


def in_system(
    features: list[dict[str, Any]], crs: str, *, x_first: bool = False, zoom: float | None = None
) -> list[dict[str, Any]]:
    """Features read in EPSG:25832 in another system; x_first: for files that have no order of their own.

    zoom: of the map they are for; None leaves every point, and stored systems as they were read.
    """
    if is_stored(crs) and zoom is None:
        return features
    system = SYSTEMS[crs]
    placed = [feature for feature in features if feature["geometry"] is not None]
    shapes: Shapes = np.array([shape(feature["geometry"]) for feature in placed], dtype=object)
    swapped = system.latitude_first and not x_first
    if zoom is None:
        geometries = _moved(shapes, system, swapped, system.decimals)
    else:
        geometries = _for_map(shapes, system, swapped, zoom)
    for feature, geometry in zip(placed, geometries, strict=True):
        feature["geometry"] = mapping(geometry)
    return features


def _moved(shapes: Shapes, system: System, swapped: bool, decimals: int) -> Shapes:
    """Geometries of EPSG:25832 in a system, x and y swapped where it wants them so."""
    transformer = _from_town(system.srid)

    def moved(places: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(places[:, 0], places[:, 1])
        return np.round(np.column_stack((y, x) if swapped else (x, y)), decimals)

    found: Shapes = shapely.transform(shapes, moved)
    return found


def _for_map(shapes: Shapes, system: System, swapped: bool, zoom: float) -> Shapes:
    """As a map of a zoom can show them: without what is smaller than a quarter of a pixel, in fewer digits.

    The kind of a geometry stays, and so does its validity.
    """
    slack_m = PIXEL_M / 4 / 2.0**zoom
    simple: Shapes = shapely.simplify(shapes, slack_m, preserve_topology=True)
    for place in np.flatnonzero(shapely.get_type_id(simple) != shapely.get_type_id(shapes)):
        simple[place] = type(shapes[place])([simple[place]])  # one part of several kinds comes back alone
    digits = min(max(ceil(-log10(slack_m / 4)), 0), _DECIMALS_M)
    coarse = _moved(simple, system, swapped, digits + system.decimals - _DECIMALS_M)
    broken = ~shapely.is_valid(coarse)  # fewer digits can make two edges cross
    coarse[broken] = _moved(simple[broken], system, swapped, system.decimals)
    return coarse
