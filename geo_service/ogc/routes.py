"""The addresses below `/ogc`: plain Starlette, because parameter injection costs 0.3 ms a request."""

from __future__ import annotations

from starlette.routing import Route

from geo_service.ogc.answers import Endpoint, published
from geo_service.ogc.documents import collection, collections, conformance, landing
from geo_service.ogc.export import export
from geo_service.ogc.items import item, items
from geo_service.ogc.openapi import api
from geo_service.ogc.pending import (
    or_pending,
    pending_collection,
    pending_item,
    pending_items,
    pending_queryables,
    pending_schema,
    pending_sortables,
)
from geo_service.ogc.schemas import queryables, schema, sortables
from geo_service.ogc.tiles.routes import collection_tile, dataset_tile
from geo_service.ogc.tiles.sets import tile_matrix_set, tile_matrix_sets, tile_set, tile_sets
from geo_service.ogc.transactions import ON_ITEM_TOO, ON_ITEMS_TOO, refused


def _read(path: str, endpoint: Endpoint) -> Route:
    return Route(path, published(endpoint), methods=["GET", "HEAD", "OPTIONS"], name=f"ogc_{path}")


_WRITES = [*ON_ITEMS_TOO, *ON_ITEM_TOO]
_TILE = "/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}"
_TILE_SET = "/tiles/{tileMatrixSet}"

routes = [
    _read("/ogc/collections/{collection}/items", or_pending(items, pending_items)),
    _read("/ogc/collections/{collection}/items/{feature_id:path}", or_pending(item, pending_item)),
    _read("/ogc", landing),
    _read("/ogc/", landing),
    _read("/ogc/conformance", conformance),
    _read("/ogc/api", api),
    _read("/ogc/collections", collections),
    _read("/ogc/collections/{collection}/export", export),
    _read("/ogc/collections/{collection}/queryables", or_pending(queryables, pending_queryables)),
    _read("/ogc/collections/{collection}/sortables", or_pending(sortables, pending_sortables)),
    _read("/ogc/collections/{collection}/schema", or_pending(schema, pending_schema)),
    _read("/ogc/collections/{collection}" + _TILE, collection_tile),
    _read("/ogc/collections/{collection}" + _TILE_SET, tile_set),
    _read("/ogc/collections/{collection}/tiles", tile_sets),
    _read("/ogc/collections/{collection}", or_pending(collection, pending_collection)),
    _read("/ogc" + _TILE, dataset_tile),
    _read("/ogc" + _TILE_SET, tile_set),
    _read("/ogc/tiles", tile_sets),
    _read("/ogc/tileMatrixSets", tile_matrix_sets),
    _read("/ogc/tileMatrixSets/{tileMatrixSet}", tile_matrix_set),
]

# Behind the writes of web/ogc_writes.py: for every other collection there are none.
write_refusals = [
    Route("/ogc/collections/{collection}/items", refused, methods=_WRITES),
    Route("/ogc/collections/{collection}/items/{feature_id:path}", refused, methods=_WRITES),
]
