"""What tiles there are: tile sets of the whole and of each collection, the tile matrix set, TileJSON."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from geo_service.crs import PLAUSIBLE_LONLAT
from geo_service.errors import NotFound
from geo_service.ogc.addresses import HTML, JSON, MVT, Link, address, base_of, link, self_and_alternate
from geo_service.ogc.answers import json_answer
from geo_service.ogc.collection import COLLECTIONS, CRS84, Collection, get_collection
from geo_service.ogc.documents import TITLE, attribution, license_links
from geo_service.ogc.extents import extents_of
from geo_service.ogc.parameters import (
    ON_EVERY_PAGE,
    Format,
    Language,
    find_format,
    find_language,
    read_parameters,
)
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.schemas import described_property
from geo_service.ogc.tiles.grid import (
    GREATEST_ZOOM,
    GRID,
    GRID_URI,
    WEB_MERCATOR,
    grid_document,
    limits_document,
)
from geo_service.ogc.tiles.properties import drawn_properties
from geo_service.ogc.words import WORDS

Part = dict[str, Any]

SCHEME_REL = "http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"
GEODATA_REL = "http://www.opengis.net/def/rel/ogc/1.0/geodata"
OF_TILE_SET: tuple[Format, ...] = ("json", "html", "tilejson")
TILE_SET_TYPES = {"json": JSON, "html": HTML, "tilejson": "application/vnd.mapbox.tilejson+json"}
_GEOMETRY_DIMENSIONS = {"lineString": 1, "multiPolygon": 2}
_ZOOMS = range(GREATEST_ZOOM + 1)


async def tile_sets(request: Request) -> Response:
    """`/ogc/tiles` and `/ogc/collections/{collection}/tiles`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    one = _collection(request)
    shown, language = find_format(request, given), find_language(request, given)
    base, path = base_of(request), _path(one)
    links = self_and_alternate(base, path, given, shown=shown)
    document = {"links": links, "tilesets": [_listed(base, one, language)]}
    if shown == "html":
        return await _page(request, language, _title(one, language), links, _listed(base, one, language))
    return await json_answer(request, document, JSON)


async def tile_set(request: Request) -> Response:
    """`/ogc/tiles/WebMercatorQuad` and the same below a collection."""
    given = read_parameters(request, ON_EVERY_PAGE)
    one = _collection(request)
    _check_grid(request)
    shown = find_format(request, given, OF_TILE_SET)
    language = find_language(request, given)
    base = base_of(request)
    layers = list(COLLECTIONS.values()) if one is None else [one]
    credit = [attribution(layer, await extents_of(request).get(layer)) for layer in layers]
    document = _described(base, one, layers, "; ".join(dict.fromkeys(credit)), language)
    if shown == "tilejson":
        return await json_answer(request, _tilejson(document, layers, language), TILE_SET_TYPES["tilejson"])
    own = self_and_alternate(base, (*_path(one), GRID), given, shown=shown, media_types=TILE_SET_TYPES)
    document["links"] = own + document["links"]
    if shown == "html":
        return await _page(request, language, document["title"], document["links"], document)
    return await json_answer(request, document, JSON)


async def tile_matrix_sets(request: Request) -> Response:
    """`/ogc/tileMatrixSets`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base = base_of(request)
    links = self_and_alternate(base, ("tileMatrixSets",), given, shown=shown)
    there = address(base, "tileMatrixSets", GRID)
    listed: Part = {"id": GRID, "title": grid_document()["title"], "uri": GRID_URI, "crs": WEB_MERCATOR}
    # The standard says `self`; the official suite looks for `item`.
    listed["links"] = [link("self", JSON, there), link("item", JSON, there)]
    if shown == "html":
        return await _page(request, language, WORDS[language]["tile_matrix_sets"], links, listed)
    return await json_answer(request, {"links": links, "tileMatrixSets": [listed]}, JSON)


async def tile_matrix_set(request: Request) -> Response:
    """`/ogc/tileMatrixSets/WebMercatorQuad`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    _check_grid(request)
    shown, language = find_format(request, given), find_language(request, given)
    links = self_and_alternate(base_of(request), ("tileMatrixSets", GRID), given, shown=shown)
    if shown == "html":
        return await _page(request, language, GRID, links, grid_document())
    return await json_answer(request, {**grid_document(), "links": links}, JSON)


