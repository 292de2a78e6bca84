"""Vector tiles of one collection, or of several as layers of one tile (OGC API – Tiles, 20-057)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.addresses import MVT
from geo_service.ogc.answers import OPEN_ACCESS
from geo_service.ogc.collection import COLLECTIONS, Collection, get_collection
from geo_service.ogc.faults import malformed
from geo_service.ogc.moment import read_datetime
from geo_service.ogc.parameters import find_format, read_parameters
from geo_service.ogc.ready import Made, Start, question_of, ready_answer
from geo_service.ogc.tiles.grid import Tile, read_tile
from geo_service.ogc.tiles.reading import CLIENT_GONE, Gone, read_layer, while_client_stays

ON_TILE = ("f", "datetime")
ON_DATASET_TILE = (*ON_TILE, "collections")


async def collection_tile(request: Request) -> Response:
    """`/ogc/collections/{collection}/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}`."""
    one = get_collection(request.path_params["collection"])
    return await _tile(request, read_parameters(request, ON_TILE), (one,))


async def dataset_tile(request: Request) -> Response:
    """`/ogc/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}`: a layer for each collection."""
    given = read_parameters(request, ON_DATASET_TILE)
    return await _tile(request, given, _wanted(given.get("collections")))


def _wanted(names: str | None) -> tuple[Collection, ...]:
    """The collections asked for, each once, in the order of the list of collections. Raises Malformed."""
    if names is None:
        return tuple(COLLECTIONS.values())
    wanted = {name.strip() for name in names.split(",")}
    for name in wanted - set(COLLECTIONS):
        raise malformed("collections", f"There is no collection named {name[:60]!r}.")
    return tuple(one for name, one in COLLECTIONS.items() if name in wanted)


async def _tile(request: Request, given: dict[str, str], layers: tuple[Collection, ...]) -> Response:
    place = [request.path_params[name] for name in ("tileMatrix", "tileRow", "tileCol")]
    tile = read_tile(*place)
    find_format(request, given, ("mvt",))
    during = read_datetime(given["datetime"]) if "datetime" in given else None
    names = tuple(one.id for one in layers)

    async def make() -> Made:
        state, parts = await while_client_stays(request, _layers(request, layers, tile, during))
        return Made(state=state, start=Start(b"".join(parts)), headers={"Content-Type": MVT})

    # A tile has no links, so it is the same under every name of the service.
    asked = "/".join((*names, *place, given.get("datetime", "")))
    try:
        return await ready_answer(request, question_of(request, asked, "mvt", ""), names, make)
    except Gone:
        return Response(status_code=CLIENT_GONE, headers=OPEN_ACCESS)


async def _layers(
    request: Request, layers: tuple[Collection, ...], tile: Tile, during: str | None
) -> tuple[tuple[int, ...], list[bytes]]:
    """States and layers; the layers of a tile are its bytes one after the other."""
    read = [await read_layer(request, one, tile, during) for one in layers]
    return tuple(state for _, state in read), [part for part, _ in read]
