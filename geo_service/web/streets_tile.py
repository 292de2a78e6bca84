"""`/map/streets/{z}/{x}/{y}.json`: the base map is our own streets, as small drawn tiles."""

from __future__ import annotations

import re
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geo_service.errors import NotFound
from geo_service.ogc.answers import bytes_answer, fingerprint
from geo_service.sql.loader import statements

_BOUND = re.compile(r"(?<!:):([a-z]+)")
LEAST_ZOOM, GREATEST_ZOOM = 8, 20


@cache
def _statement() -> str:
    return _BOUND.sub(r"%(\1)s", statements("streets")["street_tile"])


def kinds_at(zoom: int) -> list[str]:
    """The kinds of street that are legible at a zoom."""
    kinds = ["federal", "state"]
    if zoom >= 11:
        kinds += ["district"]
    if zoom >= 12:
        kinds += ["street", "pedestrian"]
    if zoom >= 15:
        kinds += ["service"]
    if zoom >= 16:
        kinds += ["path"]
    return kinds


async def street_tile(request: Request) -> Response:
    """One tile as a JSON array; NotFound outside the tile scheme."""
    z, x, y = (request.path_params[name] for name in "zxy")
    if not (LEAST_ZOOM <= z <= GREATEST_ZOOM and 0 <= x < 2**z and 0 <= y < 2**z):
        raise NotFound("There is no such tile.")
    async with request.app.state.pool.connection() as connection:
        cursor = await connection.execute(_statement(), {"z": z, "x": x, "y": y, "kinds": kinds_at(z)})
        row = await cursor.fetchone()
    body = row[0].encode()
    return await bytes_answer(request, body, "application/json", version=fingerprint(body), headers={})


routes = [
    Route(
        "/map/streets/{z:int}/{x:int}/{y:int}.json", street_tile, methods=["GET", "HEAD"], name="street_tile"
    )
]
