"""One round trip for a page: stored features leave the database as bytes, Python never parses a geometry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import numpy as np
import orjson
import psycopg
from psycopg import abc, sql
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from geo_service.errors import Unavailable
from geo_service.ogc.collection import EPSG_25832, FRAGMENTS, Collection
from geo_service.ogc.faults import malformed
from geo_service.ogc.ordering import Value, behind, order_text
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.pieces import bare, expression

# Beyond this many the number of matches is not counted out: 0.6 ms instead of 35 ms.
COUNT_CAP = 10_000
# Which index is right depends on the values: planning costs half a millisecond, the wrong one 0.4 s.
PLANNED_ANEW = frozenset({"page_beyond_cap"})
_BY_INDEX_ALONE = frozenset({"page_in_area", "hits_in_area"})  # they need no more of a row than its index has

Pool = AsyncConnectionPool[psycopg.AsyncConnection]
Source = Pool | psycopg.AsyncConnection


# Text as the database sends it, UTF-8: the features of a page go out again as they are.
AsBytes = cast(
    type[abc.Loader], psycopg.adapters.get_loader(psycopg.adapters.types["bytea"].oid, Format.BINARY)
)
# A list of bigint without nulls: 20 bytes about the list, then each number with its length.
_NUMBERS = psycopg.adapters.types["int8"].array_oid
_HEAD_BYTES = 20
_NUMBER = np.dtype([("length", ">i4"), ("number", ">i8")])


class AsNumbers(Loader):
    """A list of bigint as an array: of ten thousand of them a page takes one."""

    format = Format.BINARY

    def load(self, data: abc.Buffer) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """The numbers of one list; empty as well as not."""
        return np.frombuffer(data, _NUMBER, offset=min(_HEAD_BYTES, len(data)))["number"].astype(np.int64)


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """features: GeoJSON, UTF-8; an entry may hold several, with commas. matched: None beyond COUNT_CAP.

    state: of the collection, as the same statement saw it. last_values: what the last feature is ordered by.
    """

    features: Sequence[bytes]
    returned: int
    matched: int | None
    last_gid: int | None
    more: bool
    state: int
    last_values: tuple[Value, ...] = ()

    def loaded(self) -> list[dict[str, Any]]:
        """The features as objects."""
        features: list[dict[str, Any]] = orjson.loads(b"".join((b"[", b",".join(self.features), b"]")))
        return features


@cache
def statement(name: str, collection: Collection, crs: str, conditions: tuple[str, ...]) -> str:
    """A statement of collections.sql for one collection; identifiers come from the list of collections."""
    if conditions == ("condition_box",) and collection.bounds_indexed and name in _BY_INDEX_ALONE:
        conditions = ("condition_box_indexed",)
    where = " AND ".join(bare("collections", condition) for condition in conditions) or "true"
    return filled("collections", name, collection, crs, {"conditions": where})


def filled(subject: str, name: str, collection: Collection, crs: str, slots: Mapping[str, str]) -> str:
    """A statement of sql/<subject>.sql with its {slots} filled, and the identifiers of a collection."""
    names = {
        "table": sql.Identifier(collection.table),
        "geometry": sql.Identifier(collection.geometry),
        "period": sql.Identifier(collection.period or "period"),
        "fragment": sql.Identifier(FRAGMENTS.get(crs, FRAGMENTS[EPSG_25832])),
        "key": sql.Identifier(collection.key),
        "credit": sql.Identifier(collection.credit or "source"),
        "edition": sql.Identifier(collection.edition) if collection.edition else sql.NULL,
    }
    text = bare(subject, name)
    where = "itself" if name in PLANNED_ANEW else "asked"
    own = {each: bare("collections", f"{each}_{where}") for each in ("area", "core")}
    for slot, part in {"state": bare("collections", "state"), **slots, **own}.items():
        text = text.replace(f"{{{slot}}}", part)
    return sql.SQL(text).format(**names).as_string(None)


def wanted_statement(
    name: str, collection: Collection, query: ItemsQuery, *, subject: str = "collections"
) -> tuple[str, dict[str, Any]]:
    """A statement of collections.sql for a query with a filter, a search or an order, and its values.

    subject: the file of sql/ where the statement stands.
    """
    parts = [bare("collections", condition) for condition in conditions_of(collection, query)]
    values = bound_values(collection, query)
    for condition in query.wanted:
        parts.append(condition.text)
        values |= condition.values
    listed = ", ".join(expression(key.by) for key in query.order)
    slots = {"conditions": " AND ".join(parts) or "true", "behind": "true"}
    slots |= {"sorting": order_text(query.order), "sorted_values": listed}
    if not query.order or query.last_values is not None:
        condition = behind(query.order, query.last_values or ())
        slots["behind"] = condition.text
        values |= condition.values
    return filled(subject, name, collection, query.crs, slots), values


def conditions_of(collection: Collection, query: ItemsQuery) -> tuple[str, ...]:
    """Names of the conditions a query needs."""
    found = ["condition_published"] if collection.has_published_column else []
    if query.area is not None:
        found.append("condition_box_or_none" if collection.geometry_may_be_null else "condition_box")
    if query.during is not None and collection.period is not None:
        found.append("condition_during")
    return tuple(found)


def most_at_once(query: ItemsQuery) -> int:
    """How many rows of an area are read to cut a page out of; where there are as many, there may be more.

    A page more than are counted: to ask once more for an area that has a few more takes four times as long.
    """
    return COUNT_CAP + query.limit + 1


def bound_values(collection: Collection, query: ItemsQuery) -> dict[str, Any]:
    """Values of all parameters that a query can need."""
    values: dict[str, Any] = {
        "collection": collection.id,
        "after": query.after,
        "rows": query.limit + 1,
        "shown": query.limit,
        "skipped": query.offset,
        "cap": COUNT_CAP,
        "most": most_at_once(query),
        "during": query.during,
    }
    if query.area is None:
        values |= dict.fromkeys(("area", "west", "south", "east", "north"))
    else:
        west, south, east, north = query.area.core
        values |= {"area": query.area.wkb, "west": west, "south": south, "east": east, "north": north}
    return values


async def count_hits(pool: Pool, collection: Collection, query: ItemsQuery) -> Page:
    """A page without features, but with the exact number of those that match, however many."""
    name = "hits" if query.area is None else "hits_in_area"
    if query.wanted:
        text, values = wanted_statement(name, collection, query)
        row = await read_wanted(pool, text, values)
    else:
        text = statement(name, collection, query.crs, conditions_of(collection, query))
        (row,) = await read_rows(pool, text, bound_values(collection, query))
    return Page(
        features=(), returned=0, matched=row["matched"], last_gid=None, more=False, state=row["state"] or 0
    )


async def read_wanted(
    source: Source, text: str, values: Mapping[str, Any], *, anew: bool = False
) -> dict[str, Any]:
    """The one row of a statement with a filter. Raises Malformed when it cannot be evaluated, Unavailable."""
    try:
        (row,) = await read_rows(source, text, values, text_loader=AsBytes, anew=anew)
    except (psycopg.DataError, psycopg.InternalError):
        # Division by zero, a number out of range, a geometry GEOS gives up on: the filter's, not ours.
        raise malformed("filter", "The filter cannot be evaluated with these values.") from None
    return row


async def read_rows(
    source: Source,
    text: str,
    values: Mapping[str, Any],
    *,
    text_loader: type[abc.Loader] | None = None,
    anew: bool = False,
) -> list[dict[str, Any]]:
    """Rows of one prepared statement, binary. Raises Unavailable when no answer comes in time.

    anew: the plan is made anew for these values.
    """
    return await _read(source, text, values, text_loader, dict_row, anew)


async def read_tuples(source: Source, text: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The same as tuples, texts as bytes: for a thousand rows at a time."""
    return await _read(source, text, values, AsBytes, tuple_row)


