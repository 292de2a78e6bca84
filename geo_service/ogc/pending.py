"""The collection `pending`: undecided requests of a town, for its keys; for everybody else it is not there.

Documents, pages and encodings are made as those of the published collections are, but read under the key's
row-level security, answered for this key alone and never kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
import psycopg
from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.answers import Endpoint, bytes_answer, fingerprint
from geo_service.ogc.collection import PENDING, unknown_collection
from geo_service.ogc.documents import collection_answer
from geo_service.ogc.extents import read_extent
from geo_service.ogc.items import Wish, item_answer, items_page, make_page, read_wish
from geo_service.ogc.ordering import as_cursor_values
from geo_service.ogc.parameters import ItemsQuery
from geo_service.ogc.reading import COUNT_CAP, Page, read_wanted, wanted_statement
from geo_service.ogc.schemas import schema_answer
from geo_service.ogc.with_key import identify_holder, reading_with_key

WithKey = Callable[[Request, psycopg.AsyncConnection], Awaitable[Response]]


def or_pending(public: Endpoint, with_key: WithKey) -> Endpoint:
    """An endpoint below `/ogc/collections/{collection}` that has an answer for `pending` too.

    Without a key, or with one of no town, `pending` is as unknown as any other name.
    """

    async def answer(request: Request) -> Response:
        if request.path_params["collection"] != PENDING.id:
            return await public(request)
        holder = await identify_holder(request)
        if holder is None:
            raise unknown_collection(PENDING.id)
        async with reading_with_key(request, holder) as connection:
            return await with_key(request, connection)

    return answer


async def pending_collection(request: Request, connection: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending`."""
    return await collection_answer(request, PENDING, await read_extent(connection, PENDING))


async def pending_queryables(request: Request, _: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending/queryables`."""
    return await schema_answer(request, PENDING, "queryables")


async def pending_sortables(request: Request, _: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending/sortables`."""
    return await schema_answer(request, PENDING, "sortables")


async def pending_schema(request: Request, _: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending/schema`."""
    return await schema_answer(request, PENDING, "schema")


async def pending_items(request: Request, connection: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending/items`; resultType=hits counts only, HEAD is as GET."""
    wish = read_wish(request, PENDING)
    page = await _read_page(connection, wish)
    if wish.shown == "html":
        return await items_page(request, wish, page)
    made = await make_page(page, wish)
    headers = dict(made.headers)
    asked = (wish.address, wish.shown, wish.language, headers["OGC-NumberReturned"])
    start = made.start.whole()
    version = fingerprint(*(part.encode() for part in asked), start)
    media_type = headers.pop("Content-Type")
    return await bytes_answer(request, start + made.end(), media_type, version=version, headers=headers)


async def pending_item(request: Request, connection: psycopg.AsyncConnection) -> Response:
    """`/ogc/collections/pending/items/{feature_id}`."""
    return await item_answer(request, PENDING, connection)


async def _read_page(connection: psycopg.AsyncConnection, wish: Wish) -> Page:
    """One page, or only the exact number where nothing else is asked for."""
    query = wish.source_query
    if query.hits_only:
        text, values = wanted_statement("hits", PENDING, query, subject="pending")
        row = await read_wanted(connection, text, values)
        return Page(features=(), returned=0, matched=row["matched"], last_gid=None, more=False, state=0)
    return await read_pending_page(connection, query)


async def read_pending_page(connection: psycopg.AsyncConnection, query: ItemsQuery) -> Page:
    """A page in the order that was asked for, else in the order of gid. Raises Malformed, Unavailable."""
    text, values = wanted_statement("page", PENDING, query, subject="pending")
    row = await read_wanted(connection, text, values)
    return Page(
        features=(row["features"],) if row["features"] else (),
        returned=row["returned"],
        matched=row["matched"] if row["matched"] <= COUNT_CAP else None,
        last_gid=row["last_gid"],
        more=row["more"],
        state=0,
        last_values=as_cursor_values(orjson.loads(row["last_values"] or b"[]")),
    )
