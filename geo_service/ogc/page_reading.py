"""One page: which features it has with which content, and of those what is not known yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
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
    one_moment,
    read_rows,
    read_tuples,
    read_wanted,
    statement,
    wanted_statement,
)


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
            return _page(row, [row["features"]] if row["features"] else [])
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
        else:
            row = await _places(source, "page_in_area", collection, query)
            if row["matched"] > COUNT_CAP:
                counted, row = row, await _places(source, "page_beyond_cap", collection, query)
                if row["state"] != counted["state"]:
                    return None
        features = await self._features(source, collection, query, row)
        return None if features is None else _page(row, features)

    async def _features(
        self, source: Source, collection: Collection, query: ItemsQuery, row: Mapping[str, Any]
    ) -> Sequence[bytes] | None:
        """None if one of them is gone or says something else now."""
        if not row["returned"]:
            return ()
        kind = (collection.id, FRAGMENTS.get(query.crs, FRAGMENTS[EPSG_25832]))
        gids: list[int] = row["gids"]
        keys = list(zip(gids, row["contents"], strict=True))
        found = self.kept.find(kind, keys)
        if not all(found):
            missing = {key: place for place, key in enumerate(keys) if found[place] is None}
            text = statement("features", collection, query.crs, ())
            rows = await read_tuples(source, text, {"gids": [gid for gid, _ in missing]})
            read = {(gid, content): feature for gid, content, feature in rows if (gid, content) in missing}
            if len(read) < len(missing):
                return None
            self.kept.keep(kind, read)
            for key, feature in read.items():
                found[missing[key]] = feature
        return found  # type: ignore[return-value]  # none is missing any more


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


def _page(row: Mapping[str, Any], features: Sequence[bytes]) -> Page:
    return Page(
        features=features,
        returned=row["returned"],
        matched=row["matched"] if row["matched"] <= COUNT_CAP else None,
        last_gid=row["last_gid"],
        more=row["more"],
        state=row["state"] or 0,
        last_values=as_cursor_values(orjson.loads(row.get("last_values") or b"[]")),
    )
