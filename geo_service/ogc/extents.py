"""Where and when a collection has data; asked of the data, kept for half a minute."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from math import ceil, floor

from starlette.requests import Request

from geo_service.crs import PLAUSIBLE_LONLAT
from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.reading import Pool, Source, conditions_of, read_rows, statement

# A million rows take some 0.2 s; the landing pages are read far more often than the outline moves.
KEPT_FOR_S = 30.0


@dataclass(frozen=True, slots=True)
class Extent:
    """lonlat: west, south, east, north. first, last: RFC 3339 or None where open. credits: whom to name."""

    lonlat: tuple[float, float, float, float]
    first: str | None
    last: str | None
    credits: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """The extent as both /collections and /collections/{id} show it.

        What has no time has no temporal extent: one that is open at both ends says nothing.
        """
        found: dict[str, object] = {"spatial": {"bbox": [list(self.lonlat)], "crs": CRS84}}
        if self.first is not None or self.last is not None:
            found["temporal"] = {
                "interval": [[self.first, self.last]],
                "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
            }
        return found


@dataclass
class Extents:
    """The extents of one database, each asked for at most every KEPT_FOR_S, by one request at a time."""

    pool: Pool
    _kept: dict[str, tuple[float, Extent]] = field(default_factory=dict)
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, collection: Collection) -> Extent:
        """The extent of a collection; the plausible area when it is empty."""
        async with self._one_at_a_time:
            kept = self._kept.get(collection.id)
            if kept is None or time.monotonic() - kept[0] > KEPT_FOR_S:
                kept = (time.monotonic(), await read_extent(self.pool, collection))
                self._kept[collection.id] = kept
            return kept[1]


async def read_extent(source: Source, collection: Collection) -> Extent:
    """The extent as whoever reads sees it now; the plausible area when there is nothing."""
    conditions = conditions_of(collection, ItemsQuery())
    (box,) = await read_rows(source, statement("extent", collection, CRS84, conditions), {})
    corners = (box["west"], box["south"], box["east"], box["north"])
    first, last = None, None
    if collection.period is not None:
        (span,) = await read_rows(source, statement("time_extent", collection, CRS84, conditions), {})
        first, last = span["first"], span["last"]
    rows = []
    if collection.credit is not None:
        rows = list(await read_rows(source, statement("credits", collection, CRS84, ()), {}))
    lonlat = PLAUSIBLE_LONLAT if corners[0] is None else _outward(*corners)
    return Extent(lonlat, first, last, tuple(row["credit"] for row in rows))


def _outward(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    """The box to seven decimals, as the features are written, never smaller."""
    return floor(west * 1e7) / 1e7, floor(south * 1e7) / 1e7, ceil(east * 1e7) / 1e7, ceil(north * 1e7) / 1e7


def extents_of(request: Request) -> Extents:
    """The extents of this process."""
    state = request.app.state
    if not hasattr(state, "extents"):
        state.extents = Extents(state.pool)
    kept: Extents = state.extents
    return kept
