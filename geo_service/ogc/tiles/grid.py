"""WebMercatorQuad (OGC 17-083r4, annex D.1): which tiles there are, and what each covers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from math import asinh, atan, cos, floor, pi, radians, sinh, tan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import box, to_wkb

from geo_service.crs import PLAUSIBLE_LONLAT, TOWN_SRID, reproject_points, to_town
from geo_service.errors import NotFound
from geo_service.ogc.place import WINDOW, Box, foreign_area

GRID = "WebMercatorQuad"
GRID_URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
WEB_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
WEB_MERCATOR_SRID = 3857
# Beyond 20 a tile is smaller than a lorry; the set itself goes to 24.
GREATEST_ZOOM = 20
MATRICES = 25
# From here on a cell is less than 20 m, and the projection is straight to two thirds of a 4096th of the side.
STRAIGHT_FROM = 13
MARGIN = 64  # of 4096: lines are drawn a little over the edge
_HALF_M = 20037508.342789244
_PIXEL_M = 0.00028  # of the standardised display that scale denominators are for
_NUMBER = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)

Limits = tuple[int, int, int, int]  # first and last row, first and last column


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile: rows count from the north, columns from the west."""

    zoom: int
    row: int
    col: int

    @property
    def side_m(self) -> float:
        """What a side measures in EPSG:3857, whose metres are too long away from the equator."""
        return 2 * _HALF_M / float(2**self.zoom)

    @property
    def cell_m(self) -> float:
        """What a 256th of the tile measures in the street, metres."""
        south = pi * (1 - 2 * (self.row + 0.5) / 2**self.zoom)
        return self.side_m / 256 * cos(atan(sinh(south)))

    def edges(self, margin: float = 0.0) -> tuple[float, float, float, float]:
        """West, south, east, north in EPSG:3857, metres; margin: part of a side to go beyond."""
        side = self.side_m
        west, north = self.col * side - _HALF_M, _HALF_M - self.row * side
        more = margin * side
        return west - more, north - side - more, west + side + more, north + more


def read_tile(zoom: str, row: str, col: str) -> Tile:
    """The tile of a path. Raises NotFound for what the tile sets do not hold."""
    if all(_NUMBER.fullmatch(part) for part in (zoom, row, col)) and int(zoom) <= GREATEST_ZOOM:
        tile = Tile(int(zoom), int(row), int(col))
        first_row, last_row, first_col, last_col = limits_at(tile.zoom)
        if first_row <= tile.row <= last_row and first_col <= tile.col <= last_col:
            return tile
    raise NotFound(
        f"There is no tile {zoom[:12]}/{row[:12]}/{col[:12]}; see tileMatrixSetLimits of the tile set."
    )


@cache
def limits_at(zoom: int) -> Limits:
    """Rows and columns where data can be at all."""
    west, south, east, north = PLAUSIBLE_LONLAT
    (first_row, first_col), (last_row, last_col) = _at(west, north, zoom), _at(east, south, zoom)
    return first_row, last_row, first_col, last_col


def _at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    tiles = 2**zoom
    return floor((1 - asinh(tan(radians(lat))) / pi) / 2 * tiles), floor((lon + 180) / 360 * tiles)


@lru_cache(maxsize=4096)
def area_covered(tile: Tile) -> bytes:
    """What a tile and its margin cover: WKB, EPSG:25832; of a small one, the box about it."""
    if tile.zoom >= STRAIGHT_FROM:
        about: bytes = to_wkb(box(*box_about(tile)))
        return about
    area = foreign_area(tile.edges(MARGIN / 4096), WEB_MERCATOR_SRID)
    return to_wkb(to_town(box(*WINDOW))) if area is None else area.wkb


def box_about(tile: Tile) -> Box:
    """What a small tile and its margin lie within: west, south, east, north, EPSG:25832."""
    _, town = _lattice(tile)
    # Between two points of the lattice an edge bends by some centimetres.
    (west, south), (east, north) = (town.min(axis=0) - 1).tolist(), (town.max(axis=0) + 1).tolist()
    return west, south, east, north


@lru_cache(maxsize=4096)
def straight_way(tile: Tile) -> tuple[float, ...]:
    """The best affine way from EPSG:25832 to EPSG:3857 within a tile: x = xx X + xy Y + x0, then y the same.

    Off by at most a third of a 4096th of the side at zoom 14, twice that with each zoom less.
    """
    ours, town = _lattice(tile)
    middle = town.mean(axis=0)
    around = np.column_stack((town - middle, np.ones(len(town))))
    found = np.linalg.solve(around.T @ around, around.T @ ours)
    slopes, shifts = found[:2].T, found[2] - found[:2].T @ middle
    return tuple(float(value) for row, shift in zip(slopes, shifts, strict=True) for value in (*row, shift))


@lru_cache(maxsize=64)
def _lattice(tile: Tile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points all over a small tile and its margin: EPSG:3857, and the same in EPSG:25832; 25 × 2 each."""
    west, south, east, north = tile.edges(MARGIN / 4096)
    x, y = np.meshgrid(np.linspace(west, east, 5), np.linspace(south, north, 5))
    ours = np.column_stack((x.ravel(), y.ravel()))
    return ours, reproject_points(ours, WEB_MERCATOR_SRID, TOWN_SRID)


def limits_document(zooms: range) -> list[dict[str, Any]]:
    """`tileMatrixSetLimits` of a tile set."""
    names = ("minTileRow", "maxTileRow", "minTileCol", "maxTileCol")
    return [{"tileMatrix": str(zoom), **dict(zip(names, limits_at(zoom), strict=True))} for zoom in zooms]


@cache
def grid_document() -> dict[str, Any]:
    """The tile matrix set in JSON, without links."""
    cells = [2 * _HALF_M / 256 / 2**zoom for zoom in range(MATRICES)]
    return {
        "id": GRID,
        "title": "Google Maps Compatible for the World",
        "uri": GRID_URI,
        "crs": WEB_MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible",
        "tileMatrices": [
            {
                "id": str(zoom),
                "scaleDenominator": cell_m / _PIXEL_M,
                "cellSize": cell_m,
                "cornerOfOrigin": "topLeft",
                "pointOfOrigin": [-_HALF_M, _HALF_M],
                "tileWidth": 256,
                "tileHeight": 256,
                "matrixWidth": 2**zoom,
                "matrixHeight": 2**zoom,
            }
            for zoom, cell_m in enumerate(cells)
        ],
    }
