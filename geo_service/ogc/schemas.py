"""What features carry, and what of it may be filtered and sorted: JSON Schema (Parts 3 and 5)."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from geo_service.ogc.addresses import SCHEMA, address, base_of, self_and_alternate
from geo_service.ogc.answers import json_answer
from geo_service.ogc.collection import Collection, get_collection
from geo_service.ogc.parameters import ON_EVERY_PAGE, find_format, find_language, read_parameters
from geo_service.ogc.properties import QUERYABLES, Property, returnables
from geo_service.ogc.rendering import html_answer
from geo_service.ogc.transactions import receivables_of, with_receivables
from geo_service.ogc.words import WORDS, property_name

Part = dict[str, Any]

_TYPES: dict[str, Part] = {
    "text": {"type": "string"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "instant": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "list": {"type": "array", "items": {"type": "string"}},
}
_GEOMETRY_FORMATS = {
    "lineString": "geometry-linestring",
    "multiPolygon": "geometry-multipolygon",
    "geometry": "geometry-any",
}
_ROLES = {"period_start": "primary-interval-start", "period_end": "primary-interval-end", "id": "id"}


async def queryables(request: Request) -> Response:
    """`/ogc/collections/{collection}/queryables`."""
    return await schema_answer(request, _collection(request), "queryables")


async def sortables(request: Request) -> Response:
    """`/ogc/collections/{collection}/sortables`."""
    return await schema_answer(request, _collection(request), "sortables")


async def schema(request: Request) -> Response:
    """`/ogc/collections/{collection}/schema`: what features carry and may state (Part 5)."""
    return await schema_answer(request, _collection(request), "schema")


def _collection(request: Request) -> Collection:
    return get_collection(request.path_params["collection"])


async def schema_answer(request: Request, one: Collection, page: str) -> Response:
    """One of the three documents of a collection. page: queryables, sortables or schema. Raises Malformed."""
    given = read_parameters(request, ON_EVERY_PAGE)
    shown, language = find_format(request, given), find_language(request, given)
    base = base_of(request)
    path = ("collections", one.id, page)
    document = schema_document(base, one, page, language)
    if page == "schema" and (receivable := receivables_of(request).get(one.id)):
        document["properties"] = with_receivables(document["properties"], receivable)
    if shown == "html":
        links = self_and_alternate(base, path, given, shown=shown, json_type=SCHEMA)
        return await html_answer(
            request, "schema.html", language, document=document, collection=one, page=page, links=links
        )
    return await json_answer(request, document, SCHEMA)


def schema_document(base: str, one: Collection, page: str, language: str) -> Part:
    """One of the three documents. page: queryables, sortables or schema."""
    properties = {
        name: part
        for name, part in _described(one, language).items()
        if page == "schema" or _is_of(page, QUERYABLES[one.id].get(name))
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": address(base, "collections", one.id, page),
        "type": "object",
        "title": f"{one.title(language)} – {WORDS[language][page]}",
        "description": one.description(language),
        "properties": properties,
        "additionalProperties": False,
    }


def _is_of(page: str, known: Property | None) -> bool:
    return known is not None and (page == "queryables" or known.sortable)


def _described(one: Collection, language: str) -> dict[str, Part]:
    """Every property in the order a feature carries it."""
    found: dict[str, Part] = {}
    for name in ("id", *returnables(one), "geometry"):
        known = QUERYABLES[one.id].get(name)
        part = _described_property(one, known) if known else _described_other(name)
        found[name] = {**_titled(name, part, language), "x-ogc-propertySeq": len(found) + 1}
    return found


def described_property(one: Collection, known: Property, language: str) -> Part:
    """The schema of one property, with its name in words."""
    return _titled(known.name, _described_property(one, known), language)


def _titled(name: str, part: Part, language: str) -> Part:
    role = _ROLES.get(name)
    title = WORDS[language]["geometry"] if name == "geometry" else property_name(name, language)
    return {"title": title, **part, **({"x-ogc-role": role} if role else {})}


def _described_property(one: Collection, known: Property) -> Part:
    if known.kind == "geometry":
        return {"format": _GEOMETRY_FORMATS[one.geometry_schema], "x-ogc-role": "primary-geometry"}
    part = dict(_TYPES[known.kind])
    if known.whole:
        part["type"] = "integer"
    if known.name.endswith("_m2"):
        part["x-ogc-unit"] = "m2"
    elif known.name.endswith("_m"):
        part["x-ogc-unit"] = "m"
    return part


def _described_other(name: str) -> Part:
    """A label, or a time of a collection without times."""
    by_name = {"period_start": "instant", "period_end": "instant", "from": "date", "until": "date"}
    return dict(_TYPES[by_name.get(name, "text")])
