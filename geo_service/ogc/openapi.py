"""The OpenAPI 3.0.3 document, built here: FastAPI emits 3.1, and relabelling that gives an invalid one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from geo_service import __version__
from geo_service.ogc.addresses import OPENAPI, SCHEMA, base_of, self_and_alternate
from geo_service.ogc.answers import VARY_BY_KEY, json_answer
from geo_service.ogc.collection import COLLECTIONS, PENDING, Collection
from geo_service.ogc.documents import DESCRIPTION, SCHEMA_PAGES, TITLE
from geo_service.ogc.encodings import MEDIA_TYPES
from geo_service.ogc.export import ON_EXPORT, STREAMED
from geo_service.ogc.filtering import equality_names
from geo_service.ogc.openapi_parts import (
    PARAMETERS,
    PROBLEM,
    SCHEMAS,
    get_operation,
    query_parameter,
    reference,
)
from geo_service.ogc.openapi_writes import PARAMETERS as OF_WRITES
from geo_service.ogc.openapi_writes import SECURITY, TOWN_KEY, write_operations
from geo_service.ogc.parameters import (
    ON_EVERY_PAGE,
    ON_ITEM,
    ON_ITEMS,
    Language,
    find_format,
    find_language,
    read_parameters,
)
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.schemas import schema_document
from geo_service.ogc.tiles.openapi import TILE_PARAMETERS, tile_paths, tile_paths_of
from geo_service.ogc.transactions import Receivables, receivables_of
from geo_service.ogc.with_key import find_holder

Part = dict[str, Any]


async def api(request: Request) -> Response:
    """`/ogc/api`; with a key of a town it describes `pending` too."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base = base_of(request)
    document = openapi_document(base, language, receivables_of(request))
    if await find_holder(request) is not None:
        document = with_pending(document, language)
    headers = {"Vary": VARY_BY_KEY}
    if shown == "html":
        links = self_and_alternate(base, ("api",), given, shown=shown, json_type=OPENAPI)
        return await html_answer(
            request, "api.html", language, headers=headers, document=document, links=links
        )
    return await json_answer(request, document, OPENAPI, headers=headers)


def openapi_document(base: str, language: Language, receivables: Receivables) -> Part:
    """The whole document, a literal path for every collection."""
    paths = {
        "/": _operation("getLandingPage", "Landing page", "landingPage", ON_EVERY_PAGE),
        "/conformance": _operation("getConformance", "Conformance classes", "confClasses", ON_EVERY_PAGE),
        "/api": _api_operation(),
        "/collections": _operation("getCollections", "Collections", "collections", ON_EVERY_PAGE),
    }
    paths |= tile_paths()
    for one in COLLECTIONS.values():
        paths |= _collection_paths(one, language) | tile_paths_of(one.id, one.title(language))
        if receivable := receivables.get(one.id):
            on_items, on_item = write_operations(one.id, one.title(language), receivable)
            paths[f"/collections/{one.id}/items"] |= on_items
            paths[f"/collections/{one.id}/items/{{featureId}}"] |= on_item
    return {
        "openapi": "3.0.3",
        "info": {
            "title": TITLE[language],
            "description": DESCRIPTION[language],
            "version": __version__,
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/de/"},
        },
        "servers": [{"url": f"{base}/ogc"}],
        "tags": [{"name": one.id, "description": one.description(language)} for one in COLLECTIONS.values()],
        "paths": paths,
        "components": {
            "parameters": {**PARAMETERS, **OF_WRITES, **TILE_PARAMETERS},
            "schemas": SCHEMAS,
            "responses": {"Problem": PROBLEM},
            "securitySchemes": SECURITY,
        },
    }


