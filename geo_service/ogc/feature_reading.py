"""Stored features of rows: those that are known out of memory, the others out of the database."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from geo_service.ogc.collection import EPSG_25832, FRAGMENTS, Collection
from geo_service.ogc.memory.kept_features import KeptFeatures, Kind, kept_features_of
from geo_service.ogc.memory.packed_features import PackedFeatures, packed_features_of
from geo_service.ogc.reading import Pool, Source, read_tuples, statement

_WORTH_TWO = 500  # features to read


@dataclass(frozen=True, slots=True)
class Place:
    """The features of a page in the order of gid, with hashes of their texts. more: another page follows."""

    gids: Sequence[int]
    contents: Sequence[int]
    more: bool = False


@dataclass(frozen=True, slots=True)
class FeatureReader:
    """Reads features of one database, and keeps them."""

    pool: Pool
    kept: KeptFeatures
    packed: PackedFeatures

    async def read(
        self, source: Source, collection: Collection, crs: str, place: Place
    ) -> Sequence[bytes] | None:
        """None if one of them is gone or says something else now."""
        kind = (collection.id, FRAGMENTS.get(crs, FRAGMENTS[EPSG_25832]))
        found = await self._in_memory(collection, crs, kind, place)
        missing = [] if all(found) else [at for at, feature in enumerate(found) if feature is None]
        if not missing:
            return found  # type: ignore[return-value]  # none is missing
        wanted = [place.gids[at] for at in missing]
        text = statement("features", collection, crs, ())
        reading = (read_tuples(source, text, _runs(gids)) for gids in _shared_out(source, wanted))
        rows = list(chain.from_iterable(await asyncio.gather(*reading)))
        read = Read(*([row[column] for row in rows] for column in range(3)))
        # The process has time for that while the page is on its way.
        asyncio.get_running_loop().call_soon(self.kept.keep, kind, read.gids, read.contents, read.features)
        features = read.as_wanted(wanted, [place.contents[at] for at in missing])
        if features is None or len(missing) == len(found):
            return features
        for at, feature in zip(missing, features, strict=True):
            found[at] = feature
        return found  # type: ignore[return-value]  # none is missing any more

    async def _in_memory(
        self, collection: Collection, crs: str, kind: Kind, place: Place
    ) -> list[bytes | None]:
        found = await self.packed.find(collection, crs, kind, place.gids, place.contents)
        if found is None:
            return self.kept.find(kind, place.gids, place.contents)
        if not all(found):  # changed since the collection was read
            missing = [at for at, feature in enumerate(found) if feature is None]
            kept = self.kept.find(
                kind, [place.gids[at] for at in missing], [place.contents[at] for at in missing]
            )
            for at, feature in zip(missing, kept, strict=True):
                found[at] = feature
        return found


@dataclass(frozen=True, slots=True)
class Read:
    """Stored features as they came, by column: to take a thousand rows apart one by one takes half a ms."""

    gids: list[int]
    contents: list[int]
    features: list[bytes]

    def as_wanted(self, gids: list[int], contents: list[int]) -> list[bytes] | None:
        """The features in the order of `gids`; None if one of them is not there or has another content."""
        if self.gids == gids:  # as the index gives them
            return self.features if self.contents == contents else None
        place = {gid: at for at, gid in enumerate(self.gids)}
        found = [place.get(gid) for gid in gids]
        if any(
            at is None or self.contents[at] != content for at, content in zip(found, contents, strict=True)
        ):
            return None
        return [self.features[at] for at in found if at is not None]


def _shared_out(source: Source, gids: Sequence[int]) -> Sequence[Sequence[int]]:
    """The gids to read: many of them over two connections at once, where there are several."""
    if len(gids) < _WORTH_TWO or not isinstance(source, AsyncConnectionPool):
        return (gids,)
    return gids[: len(gids) // 2], gids[len(gids) // 2 :]


def _runs(gids: Sequence[int]) -> dict[str, str]:
    """First and last number of each run without a gap."""
    numbers = np.sort(gids)
    ends = np.flatnonzero(np.diff(numbers) > 1)
    firsts, lasts = numbers[[0, *(ends + 1)]], numbers[[*ends, -1]]
    return {"firsts": literal(firsts.tolist()), "lasts": literal(lasts.tolist())}


def literal(numbers: Sequence[int]) -> str:
    """An array: to send a list number by number takes longer than to find one."""
    return "{" + ",".join(map(str, numbers)) + "}"


def feature_reader_of(request: Request) -> FeatureReader:
    """The reader of this process."""
    return FeatureReader(request.app.state.pool, kept_features_of(request), packed_features_of(request))
