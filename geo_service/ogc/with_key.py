"""Who asks with a key of a town, and what the database shows to it, in a transaction that says whose it is.

Nothing that is read here is kept: no answer, no feature, no extent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psycopg
from starlette.requests import Request

from geo_service.errors import NotSignedIn, Unavailable
from geo_service.identity.caller import Caller
from geo_service.identity.sign_in import sent_key, unknown_key
from geo_service.ogc.pieces import bare
from geo_service.ogc.reading import one_moment, read_rows


async def identify_holder(request: Request) -> Caller | None:
    """The holder of the key that was sent, if it is a town's; None without a key and for a key of no town.

    Where there is one, the answer is for this key alone from here on.
    Raises NotSignedIn for a key that is not in force, Unavailable.
    """
    authorization = request.headers.get("authorization")
    if not authorization:
        return None
    asked = {"hash": sent_key(authorization)}
    rows = await read_rows(request.app.state.pool, bare("identity", "identify_key"), asked)
    if not rows:
        raise unknown_key()
    row = rows[0]
    holder = Caller(role=row["role"], town=row["town"], name=row["name"], key_id=str(row["key_id"]))
    if holder.town is None or not (holder.at_desk or holder.role == "reader"):
        return None
    request.state.key_id = holder.key_id
    return holder


async def find_holder(request: Request) -> Caller | None:
    """The same where a key is not needed: with one that is not in force the public answer is given."""
    try:
        return await identify_holder(request)
    except NotSignedIn:
        return None


@asynccontextmanager
async def reading_with_key(request: Request, holder: Caller) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection whose statements see what the key may see, as of one moment. Raises Unavailable."""
    speaks = {"actor": holder.role, "town": holder.town}
    try:
        async with one_moment(request.app.state.pool) as connection:
            await read_rows(connection, bare("pending", "read_with_key"), speaks)
            yield connection
    except psycopg.OperationalError as error:
        raise Unavailable(headers={"Retry-After": "5"}) from error