def with_pending(document: Part, language: Language) -> Part:
    """The document with the collection that a key of a town finds, and no other change."""
    paths = _collection_paths(PENDING, language)
    for path in paths.values():
        path["get"] |= {"security": [{"town_key": []}]}
        path["get"]["responses"] |= {status: reference("responses", "Problem") for status in ("401", "404")}
    components = document["components"]
    schemes = {**components["securitySchemes"], "town_key": TOWN_KEY}
    return {
        **document,
        "tags": [*document["tags"], {"name": PENDING.id, "description": PENDING.description(language)}],
        "paths": {**document["paths"], **paths},
        "components": {**components, "securitySchemes": schemes},
    }


def _collection_paths(one: Collection, language: Language) -> dict[str, Part]:
    title = one.title(language)
    items, item = _geojson("featureCollection", title), _geojson("feature", title)
    item_operation = get_operation(f"get_{one.id}_item", title, item, _with_f(ON_ITEM, "f-feature"), one.id)
    item_operation["get"]["parameters"].insert(0, reference("parameters", "featureId"))
    item_operation["get"]["responses"]["404"] = reference("responses", "Problem")
    items_operation = get_operation(f"get_{one.id}", title, items, _with_f(ON_ITEMS, "f-features"), one.id)
    described = schema_document("", one, "queryables", language)["properties"]
    items_operation["get"]["parameters"] += [
        query_parameter(
            name, f"{described[name]['title']}: only features with this value.", _value(described[name])
        )
        for name in equality_names(one)
    ]
    return {
        f"/collections/{one.id}": _operation(
            f"describe_{one.id}", title, "collection", ON_EVERY_PAGE, one.id
        ),
        f"/collections/{one.id}/items": items_operation,
        f"/collections/{one.id}/items/{{featureId}}": item_operation,
        **({} if one.with_key else {f"/collections/{one.id}/export": _export_operation(one, title)}),
        **{
            f"/collections/{one.id}/{page}": _schema_operation(f"{page}_{one.id}", title, one.id)
            for page in SCHEMA_PAGES
        },
    }


def _value(described: Part) -> Part:
    """The value of a queryable as a parameter."""
    return {key: described[key] for key in ("type", "format") if key in described}


def _with_f(parameters: Iterable[str], form: str) -> list[str]:
    """The parameters, `f` with the encodings of this address."""
    return [form if parameter == "f" else parameter for parameter in parameters]


def _schema_operation(name: str, title: str, tag: str) -> Part:
    content = {SCHEMA: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}}
    return get_operation(name, title, {"description": title, "content": content}, ON_EVERY_PAGE, tag)


def _export_operation(one: Collection, title: str) -> Part:
    content: Part = {MEDIA_TYPES[form].split(";")[0]: {"schema": {"type": "string"}} for form in STREAMED}
    content["application/geo+json"] = {"schema": reference("schemas", "featureCollection")}
    answer = {"description": title, "content": content}
    return get_operation(f"export_{one.id}", title, answer, _with_f(ON_EXPORT, "f-export"), one.id)


def _operation(
    name: str, summary: str, schema: str, parameters: Iterable[str], tag: str | None = None
) -> Part:
    answer = {
        "description": summary,
        "content": {
            "application/json": {"schema": reference("schemas", schema)},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    return get_operation(name, summary, answer, parameters, tag)


def _api_operation() -> Part:
    answer = {
        "description": "This document",
        "content": {OPENAPI: {"schema": {"type": "object"}}, "text/html": {"schema": {"type": "string"}}},
    }
    return get_operation("getApi", "OpenAPI 3.0", answer, ON_EVERY_PAGE, None)


def _geojson(schema: str, title: str) -> Part:
    headers = {
        "Content-Crs": {"description": "Reference system of the coordinates", "schema": {"type": "string"}}
    }
    content = {
        "application/geo+json": {"schema": reference("schemas", schema)},
        "application/fg+json": {"schema": reference("schemas", schema)},
        "text/html": {"schema": {"type": "string"}},
    }
    if schema == "featureCollection":
        for form in ("geojsonseq", "csv", "fgb"):
            content[MEDIA_TYPES[form].split(";")[0]] = {"schema": {"type": "string", "format": "binary"}}
    return {"description": title, "headers": headers, "content": content}
