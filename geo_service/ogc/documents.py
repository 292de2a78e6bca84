"""Landing page, conformance, list of collections and one collection."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.addresses import (
    GEOJSON,
    HTML,
    JSON,
    OPENAPI,
    QUERYABLES_REL,
    SCHEMA,
    SCHEMA_REL,
    SCHEMES_REL,
    SORTABLES_REL,
    TILESETS_REL,
    Link,
    address,
    base_of,
    link,
    self_and_alternate,
)
from geo_service.ogc.answers import VARY_BY_KEY, json_answer
from geo_service.ogc.collection import COLLECTIONS, PENDING, Collection, get_collection
from geo_service.ogc.encodings import MEDIA_TYPES
from geo_service.ogc.export import STREAMED
from geo_service.ogc.extents import Extent, extents_of, read_extent
from geo_service.ogc.parameters import ON_EVERY_PAGE, Language, find_format, find_language, read_parameters
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.systems import OFFERED
from geo_service.ogc.transactions import CONFORMS_TO as OF_WRITES
from geo_service.ogc.with_key import find_holder, reading_with_key

CONFORMS_TO = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/queryables-query-parameters",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/filter",
    "http://www.opengis.net/spec/ogcapi-features-3/1.0/conf/features-filter",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text",
    "http://www.opengis.net/spec/cql2/1.0/conf/cql2-json",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-cql2",
    "http://www.opengis.net/spec/cql2/1.0/conf/advanced-comparison-operators",
    "http://www.opengis.net/spec/cql2/1.0/conf/case-insensitive-comparison",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/basic-spatial-functions-plus",
    "http://www.opengis.net/spec/cql2/1.0/conf/spatial-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/temporal-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/array-functions",
    "http://www.opengis.net/spec/cql2/1.0/conf/property-property",
    "http://www.opengis.net/spec/cql2/1.0/conf/arithmetic",
    *OF_WRITES,
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/schemas",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/core-roles-features",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/returnables-and-receivables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/queryables",
    "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/sortables",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tileset",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/tilesets-list",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/dataset-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/geodata-tilesets",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/collections-selection",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/datetime",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/mvt",
    "http://www.opengis.net/spec/tms/2.0/conf/tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilematrixset",
    "http://www.opengis.net/spec/tms/2.0/conf/json-tilesetmetadata",
)
SCHEMA_PAGES = {"queryables": QUERYABLES_REL, "sortables": SORTABLES_REL, "schema": SCHEMA_REL}
TITLE = {"de": "Digitaler Straßenraum – Geodaten", "en": "Digital street space – geodata"}
DESCRIPTION = {
    "de": "Straßenabschnitte, Baustellen, Sondernutzungen, Veranstaltungen, Umleitungen"
    " (OGC API Features, Tiles).",
    "en": "Road segments, construction sites, special uses, events, detours (OGC API – Features, Tiles).",
}


async def landing(request: Request) -> Response:
    """`/ogc`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base = base_of(request)
    links = [
        *self_and_alternate(base, (), given, shown=shown),
        link("service-desc", OPENAPI, address(base, "api"), "OpenAPI 3.0"),
        link("service-doc", HTML, address(base, "api", query={"f": "html"}), "OpenAPI 3.0, HTML"),
        link("conformance", JSON, address(base, "conformance")),
        link("data", JSON, address(base, "collections")),
        link(TILESETS_REL, JSON, address(base, "tiles")),
        link(SCHEMES_REL, JSON, address(base, "tileMatrixSets")),
    ]
    document = {"title": TITLE[language], "description": DESCRIPTION[language], "links": links}
    if shown == "html":
        return await html_answer(request, "landing.html", language, document=document, links=links)
    return await json_answer(request, document, JSON)


