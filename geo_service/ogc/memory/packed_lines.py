"""All lines of a collection in memory, with what a tile says of them: its layer is written from arrays.

The database takes seven milliseconds for a tile that nobody asked before, shape by shape and text by text.
Lines are found by gid and hash of the content, as features are; with one that was changed, the database is
asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from prometheus_client import Gauge
from starlette.requests import Request

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.memory.beside import Beside
from geo_service.ogc.memory.kept_places import Candidates
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.pieces import bare
from geo_service.ogc.reading import Pool, conditions_of, filled, read_tuples
from geo_service.ogc.tiles.grid import MARGIN, Tile, straight_way
from geo_service.ogc.tiles.line_layer import (
    EXTENT,
    Lines,
    Numbers,
    Told,
    Units,
    spans,
    write_layer,
    written_value,
)
from geo_service.ogc.tiles.properties import drawn_columns, drawn_properties

LINES = Gauge("geo_service_lines_in_memory", "Lines held for tiles", ["collection"])

MOST_ROWS = 500_000  # of a collection, in each process
MOST_POINTS = 10_000_000  # of all lines
_ROWS = 2_000  # read at once
_MIDDLE = (500_000, 5_700_000)  # EPSG:25832; whole millimetres from here fit 32 bits


@dataclass(frozen=True, slots=True)
class PackedLines:
    """Lines in the order of gid. x, y: of all points, millimetres. ends: of each line among the points."""

    gids: Numbers
    contents: Numbers
    x: Units
    y: Units
    ends: Numbers
    told: Sequence[Told]

    def layer(self, name: str, tile: Tile, found: Candidates) -> bytes | None:
        """What was found near a tile as its layer; None if something of it is not here, or was changed."""
        rows = np.searchsorted(self.gids, found.gids)
        if len(rows) and rows[-1] >= len(self.gids):
            return None
        if (self.gids[rows] != found.gids).any() or (self.contents[rows] != found.contents).any():
            return None
        ends = self.ends[rows]
        lengths = ends - np.where(rows > 0, self.ends[rows - 1], 0)
        points = spans(ends - lengths, lengths)
        x, y = self.x[points], self.y[points]
        (xx, xy, x_shift), (yx, yy, y_shift) = _into(tile)
        lines = Lines(x * xx + y * xy + x_shift, x * yx + y * yy + y_shift, lengths)
        told = [Told(each.key, each.codes[rows], each.values) for each in self.told]
        return write_layer(name, found.gids, lines, told, MARGIN)


def _into(tile: Tile) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The way from millimetres to units of a tile: for x, and for y counted from the north."""
    xx, xy, x_shift, yx, yy, y_shift = straight_way(tile)
    west, _, _, north = tile.edges()
    (x, y), unit = _MIDDLE, tile.side_m / EXTENT
    mm = 1000 * unit
    return (
        (xx / mm, xy / mm, (xx * x + xy * y + x_shift - west) / unit),
        (-yx / mm, -yy / mm, (north - yx * x - yy * y - y_shift) / unit),
    )


@dataclass
class _Packing:
    """Rows as they are read."""

    keys: Sequence[str]
    gids: list[int] = field(default_factory=list)
    contents: list[int] = field(default_factory=list)
    points: list[NDArray[np.int32]] = field(default_factory=list)
    lengths: list[NDArray[np.int64]] = field(default_factory=list)
    taken: int = 0
    codes: list[list[int]] = field(init=False)
    known: list[dict[bytes | None, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.codes = [[] for _ in self.keys]
        self.known = [{} for _ in self.keys]

    def add(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Rows that follow: gid, hash, WKB, texts."""
        gids, contents, shapes, *texts = zip(*rows, strict=True)
        self.gids += gids
        self.contents += contents
        lines = shapely.from_wkb(shapes)
        away = (shapely.get_coordinates(lines) - np.array(_MIDDLE)) * 1000
        self.points.append(np.rint(away).astype(np.int32))
        self.taken += len(away)
        self.lengths.append(shapely.get_num_coordinates(lines).astype(np.int64))
        for codes, known, column in zip(self.codes, self.known, texts, strict=True):
            codes += [known.setdefault(text, len(known)) for text in column]

    def done(self) -> PackedLines:
        """All of them."""
        points = np.concatenate(self.points) if self.points else np.zeros((0, 2), np.int32)
        lengths = np.concatenate(self.lengths) if self.lengths else np.zeros(0, np.int64)
        told = []
        for key, codes, known in zip(self.keys, self.codes, self.known, strict=True):
            coded = np.array(codes, np.int64)
            if None in known:
                coded[coded == known[None]] = -1
            values = [b"" if text is None else written_value(text) for text in known]
            told.append(Told(key, coded, values))
        numbers = np.array(self.gids, np.int64), np.array(self.contents, np.int64)
        x, y = np.ascontiguousarray(points.T)
        return PackedLines(*numbers, x, y, np.cumsum(lengths), told)


@dataclass
class KeptLines:
    """The collections of lines whose tiles were asked for, read beside what is asked."""

    pool: Pool
    beside: Beside = field(default_factory=Beside)
    _lines: dict[str, PackedLines | None] = field(default_factory=dict)  # None: too many

    def get(self, collection: Collection) -> PackedLines | None:
        """None where there are none, too many of them, or not yet here."""
        if collection.geometry_schema != "lineString" or not collection.bounds_indexed:
            return None
        if any(each.kind != "text" for each in drawn_properties(collection)):
            return None
        if collection.id not in self._lines:
            self.renew(collection)
        return self._lines.get(collection.id)

    def renew(self, collection: Collection) -> None:
        """Have the lines read anew."""
        self.beside.start(collection.id, lambda: self._read(collection))

    async def _read(self, collection: Collection) -> None:
        text = _statement(collection)
        packing = _Packing([each.name for each in drawn_properties(collection)])
        after = 0
        while rows := await read_tuples(self.pool, text, {"after": after, "rows": _ROWS}):
            await asyncio.to_thread(packing.add, rows)
            after = rows[-1][0]
            if len(packing.gids) > MOST_ROWS or packing.taken > MOST_POINTS:
                self._lines[collection.id] = None
                LINES.labels(collection.id).set(0)
                return
        self._lines[collection.id] = await asyncio.to_thread(packing.done)
        LINES.labels(collection.id).set(len(packing.gids))


def _statement(collection: Collection) -> str:
    conditions = [bare("collections", name) for name in conditions_of(collection, ItemsQuery())]
    slots: Mapping[str, str] = {
        "conditions": " AND ".join(conditions) or "true",
        "properties": drawn_columns(collection),
    }
    return filled("tiles", "lines_in_order", collection, CRS84, slots)


def kept_lines_of(request: Request) -> KeptLines:
    """The lines this process keeps."""
    kept: KeptLines = request.app.state.kept_lines
    return kept
