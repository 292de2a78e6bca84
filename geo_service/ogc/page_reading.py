"""One page: which features it has with which content, and of those what is not known yet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
import orjson
from psycopg_pool import AsyncConnectionPool
from starlette.requests import Request

from geo_service.ogc.collection import EPSG_25832, FRAGMENTS, Collection
from geo_service.ogc.kept_features import KeptFeatures, kept_features_of
from geo_service.ogc.ordering import as_cursor_values
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.reading import (
    COUNT_CAP,
    PLANNED_ANEW,
    Page,
    Pool,
    Source,
    bound_values,
    conditions_of,
    most_at_once,
    one_moment,
    read_rows,
    read_tuples,
    read_wanted,
    statement,
    wanted_statement,
)

_WORTH_TWO = 500  # features to read


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads pages of one database, and keeps their features."""

    pool: Pool
    kept: KeptFeatures

    async def read(self, collection: Collection, query: ItemsQuery) -> Page:
        """One page, in the order of gid if no other is asked for.

        Raises Unavailable when the database takes too long, Malformed when it cannot evaluate the filter.
        """
        if query.order:
            text, values = wanted_statement("page_sorted", collection, query)
            row = await read_wanted(self.pool, text, values)
            return _sorted_page(row)
        page = await self._page(self.pool, collection, query)
        if page is None:
            # A row was changed between two statements: all again, as of one moment.
            async with one_moment(self.pool) as connection:
                page = await self._page(connection, collection, query)
            assert page is not None  # of one moment nothing can be gone
        return page

    async def _page(self, source: Source, collection: Collection, query: ItemsQuery) -> Page | None:
        """None where something was changed between the statements."""
        if query.area is None and not query.wanted:
            row = await _places(source, "page_in_order", collection, query)
            place = _cut(row, query)
        else:
            row = await _places(source, "page_in_area", collection, query)
            if row["matched"] < most_at_once(query):
                place = _cut(_behind(row, query), query)
            else:
                counted, row = row, await _places(source, "page_beyond_cap", collection, query)
                if row["state"] != counted["state"]:
                    return None
                place = _cut(row, query)
        features = await self._features(source, collection, query, place)
        if features is None:
            return None
        return Page(
            features=features,
            returned=len(features),
            matched=row["matched"] if row["matched"] <= COUNT_CAP else None,
            last_gid=place.gids[-1] if place.gids else None,
            more=place.more,
            state=row["state"] or 0,
        )

    async def _features(
        self, source: Source, collection: Collection, query: ItemsQuery, place: _Place
    ) -> Sequence[bytes] | None:
        """None if one of them is gone or says something else now."""
        kind = (collection.id, FRAGMENTS.get(query.crs, FRAGMENTS[EPSG_25832]))
        found = self.kept.find(kind, place.gids, place.contents)
        if all(found):
            return found  # type: ignore[return-value]  # none is missing
        missing = [at for at, feature in enumerate(found) if feature is None]
        wanted = [place.gids[at] for at in missing]
        text = statement("features", collection, query.crs, ())
        shares = _shared_out(source, wanted)
        reading = (read_tuples(source, text, _runs(gids)) for gids in shares)
        rows = list(chain.from_iterable(await asyncio.gather(*reading)))
        read = Read(*([row[column] for row in rows] for column in range(3)))
        self.kept.keep(kind, read.gids, read.contents, read.features)
        features = read.as_wanted(wanted, [place.contents[at] for at in missing])
        if features is None or len(missing) == len(found):
            return features
        for at, feature in zip(missing, features, strict=True):
            found[at] = feature
        return found  # type: ignore[return-value]  # none is missing any more


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


@dataclass(frozen=True, slots=True)
class _Place:
    """The features of a page in the order of gid, with hashes of their texts. more: another page follows."""

    gids: Sequence[int]
    contents: Sequence[int]
    more: bool


def _behind(row: Mapping[str, Any], query: ItemsQuery) -> dict[str, Any]:
    """Rows in no order: put in that of gid, without those of the pages before."""
    if row["gids"] is None:
        return dict(row)
    gids, contents = row["gids"], row["contents"]
    order = np.argsort(gids)
    order = order[np.searchsorted(gids, query.after, side="right", sorter=order) + query.offset :]
    return {**row, "gids": gids[order], "contents": contents[order]}


def _cut(row: Mapping[str, Any], query: ItemsQuery) -> _Place:
    """The rows of a page, of which at least one more was read where there is one."""
    if row["gids"] is None:
        return _Place((), (), False)
    gids, contents = (row[name][: query.limit].tolist() for name in ("gids", "contents"))
    return _Place(gids, contents, len(row["gids"]) > query.limit)


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
    return {"firsts": _literal(firsts.tolist()), "lasts": _literal(lasts.tolist())}


def _literal(numbers: Sequence[int]) -> str:
    """An array: to send a list number by number takes longer than to find one."""
    return "{" + ",".join(map(str, numbers)) + "}"


async def _places(source: Source, name: str, collection: Collection, query: ItemsQuery) -> dict[str, Any]:
    anew = name in PLANNED_ANEW
    if query.wanted:
        text, values = wanted_statement(name, collection, query)
        return await read_wanted(source, text, values, anew=anew)
    text = statement(name, collection, query.crs, conditions_of(collection, query))
    (row,) = await read_rows(source, text, bound_values(collection, query), anew=anew)
    return row


def page_reader_of(request: Request) -> PageReader:
    """The reader of this process."""
    return PageReader(request.app.state.pool, kept_features_of(request))


def _sorted_page(row: Mapping[str, Any]) -> Page:
    return Page(
        features=[row["features"]] if row["features"] else [],
        returned=row["returned"],
        matched=row["matched"] if row["matched"] <= COUNT_CAP else None,
        last_gid=row["last_gid"],
        more=row["more"],
        state=row["state"] or 0,
        last_values=as_cursor_values(orjson.loads(row["last_values"] or b"[]")),
    )
