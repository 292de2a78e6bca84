"""Tiles out of the database: one statement for each layer, given up when the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from starlette.requests import Request

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.memory.kept_places import kept_places_of
from geo_service.ogc.memory.packed_lines import kept_lines_of
from geo_service.ogc.pieces import bare
from geo_service.ogc.place import SearchArea
from geo_service.ogc.reading import filled, read_rows
from geo_service.ogc.states import states_of
from geo_service.ogc.tiles.grid import MARGIN, STRAIGHT_FROM, Tile, area_covered, box_about, straight_way
from geo_service.ogc.tiles.properties import drawn_columns

T = TypeVar("T")

CLIENT_GONE = 499  # a status that nobody reads; the log shows it
MOST_FEATURES = 40_000  # of a layer in one tile
_AT_ONCE = 3_000  # features in memory; a tile with more of them lets others have their turn
_ALL_ROADS_FROM = 11  # zoom


class Gone(Exception):
    """The client has closed the connection."""


async def read_layer(request: Request, one: Collection, tile: Tile, during: str | None) -> tuple[bytes, int]:
    """A collection in a tile, empty where it has nothing, and its state. during: literal of a tstzrange."""
    if tile.zoom >= STRAIGHT_FROM and (during is None or one.period is None):
        made = await _from_memory(request, one, tile)
        if made is not None:
            return made
    values = {
        "layer": one.id, "collection": one.id, "z": tile.zoom, "row": tile.row, "col": tile.col,
        "most": MOST_FEATURES, "area": area_covered(tile), "margin": MARGIN, "cell_m": tile.cell_m,
        "during": during,
    }  # fmt: skip
    if tile.zoom >= STRAIGHT_FROM:
        values |= dict(zip(("xx", "xy", "x_shift", "yx", "yy", "y_shift"), straight_way(tile), strict=True))
    text = _statement(one, tile.zoom, during is not None)
    (row,) = await read_rows(request.app.state.pool, text, values)
    return bytes(row["tile"]), row["state"] or 0


async def _from_memory(request: Request, one: Collection, tile: Tile) -> tuple[bytes, int] | None:
    """The same of lines that are in memory; None where they are not, or were changed."""
    kept_lines, kept_places = kept_lines_of(request), kept_places_of(request)
    lines, places = kept_lines.get(one), kept_places.of(one)
    if lines is None or places is None:
        return None
    about = box_about(tile)
    found = await places.find(SearchArea(b"", about, about))
    if len(found.gids) > MOST_FEATURES:
        return None
    asking = asyncio.ensure_future(states_of(request).begin(one.id))
    await asyncio.sleep(0)  # the question is on its way while the tile is written
    try:
        if len(found.gids) > _AT_ONCE:
            layer = await asyncio.to_thread(lines.layer, one.id, tile, found)
        else:
            layer = lines.layer(one.id, tile, found)
        (state,) = await asking
    finally:
        asking.cancel()
    if state != places.state:
        kept_places.forget(one, places.state)
        return None
    if layer is None:
        kept_lines.renew(one)
        return None
    return layer, state


@cache
def _statement(one: Collection, zoom: int, dated: bool) -> str:
    conditions = ["condition_published"] if one.has_published_column else []
    if dated and one.period is not None:
        conditions.append("condition_during")
    texts = [bare("collections", name) for name in conditions]
    if one.id == "road_segments" and zoom < _ALL_ROADS_FROM:
        texts.append(bare("tiles", "condition_major"))
    shape = "shape_near" if zoom >= STRAIGHT_FROM else "shape_far"
    slots = {
        "conditions": " AND ".join(texts) or "true",
        "shape": bare("tiles", shape),
        "properties": drawn_columns(one),
    }
    return filled("tiles", "layer", one, CRS84, slots)


async def while_client_stays(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """What the work gives. Raises Gone, its statement cancelled, when the client leaves first."""
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_gone(request))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Gone
        return working.result()
    finally:
        # psycopg cancels the statement on the server when its task is cancelled.
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