def _collection(request: Request) -> Collection | None:
    """The collection of the address, None for all of them together."""
    name = request.path_params.get("collection")
    return None if name is None else get_collection(name)


def _check_grid(request: Request) -> None:
    name = request.path_params["tileMatrixSet"]
    if name != GRID:
        raise NotFound(f"There is no tile matrix set named {name[:60]!r}; there is {GRID}.")


def _path(one: Collection | None) -> tuple[str, ...]:
    return ("tiles",) if one is None else ("collections", one.id, "tiles")


def _title(one: Collection | None, language: Language) -> str:
    return TITLE[language] if one is None else one.title(language)


def _listed(base: str, one: Collection | None, language: Language) -> Part:
    """A tile set as its list shows it."""
    return {
        "title": _title(one, language),
        "dataType": "vector",
        "crs": WEB_MERCATOR,
        "tileMatrixSetURI": GRID_URI,
        "links": [
            link("self", JSON, address(base, *_path(one), GRID)),
            link(SCHEME_REL, JSON, address(base, "tileMatrixSets", GRID)),
        ],
    }


def _described(
    base: str, one: Collection | None, layers: list[Collection], credit: str, language: Language
) -> Part:
    """A tile set as its own page shows it, without links to itself."""
    west, south, east, north = PLAUSIBLE_LONLAT
    template = f"{address(base, *_path(one), GRID)}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}?f=mvt"
    tiles: Part = {**link("item", MVT, template, _title(one, language)), "templated": True}
    resource = address(base) if one is None else address(base, "collections", one.id)
    return {
        **_listed(base, one, language),
        "attribution": credit,
        "tileMatrixSetLimits": limits_document(_ZOOMS),
        "boundingBox": {"crs": CRS84, "lowerLeft": [west, south], "upperRight": [east, north]},
        "layers": [_layer(layer, language) for layer in layers],
        "links": [
            tiles,
            link(SCHEME_REL, JSON, address(base, "tileMatrixSets", GRID)),
            link(GEODATA_REL, JSON, resource),
            *({layer.license.href: one for layer in layers for one in license_links(layer)}.values()),
        ],
    }


def _layer(one: Collection, language: Language) -> Part:
    properties = {each.name: described_property(one, each, language) for each in drawn_properties(one)}
    dimension = _GEOMETRY_DIMENSIONS.get(one.geometry_schema)
    return {
        "id": one.id,
        "title": one.title(language),
        "description": one.description(language),
        "dataType": "vector",
        **({"geometryDimension": dimension} if dimension else {}),
        "propertiesSchema": {"type": "object", "properties": properties},
    }


def _tilejson(document: Part, layers: list[Collection], language: Language) -> Part:
    """TileJSON 3.0.0: what MapLibre, QGIS and OpenLayers read."""
    (template,) = [one["href"] for one in document["links"] if one["rel"] == "item"]
    for ours, theirs in (("{tileMatrix}", "{z}"), ("{tileRow}", "{y}"), ("{tileCol}", "{x}")):
        template = template.replace(ours, theirs)
    kinds = {"number": "Number", "boolean": "Boolean"}
    return {
        "tilejson": "3.0.0",
        "name": document["title"],
        "tiles": [template],
        "scheme": "xyz",
        "minzoom": 0,
        "maxzoom": GREATEST_ZOOM,
        "bounds": list(PLAUSIBLE_LONLAT),
        "attribution": document["attribution"],
        "vector_layers": [
            {
                "id": one.id,
                "description": one.title(language),
                "fields": {each.name: kinds.get(each.kind, "String") for each in drawn_properties(one)},
            }
            for one in layers
        ],
    }


async def _page(request: Request, language: Language, title: str, links: list[Link], facts: Part) -> Response:
    return await html_answer(request, "tiles.html", language, title=title, links=links, facts=facts)
