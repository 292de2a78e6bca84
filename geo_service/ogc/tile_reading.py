"""Tiles out of the database: one statement for each layer, given up when the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import cache
from typing import Any, TypeVar

from psycopg import sql
from starlette.requests import Request

from geo_service.ogc.collection import CRS84, Collection
from geo_service.ogc.pieces import bare, expression
from geo_service.ogc.properties import QUERYABLES, Property
from geo_service.ogc.reading import Pool, filled, read_rows
from geo_service.ogc.tile_grid import MARGIN, Tile, area_covered, straight_way

T = TypeVar("T")

CLIENT_GONE = 499  # a status that nobody reads; the log shows it
_LEFT_OUT = ("length_m", "area_m2", "carriageway_width_m", "width_source")
MOST_FEATURES = 40_000  # of a layer in one tile
_ALL_ROADS_FROM = 11  # zoom
_AS_THEY_ARE_FROM = 13  # zoom: a cell is some 12 m, and the projection is straight to a third of a unit


class Gone(Exception):
    """The client has closed the connection."""


async def read_layer(pool: Pool, one: Collection, tile: Tile, during: str | None) -> tuple[bytes, int]:
    """A collection in a tile, empty where it has nothing, and its state. during: literal of a tstzrange."""
    values = {
        "layer": one.id, "collection": one.id, "z": tile.zoom, "row": tile.row, "col": tile.col,
        "most": MOST_FEATURES, "area": area_covered(tile), "margin": MARGIN, "cell_m": tile.cell_m,
        "during": during,
    }  # fmt: skip
    if tile.zoom >= _AS_THEY_ARE_FROM:
        values |= dict(zip(("xx", "xy", "x_shift", "yx", "yy", "y_shift"), straight_way(tile), strict=True))
    text = _statement(one, tile.zoom, during is not None)
    (row,) = await read_rows(pool, text, values)
    return bytes(row["tile"]), row["state"] or 0


@cache
def _statement(one: Collection, zoom: int, dated: bool) -> str:
    conditions = ["condition_published"] if one.has_published_column else []
    if dated and one.period is not None:
        conditions.append("condition_during")
    texts = [bare("collections", name) for name in conditions]
    if one.id == "road_segments" and zoom < _ALL_ROADS_FROM:
        texts.append(bare("tiles", "condition_major"))
    shape = "shape_near" if zoom >= _AS_THEY_ARE_FROM else "shape_far"
    columns = [
        sql.SQL("{} AS {}").format(sql.SQL(_in_a_tile(each)), sql.Identifier(each.name))
        for each in drawn_properties(one)
    ]
    slots = {
        "conditions": " AND ".join(texts) or "true",
        "shape": bare("tiles", shape),
        "properties": sql.SQL(", ").join(columns).as_string(None),
    }
    return filled("tiles", "layer", one, CRS84, slots)


def drawn_properties(one: Collection) -> tuple[Property, ...]:
    """What a feature of a tile says: its id and what a table of the collection shows.

    Values that differ from feature to feature are most of a tile's bytes and half its time, so there are few.
    """
    return tuple(QUERYABLES[one.id][name] for name in ("id", *one.columns) if name not in _LEFT_OUT)


def _in_a_tile(one: Property) -> str:
    """A value of a kind that tiles know."""
    if one.kind in ("date", "instant"):
        return f"({expression(one)})::text"
    return f"array_to_string({expression(one)}, ',')" if one.kind == "list" else expression(one)


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
