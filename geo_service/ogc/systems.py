"""Coordinate reference systems on offer: two are stored, the others made from EPSG:25832 when asked for.

Coordinates come in the order the authority of a system says: EPSG:4326 and EPSG:4258 are latitude, longitude.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry import mapping, shape

from geo_service.crs import TOWN_SRID
from geo_service.ogc.collection import CRS84, FRAGMENTS


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
        return 7 if self.degrees else 3


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


def in_system(features: list[dict[str, Any]], crs: str, *, x_first: bool = False) -> list[dict[str, Any]]:
    """Features read in EPSG:25832 in another system; x_first: for files that have no order of their own."""
    if is_stored(crs):
        return features
    system = SYSTEMS[crs]
    transformer = _from_town(system.srid)
    swapped = system.latitude_first and not x_first

    def moved(places: NDArray[np.float64]) -> NDArray[np.float64]:
        x, y = transformer.transform(places[:, 0], places[:, 1])
        return np.round(np.column_stack((y, x) if swapped else (x, y)), system.decimals)

    placed = [feature for feature in features if feature["geometry"] is not None]
    geometries: Sequence[Any] = shapely.transform(
        np.array([shape(feature["geometry"]) for feature in placed], dtype=object), moved
    )
    for feature, geometry in zip(placed, geometries, strict=True):
        feature["geometry"] = mapping(geometry)
    return features
