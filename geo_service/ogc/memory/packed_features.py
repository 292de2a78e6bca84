"""All stored features of a collection, compressed in memory.

Features of one collection say the same words again and again: sixteen neighbours together take a twelfth of
their length, and to unpack a page of a thousand takes a millisecond where the database takes five to send it.
What is here is found by gid and hash of the content, so it is right whatever was changed meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import zstandard
from numpy.typing import NDArray
from prometheus_client import Gauge
from starlette.requests import Request

from geo_service.ogc.collection import Collection
from geo_service.ogc.memory.beside import Beside
from geo_service.ogc.memory.kept_features import Kind
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.reading import Pool, conditions_of, read_tuples, statement

MOST_BYTES = 64 * 2**20  # of a collection in one system, in each process; what is larger is not kept
BLOCK = 16  # features compressed together: twice as many take a fifth less and are unpacked for nothing
_ROWS = 64 * BLOCK  # read at once
_AT_ONCE = 2_000  # features; to unpack more of them takes milliseconds, and others get their turn
_CHANGED = 20  # read anew when more than this part of all was asked for and said something else

FEATURES = Gauge(
    "geo_service_features_in_memory", "Stored features held compressed", ["collection", "fragment"]
)
BYTES = Gauge("geo_service_features_in_memory_bytes", "Memory they take", ["collection", "fragment"])

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Packed:
    """Features in the order of gid. ends: bytes, of each within its block."""

    gids: Numbers
    contents: Numbers
    ends: NDArray[np.int32]
    blocks: Sequence[bytes]

    def find(self, gids: Sequence[int], contents: Sequence[int]) -> list[bytes | None]:
        """Each feature if it is here with that content. gids: in their order."""
        found: list[bytes | None] = [None] * len(gids)
        if not len(self.gids) or not len(gids):
            return found
        wanted = np.asarray(gids)
        rows = np.minimum(np.searchsorted(self.gids, wanted), len(self.gids) - 1)
        here = (self.gids[rows] == wanted) & (self.contents[rows] == np.asarray(contents))
        places = np.flatnonzero(here)
        rows = rows[places]
        starts = np.where(rows % BLOCK, self.ends[rows - 1], 0)
        unpack = zstandard.ZstdDecompressor().decompress  # one for each thread
        unpacked, block = b"", -1
        for at, of, start, end in zip(
            places.tolist(), (rows // BLOCK).tolist(), starts.tolist(), self.ends[rows].tolist(), strict=True
        ):
            if of != block:
                unpacked, block = unpack(self.blocks[of]), of
            found[at] = unpacked[start:end]
        return found


@dataclass
class Packing:
    """Rows as they are read, packed."""

    gids: list[int] = field(default_factory=list)
    contents: list[int] = field(default_factory=list)
    ends: list[NDArray[np.int32]] = field(default_factory=list)
    blocks: list[bytes] = field(default_factory=list)
    taken_bytes: int = 0

    def add(self, rows: Sequence[tuple[int, int, bytes]]) -> None:
        """Rows that follow in the order of gid; all but the last ones fill their blocks."""
        gids, contents, features = zip(*rows, strict=True)
        self.gids += gids
        self.contents += contents
        pack = zstandard.ZstdCompressor(level=1).compress
        new = [pack(b"".join(features[at : at + BLOCK])) for at in range(0, len(rows), BLOCK)]
        lengths = np.zeros(len(new) * BLOCK, np.int32)
        lengths[: len(rows)] = list(map(len, features))
        self.ends.append(np.cumsum(lengths.reshape(-1, BLOCK), axis=1, dtype=np.int32).ravel()[: len(rows)])
        self.blocks += new
        self.taken_bytes += sum(map(len, new)) + 20 * len(rows)

    def done(self) -> Packed:
        """All of them."""
        ends = np.concatenate(self.ends) if self.ends else np.zeros(0, np.int32)
        return Packed(np.array(self.gids, np.int64), np.array(self.contents, np.int64), ends, self.blocks)


@dataclass
class PackedFeatures:
    """The collections whose pages were asked for, read beside what is asked."""

    pool: Pool
    beside: Beside = field(default_factory=Beside)
    _packed: dict[Kind, Packed] = field(default_factory=dict)
    _missed: dict[Kind, int] = field(default_factory=dict)
    _too_large: set[Kind] = field(default_factory=set)

    async def find(
        self, collection: Collection, crs: str, kind: Kind, gids: Sequence[int], contents: Sequence[int]
    ) -> list[bytes | None] | None:
        """Each feature if it is here with that content; None where nothing of the collection is here.

        gids: in their order. contents: hashes, as long.
        """
        if not collection.bounds_indexed or kind in self._too_large:
            return None
        packed = self._packed.get(kind)
        if packed is None:
            self.beside.start(kind, lambda: self._read(collection, crs, kind))
            return None
        if len(gids) > _AT_ONCE:
            found = await asyncio.to_thread(packed.find, gids, contents)
        else:
            found = packed.find(gids, contents)
        self._missed[kind] += found.count(None)
        if self._missed[kind] * _CHANGED > len(packed.gids):
            self.beside.start(kind, lambda: self._read(collection, crs, kind))
        return found

    async def _read(self, collection: Collection, crs: str, kind: Kind) -> None:
        text = statement("features_in_order", collection, crs, conditions_of(collection, ItemsQuery()))
        packing, after = Packing(), 0
        while rows := await read_tuples(self.pool, text, {"after": after, "rows": _ROWS}):
            await asyncio.to_thread(packing.add, rows)
            after = rows[-1][0]
            if packing.taken_bytes > MOST_BYTES:
                self._packed.pop(kind, None)
                self._too_large.add(kind)
                FEATURES.labels(*kind).set(0)
                BYTES.labels(*kind).set(0)
                return
            if len(rows) < _ROWS:
                break
        self._packed[kind] = packing.done()
        self._missed[kind] = 0
        FEATURES.labels(*kind).set(len(packing.gids))
        BYTES.labels(*kind).set(packing.taken_bytes)


def packed_features_of(request: Request) -> PackedFeatures:
    """The features this process has packed."""
    packed: PackedFeatures = request.app.state.packed_features
    return packed
