"""The two coordinate systems of the house and the one conversion between them.

Stored: EPSG:25832, metres, east-north. In and out by default: CRS84, degrees, lon-lat.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely import transform
from shapely.geometry.base import BaseGeometry

TOWN_SRID = 25832
LONLAT_SRID = 4326

# 5.5–15.5° E, 47–55.5° N (domain.md section 4): anything else is a mistake, most often swapped axes.
PLAUSIBLE_LONLAT = (5.5, 47.0, 15.5, 55.5)


@lru_cache(maxsize=8)
def _transformer(source_srid: int, target_srid: int) -> Transformer:
    return Transformer.from_crs(source_srid, target_srid, always_xy=True)


def reproject(geometry: BaseGeometry, source_srid: int, target_srid: int) -> BaseGeometry:
    """`geometry` from one EPSG code to another, always x before y; shape and type are kept."""
    transformer = _transformer(source_srid, target_srid)
    return cast(BaseGeometry, transform(geometry, transformer.transform, interleaved=False))


def reproject_points(points: NDArray[np.float64], source_srid: int, target_srid: int) -> NDArray[np.float64]:
    """The same for an array of n × 2 coordinates: of a few points, a third of the time."""
    return np.column_stack(_transformer(source_srid, target_srid).transform(points[:, 0], points[:, 1]))


def to_town(geometry: BaseGeometry) -> BaseGeometry:
    """CRS84 degrees (lon, lat) → EPSG:25832 metres."""
    return reproject(geometry, LONLAT_SRID, TOWN_SRID)


def to_lonlat(geometry: BaseGeometry) -> BaseGeometry:
    """EPSG:25832 metres → CRS84 degrees (lon, lat)."""
    return reproject(geometry, TOWN_SRID, LONLAT_SRID)


@lru_cache(maxsize=64)  # a check writes the same area three times
def ewkb(geometry: BaseGeometry) -> bytes:
    """A geometry in EPSG:25832 as PostGIS reads it, with its SRID."""
    return bytes(shapely.to_wkb(shapely.set_srid(geometry, TOWN_SRID), include_srid=True))


def ewkb_hex(geometry: BaseGeometry) -> str:
    """The same in hexadecimal digits, for what travels inside JSON."""
    return ewkb(geometry).hex()
