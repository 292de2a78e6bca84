"""`/map/streets/{z}/{x}/{y}.json`: the base map is our own streets, as small drawn tiles."""

from __future__ import annotations

import re
from functools import cache

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from geo_service.errors import NotFound
from geo_service.ogc.answers import OPEN_ACCESS
from geo_service.ogc.reading import read_rows
from geo_service.ogc.ready import Made, Start, question_of, ready_answer
from geo_service.ogc.tiles.reading import CLIENT_GONE, Gone, while_client_stays
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

    async def make() -> Made:
        values = {"z": z, "x": x, "y": y, "kinds": kinds_at(z)}
        work = read_rows(request.app.state.pool, _statement(), values)
        (row,) = await while_client_stays(request, work)
        headers = {"Content-Type": "application/json"}
        return Made(state=(row["state"] or 0,), start=Start(row["tile"].encode()), headers=headers)

    question = question_of(request, f"/map/streets/{z}/{x}/{y}", "streets", "")
    try:
        return await ready_answer(request, question, ("road_segments",), make)
    except Gone:
        return Response(status_code=CLIENT_GONE, headers=OPEN_ACCESS)


routes = [
    Route(
        "/map/streets/{z:int}/{x:int}/{y:int}.json", street_tile, methods=["GET", "HEAD"], name="street_tile"
    )
]
