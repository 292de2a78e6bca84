"""Where the features of a collection lie, kept in memory: the database is not asked which a page has.

It only says whether that still holds, and which of the few at the edge of an area meet it. What is kept are
numbers, hashes and bounds, 32 bytes a feature; of collections whose features all have a place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from prometheus_client import Gauge
from starlette.requests import Request

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.memory.beside import Beside
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.place import SearchArea
from geo_service.ogc.reading import Pool, conditions_of, read_rows, statement

PLACES = Gauge("geo_service_places_in_memory", "Features whose places are held", ["collection"])

MOST_ROWS = 500_000  # of a collection: 16 MB in each process; beyond it the database is asked
_AT_ONCE = 300  # blocks; to look through more of them takes milliseconds, and others get their turn
_BLOCK = 64  # features that lie together in the order of gid are looked at together first
_ROW = np.dtype([("gid", ">i8"), ("content", ">i8"), ("box", ">f8", 4)])  # int8send, int8send, box_send
_OUTWARD = np.array((-np.inf, -np.inf, np.inf, np.inf), np.float32)
_FAR = 1e30  # metres; single precision ends a little later

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """What may meet an area, in the order of gid: three lists as long. sure: it does for certain.

    state: of the collection as it was read.
    """

    state: int
    gids: Numbers
    contents: Numbers
    sure: NDArray[np.bool_]

    @property
    def unsure(self) -> Numbers:
        """The gids that have to be looked at."""
        return self.gids[~self.sure]


@dataclass(frozen=True, slots=True)
class Places:
    """The features of a collection as of one state. bounds: rows west, south, east, north, EPSG:25832.

    blocks: the bounds of _BLOCK features together. Bounds are in single precision, as the database made them,
    and never smaller than the feature.
    """

    state: int
    gids: Numbers
    contents: Numbers
    bounds: NDArray[np.float32]
    blocks: NDArray[np.float32]

    async def find(self, area: SearchArea) -> Candidates:
        """What may meet an area.

        A feature touches every side of its bounds: if a whole side lies in the core, it is met for certain.
        So it is if the bounds reach over no more than one edge of the core, as in condition_box_indexed.
        """
        blocks = np.flatnonzero(_meeting(self.blocks, _outward(area.bounds)))
        if len(blocks) > _AT_ONCE:
            return await asyncio.to_thread(self._within, area, blocks)
        return self._within(area, blocks)

    def _within(self, area: SearchArea, blocks: Numbers) -> Candidates:
        rows = (blocks[:, None] * _BLOCK + np.arange(_BLOCK)).ravel()
        if len(rows) and rows[-1] >= len(self.gids):
            rows = rows[: np.searchsorted(rows, len(self.gids))]  # the last block is a part of one
        near = self.bounds[:, rows]
        there = np.flatnonzero(_meeting(near, _outward(area.bounds)))
        rows, near = rows[there], near[:, there]
        west, south, east, north = near
        left, low, right, high = core = _inward(area.core)
        over = (west < left).view(np.int8) + (south < low) + (east > right) + (north > high)
        sure = (over <= 1) & _meeting(near, core)
        return Candidates(self.state, self.gids[rows], self.contents[rows], sure)


def places_of(state: int, packed: bytes) -> Places:
    """The rows of one reading, put in order; they come in none. packed: see _ROW."""
    rows = np.frombuffer(packed, _ROW)
    order = np.argsort(rows["gid"])
    gids, contents = (rows[name][order].astype(np.int64) for name in ("gid", "content"))
    # box_send: the upper corner first. Single precision is what the database made them of.
    bounds = np.ascontiguousarray(rows["box"][order].astype(np.float32)[:, [2, 3, 0, 1]].T)
    starts = np.arange(0, len(gids), _BLOCK)
    blocks = np.concatenate(
        [np.minimum.reduceat(bounds[:2], starts, axis=1), np.maximum.reduceat(bounds[2:], starts, axis=1)]
    ) if len(gids) else bounds  # fmt: skip
    return Places(state, gids, contents, bounds, blocks)


def _meeting(bounds: NDArray[np.float32], box: Iterable[Any]) -> NDArray[np.bool_]:
    west, south, east, north = box
    across = (bounds[0] <= east) & (bounds[2] >= west)
    meets: NDArray[np.bool_] = across & (bounds[1] <= north) & (bounds[3] >= south)
    return meets


def _outward(box: Sequence[float]) -> NDArray[np.float32]:
    """A box in single precision, not smaller."""
    return np.nextafter(np.clip(box, -_FAR, _FAR).astype(np.float32), _OUTWARD)


def _inward(box: Sequence[float]) -> NDArray[np.float32]:
    """A box in single precision, not larger."""
    return np.nextafter(np.clip(box, -_FAR, _FAR).astype(np.float32), -_OUTWARD)


@dataclass
class KeptPlaces:
    """The places of the collections that were asked about, read beside what is asked."""

    pool: Pool
    beside: Beside = field(default_factory=Beside)
    _places: dict[str, Places | None] = field(default_factory=dict)  # None: too many

    def get(self, collection: Collection, query: ItemsQuery) -> Places | None:
        """Places that can answer a query, if they still hold. None where they cannot, or are not here yet."""
        if query.area is None or query.wanted or query.order:
            return None
        return None if "condition_during" in conditions_of(collection, query) else self.of(collection)

    def of(self, collection: Collection) -> Places | None:
        """The places of a collection, if they still hold. None where there are none, or not yet."""
        if not collection.bounds_indexed:
            return None
        if collection.id not in self._places:
            self.beside.start(collection.id, lambda: self._read(collection))
        return self._places.get(collection.id)

    def forget(self, collection: Collection, state: int) -> None:
        """The places of that state hold no longer; newer ones, read meanwhile, stay."""
        places = self._places.get(collection.id)
        if places is not None and places.state == state:
            del self._places[collection.id]
            PLACES.labels(collection.id).set(0)
            self.of(collection)

    async def _read(self, collection: Collection) -> None:
        text = statement("places", collection, CRS84, conditions_of(collection, ItemsQuery()))
        (row,) = await read_rows(self.pool, text, {"collection": collection.id, "most": MOST_ROWS + 1})
        if row["rows"] > MOST_ROWS:
            self._places[collection.id] = None
            return
        places = await asyncio.to_thread(places_of, row["state"] or 0, row["packed"] or b"")
        self._places[collection.id] = places
        PLACES.labels(collection.id).set(len(places.gids))


def kept_places_of(request: Request) -> KeptPlaces:
    """The places this process keeps."""
    kept: KeptPlaces = request.app.state.kept_places
    return kept