async def conformance(request: Request) -> Response:
    """`/ogc/conformance`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    links = self_and_alternate(base_of(request), ("conformance",), given, shown=shown)
    if shown == "html":
        return await html_answer(request, "conformance.html", language, classes=CONFORMS_TO, links=links)
    return await json_answer(request, {"conformsTo": CONFORMS_TO, "links": links}, JSON)


async def collections(request: Request) -> Response:
    """`/ogc/collections`."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base, extents = base_of(request), extents_of(request)
    links = self_and_alternate(base, ("collections",), given, shown=shown)
    documents = [
        collection_document(base, one, await extents.get(one), language) for one in COLLECTIONS.values()
    ]
    if (holder := await find_holder(request)) is not None:
        async with reading_with_key(request, holder) as connection:
            extent = await read_extent(connection, PENDING)
        documents.append(collection_document(base, PENDING, extent, language))
    document = {"links": links, "crs": list(OFFERED), "collections": documents}
    headers = {"Vary": VARY_BY_KEY}
    if shown == "html":
        return await html_answer(
            request, "collections.html", language, headers=headers, documents=documents, links=links
        )
    return await json_answer(request, document, JSON, headers=headers)


async def collection(request: Request) -> Response:
    """`/ogc/collections/{collection}`."""
    one = get_collection(request.path_params["collection"])
    return await collection_answer(request, one, await extents_of(request).get(one))


async def collection_answer(request: Request, one: Collection, extent: Extent) -> Response:
    """One collection as its own page shows it. Raises Malformed."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base = base_of(request)
    own = self_and_alternate(base, ("collections", one.id), given, shown=shown)
    document = collection_document(base, one, extent, language, own)
    if shown == "html":
        return await html_answer(
            request, "collection.html", language, collection=one, document=document, links=document["links"]
        )
    return await json_answer(request, document, JSON)


def collection_document(
    base: str, one: Collection, extent: Extent, language: Language, own: list[Link] | None = None
) -> dict[str, object]:
    """A collection as its own page and as the list show it; only the links to itself differ."""
    items = ("collections", one.id, "items")
    if own is None:
        own = [link("self", JSON, address(base, "collections", one.id))]
    # No storageCrs (it is optional): GDAL and QGIS would read metres unasked where people expect lon, lat.
    return {
        "id": one.id,
        "title": one.title(language),
        "description": one.description(language),
        "attribution": attribution(one, extent),
        "itemType": "feature",
        "extent": extent.document(),
        "crs": list(OFFERED),
        "links": [
            *own,
            link("items", GEOJSON, address(base, *items), one.title(language)),
            link("items", HTML, address(base, *items, query={"f": "html"}), one.title(language)),
            *(
                link("items", media_type, address(base, *items, query={"f": form}), one.title(language))
                for form, media_type in MEDIA_TYPES.items()
                if form not in ("json", "html")
            ),
            *([] if one.with_key else _export_links(base, one)),
            *(
                link(rel, SCHEMA, address(base, "collections", one.id, path))
                for path, rel in SCHEMA_PAGES.items()
            ),
            *([] if one.with_key else [_tiles_link(base, one)]),
            *license_links(one),
        ],
    }


def _export_links(base: str, one: Collection) -> list[Link]:
    path = ("collections", one.id, "export")
    return [
        link("enclosure", MEDIA_TYPES[form], address(base, *path, query={"f": form})) for form in STREAMED
    ]


def _tiles_link(base: str, one: Collection) -> Link:
    return link(TILESETS_REL, JSON, address(base, "collections", one.id, "tiles"))


def license_links(one: Collection) -> list[Link]:
    """The terms of use; none where the data are not open."""
    return [link("license", HTML, one.license.href, one.license.title)] if one.license.href else []


def attribution(one: Collection, extent: Extent) -> str:
    """Whom to name: what the rows themselves say, else what the licence asks for."""
    if one.credit == "attribution" and extent.credits:
        return "; ".join(extent.credits)
    if one.credit == "source" and extent.credits:
        # Streets that the demo generated are nobody's data; anything else comes from OpenStreetMap.
        demo_only = all(credit.startswith("demo") for credit in extent.credits)
        return "Demodaten (generiert)" if demo_only else one.license.attribution
    return one.license.attribution