async def _read(
    source: Source,
    text: str,
    values: Mapping[str, Any],
    text_loader: type[abc.Loader] | None,
    factory: Any,
    anew: bool = False,
) -> list[Any]:
    try:
        if not isinstance(source, AsyncConnectionPool):
            return await _execute(source, text, values, text_loader, factory, anew)
        try:
            async with source.connection(timeout=5) as connection:
                return await _execute(connection, text, values, text_loader, factory, anew)
        except PoolTimeout:
            raise
        except psycopg.OperationalError as error:
            if isinstance(error, psycopg.errors.QueryCanceled):
                raise
            # The database restarted since this connection was used; the others are as dead as this one.
            await source.check()
            async with source.connection(timeout=5) as connection:
                return await _execute(connection, text, values, text_loader, factory, anew)
    except psycopg.OperationalError as error:
        raise Unavailable(headers={"Retry-After": "5"}) from error


async def _execute(
    connection: psycopg.AsyncConnection,
    text: str,
    values: Mapping[str, Any],
    text_loader: type[abc.Loader] | None,
    factory: Any,
    anew: bool,
) -> list[Any]:
    cursor = connection.cursor(binary=True, row_factory=factory)
    if factory is dict_row:  # only the one row of a page has lists
        cursor.adapters.register_loader(_NUMBERS, AsNumbers)
    if text_loader is not None:
        cursor.adapters.register_loader("text", text_loader)
    if not anew:
        await cursor.execute(text, values, prepare=True)
        return await cursor.fetchall()
    async with connection.transaction():
        # Two cores have other requests to answer; to start a helping process takes longer than the page.
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        await connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        await cursor.execute(text, values, prepare=False)
        return await cursor.fetchall()


@asynccontextmanager
async def one_moment(pool: Pool) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection whose statements all see the database as of one moment."""
    async with pool.connection(timeout=5) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        try:
            async with connection.transaction():
                yield connection
        finally:
            await connection.set_isolation_level(None)
