"""The part of the OpenAPI document about tiles; operations are named as OGC 20-057, 10.2 wants them."""

from __future__ import annotations

from typing import Any

from geo_service.ogc.addresses import JSON, MVT
from geo_service.ogc.openapi_parts import get_operation, query_parameter, reference
from geo_service.ogc.parameters import ON_EVERY_PAGE
from geo_service.ogc.tiles.grid import GREATEST_ZOOM, GRID
from geo_service.ogc.tiles.sets import OF_TILE_SET, TILE_SET_TYPES

Part = dict[str, Any]

_TILE = f"/tiles/{GRID}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
_OBJECT: Part = {"schema": {"type": "object"}}
_TEXT: Part = {"schema": {"type": "string"}}
_BYTES: Part = {"schema": {"type": "string", "format": "binary"}}
_LIST = {"description": "Tile sets", "content": {JSON: _OBJECT, "text/html": _TEXT}}
_SET = {
    "description": "Tile set",
    "content": {
        media_type: _TEXT if name == "html" else _OBJECT for name, media_type in TILE_SET_TYPES.items()
    },
}


def _in_path(name: str, description: str, largest: int) -> Part:
    return {
        "name": name, "in": "path", "required": True, "description": description,
        "schema": {"type": "integer", "minimum": 0, "maximum": largest},
    }  # fmt: skip


TILE_PARAMETERS: dict[str, Part] = {
    "f-tile": query_parameter("f", "Encoding.", {"type": "string", "enum": ["mvt"], "default": "mvt"}),
    "f-tileset": query_parameter(
        "f", "Encoding; beats the Accept header.", {"type": "string", "enum": list(OF_TILE_SET)}
    ),
    "collections": query_parameter(
        "collections",
        "Layers of the tile; all collections without it.",
        {"type": "array", "minItems": 1, "items": {"type": "string"}},
    ),
    "tileMatrix": _in_path("tileMatrix", "Zoom.", GREATEST_ZOOM),
    "tileRow": _in_path("tileRow", "Row, counted from the north.", 2**GREATEST_ZOOM - 1),
    "tileCol": _in_path("tileCol", "Column, counted from the west.", 2**GREATEST_ZOOM - 1),
}


def tile_paths() -> dict[str, Part]:
    """Tiles of everything, and the tile matrix set."""
    grids = {"description": "Tile matrix sets", "content": {JSON: _OBJECT, "text/html": _TEXT}}
    return {
        **_paths("", "dataset.vector", "All collections", None, ("collections",)),
        "/tileMatrixSets": get_operation("getTileMatrixSetsList", "Tile matrix sets", grids, ON_EVERY_PAGE),
        f"/tileMatrixSets/{GRID}": get_operation("getTileMatrixSet", GRID, grids, ON_EVERY_PAGE),
    }


def tile_paths_of(collection: str, title: str) -> dict[str, Part]:
    """Tiles of one collection."""
    return _paths(f"/collections/{collection}", f"{collection}.collection.vector", title, collection, ())


def _paths(begin: str, name: str, title: str, tag: str | None, more: tuple[str, ...]) -> dict[str, Part]:
    wishes = ("tileMatrix", "tileRow", "tileCol", "f-tile", "datetime", *more)
    tile = get_operation(
        f"{name}.getTile", title, {"description": "Mapbox vector tile", "content": {MVT: _BYTES}}, wishes, tag
    )
    tile["get"]["responses"] |= {
        "204": {"description": "Nothing is there"},
        "404": reference("responses", "Problem"),
    }
    return {
        f"{begin}/tiles": get_operation(f"{name}.getTileSetsList", title, _LIST, ON_EVERY_PAGE, tag),
        f"{begin}/tiles/{GRID}": get_operation(f"{name}.getTileSet", title, _SET, ("f-tileset", "lang"), tag),
        f"{begin}{_TILE}": tile,
    }
