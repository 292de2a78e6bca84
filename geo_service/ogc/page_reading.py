"""One page: which features it has with which content, and of those what is not known yet.

Where the places of a collection are kept in memory, the database only says that they still hold.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray
from starlette.requests import Request

from geo_service.ogc.collection import Collection
from geo_service.ogc.feature_reading import FeatureReader, Place, feature_reader_of, literal
from geo_service.ogc.memory.kept_places import Candidates, KeptPlaces, kept_places_of
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
    count_hits,
    most_at_once,
    one_moment,
    read_rows,
    read_wanted,
    statement,
    wanted_statement,
)

_MOST_UNSURE = 500  # features at the edge of an area; to look at more takes as long as to ask for all


@dataclass(frozen=True, slots=True)
class PageReader:
    """Reads pages of one database, and keeps their features."""

    pool: Pool
    features: FeatureReader
    places: KeptPlaces

    async def count(self, collection: Collection, query: ItemsQuery) -> Page:
        """A page without features, but with the exact number of those that match, however many."""
        found = await self._candidates(collection, query)
        if found is not None:
            met = await self._met(collection, query, found)
            if met is not None:
                matched = int(np.count_nonzero(met))
                return Page(
                    features=(), returned=0, matched=matched, last_gid=None, more=False, state=found.state
                )
        return await count_hits(self.pool, collection, query)

    async def read(self, collection: Collection, query: ItemsQuery) -> Page:
        """One page, in the order of gid if no other is asked for.

        Raises Unavailable when the database takes too long, Malformed when it cannot evaluate the filter.
        """
        if query.order:
            text, values = wanted_statement("page_sorted", collection, query)
            row = await read_wanted(self.pool, text, values)
            return _sorted_page(row)
        page = await self._page_of_places(collection, query)
        if page is None:
            page = await self._page(self.pool, collection, query)
        if page is None:
            # A row was changed between two statements: all again, as of one moment.
            async with one_moment(self.pool) as connection:
                page = await self._page(connection, collection, query)
            assert page is not None  # of one moment nothing can be gone
        return page

    async def _candidates(self, collection: Collection, query: ItemsQuery) -> Candidates | None:
        """What is kept about the area of a query; None where the database has to be asked for all of it."""
        places = self.places.get(collection, query)
        if places is None or query.area is None:
            return None
        found = await places.find(query.area)
        return found if len(found.unsure) <= _MOST_UNSURE else None

    async def _page_of_places(self, collection: Collection, query: ItemsQuery) -> Page | None:
        """A page of what is kept; None where something was changed since it was read."""
        found = await self._candidates(collection, query)
        if found is None:
            return None
        # The features are read while the edge is looked at: at most so many more as may not meet the area.
        after, few = int(np.searchsorted(found.gids, query.after, side="right")), len(found.unsure)
        first = after + query.offset
        last = first + query.limit + few
        read = Place(found.gids[first:last].tolist(), found.contents[first:last].tolist())
        met, features = await asyncio.gather(
            self._met(collection, query, found),
            self.features.read(self.pool, collection, query.crs, read),
        )
        if met is None or features is None:
            return None
        behind = after + np.flatnonzero(met[after:])[query.offset :]
        shown = (behind[: query.limit] - first).tolist()
        matched = int(np.count_nonzero(met))
        return Page(
            features=[features[at] for at in shown],
            returned=len(shown),
            matched=matched if matched <= COUNT_CAP else None,
            last_gid=read.gids[shown[-1]] if shown else None,
            more=len(behind) > query.limit,
            state=found.state,
        )

    async def _met(
        self, collection: Collection, query: ItemsQuery, found: Candidates
    ) -> NDArray[np.bool_] | None:
        """Which of the candidates meet the area; None if they were changed since they were read."""
        assert query.area is not None
        values = {
            "unsure": literal(found.unsure.tolist()), "area": query.area.wkb, "collection": collection.id,
        }  # fmt: skip
        (row,) = await read_rows(self.pool, statement("places_now", collection, query.crs, ()), values)
        if (row["state"] or 0) != found.state:
            self.places.forget(collection, found.state)
            return None
        met = found.sure.copy()
        if row["met"] is not None:
            met[np.searchsorted(found.gids, row["met"])] = True
        return met

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
        features = await self.features.read(source, collection, query.crs, place)
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


def _behind(row: Mapping[str, Any], query: ItemsQuery) -> dict[str, Any]:
    """Rows in no order: put in that of gid, without those of the pages before."""
    if row["gids"] is None:
        return dict(row)
    gids, contents = row["gids"], row["contents"]
    order = np.argsort(gids)
    order = order[np.searchsorted(gids, query.after, side="right", sorter=order) + query.offset :]
    return {**row, "gids": gids[order], "contents": contents[order]}


def _cut(row: Mapping[str, Any], query: ItemsQuery) -> Place:
    """The rows of a page, of which at least one more was read where there is one."""
    if row["gids"] is None:
        return Place((), (), False)
    gids, contents = (row[name][: query.limit].tolist() for name in ("gids", "contents"))
    return Place(gids, contents, len(row["gids"]) > query.limit)


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
    return PageReader(request.app.state.pool, feature_reader_of(request), kept_places_of(request))


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
