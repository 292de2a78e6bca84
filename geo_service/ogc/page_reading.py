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
from geo_service.ogc.kept_features import KeptFeatures, Key, kept_features_of
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
        features = await self._features(source, collection, query, place.keys)
        if features is None:
            return None
        return Page(
            features=features,
            returned=len(features),
            matched=row["matched"] if row["matched"] <= COUNT_CAP else None,
            last_gid=place.keys[-1][0] if place.keys else None,
            more=place.more,
            state=row["state"] or 0,
        )

    async def _features(
        self, source: Source, collection: Collection, query: ItemsQuery, keys: Sequence[Key]
    ) -> Sequence[bytes] | None:
        """None if one of them is gone or says something else now."""
        kind = (collection.id, FRAGMENTS.get(query.crs, FRAGMENTS[EPSG_25832]))
        found = self.kept.find(kind, keys)
        if not all(found):
            places = [place for place, feature in enumerate(found) if feature is None]
            missing = [keys[place] for place in places]
            text = statement("features", collection, query.crs, ())
            shares = _shared_out(source, missing)
            parts = await asyncio.gather(
                *(read_tuples(source, text, {"gids": _literal(gids)}) for gids in shares)
            )
            read = {row[:2]: row[2] for row in chain.from_iterable(parts)}
            self.kept.keep(kind, read)
            features = list(map(read.get, missing))
            if not all(features):
                return None
            for place, feature in zip(places, features, strict=True):
                found[place] = feature
        return found  # type: ignore[return-value]  # none is missing any more


@dataclass(frozen=True, slots=True)
class _Place:
    """keys: of the features of a page, in the order of gid. more: whether another page follows."""

    keys: Sequence[Key]
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
        return _Place((), False)
    gids, contents = (row[name][: query.limit].tolist() for name in ("gids", "contents"))
    return _Place(list(zip(gids, contents, strict=True)), len(row["gids"]) > query.limit)


def _shared_out(source: Source, missing: Sequence[Key]) -> Sequence[Sequence[int]]:
    """The gids to read: many of them over two connections at once, where there are several."""
    gids = [gid for gid, _ in missing]
    if len(gids) < _WORTH_TWO or not isinstance(source, AsyncConnectionPool):
        return (gids,)
    return gids[: len(gids) // 2], gids[len(gids) // 2 :]


def _literal(gids: Sequence[int]) -> str:
    """An array: to send a list number by number takes longer than to find one."""
    return "{" + ",".join(map(str, gids)) + "}"


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
