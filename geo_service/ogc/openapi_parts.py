"""The parts of the OpenAPI document that are the same for every collection."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from geo_service.ogc.collection import CRS84
from geo_service.ogc.export import STREAMED
from geo_service.ogc.filtering import FILTER_LANGUAGES, MAX_FILTER_BYTES
from geo_service.ogc.parameters import (
    LIMIT_DEFAULT,
    LIMIT_MAXIMUM,
    OF_FEATURES,
    OF_ONE_FEATURE,
    OFFSET_MAXIMUM,
    ON_DOCUMENTS,
)
from geo_service.ogc.systems import OFFERED

Part = dict[str, Any]


def query_parameter(name: str, description: str, schema: Part) -> Part:
    """A parameter of the query."""
    return {
        "name": name, "in": "query", "required": False, "description": description,
        "style": "form", "explode": False, "schema": schema,
    }  # fmt: skip


def _choice(*values: str, default: str | None = None) -> Part:
    return {"type": "string", "enum": list(values)} | ({"default": default} if default else {})


PARAMETERS: dict[str, Part] = {
    "f": query_parameter("f", "Encoding; beats the Accept header.", _choice(*ON_DOCUMENTS)),
    "f-features": query_parameter("f", "Encoding; beats the Accept header.", _choice(*OF_FEATURES)),
    "f-feature": query_parameter("f", "Encoding; beats the Accept header.", _choice(*OF_ONE_FEATURE)),
    "f-export": query_parameter(
        "f", "Encoding of the whole collection.", _choice(*STREAMED, default=STREAMED[0])
    ),
    "lang": query_parameter(
        "lang", "Language of titles and pages; beats Accept-Language.", _choice("de", "en")
    ),
    "bbox": query_parameter(
        "bbox",
        "Features whose geometry touches the box, and features without a geometry: west,south,east,north.",
        {
            "type": "array",
            "oneOf": [{"minItems": 4, "maxItems": 4}, {"minItems": 6, "maxItems": 6}],
            "items": {"type": "number"},
        },
    ),
    "bbox-crs": query_parameter(
        "bbox-crs", "Reference system of bbox.", _choice(*OFFERED, default=CRS84) | {"format": "uri"}
    ),
    "crs": query_parameter(
        "crs",
        "Reference system of the answer.",
        _choice(*OFFERED, default=CRS84) | {"format": "uri"},
    ),
    "datetime": query_parameter(
        "datetime",
        "Features whose period touches the instant, day or closed interval (open end: ..), and features"
        " without one. A bare date is the whole day in Europe/Berlin; an end may be a duration: P2D.",
        {"type": "string"},
    ),
    "limit": query_parameter(
        "limit",
        "Features on a page; more than the maximum is taken as the maximum.",
        {"type": "integer", "minimum": 1, "maximum": LIMIT_MAXIMUM, "default": LIMIT_DEFAULT},
    ),
    "offset": query_parameter(
        "offset",
        "Features to leave out; following the link to the next page is faster.",
        {"type": "integer", "format": "int64", "minimum": 0, "maximum": OFFSET_MAXIMUM, "default": 0},
    ),
    "cursor": query_parameter(
        "cursor", "Where the page begins; taken from the link to the next page.", {"type": "string"}
    ),
    "resultType": query_parameter(
        "resultType", "hits: only the exact number.", _choice("results", "hits", default="results")
    ),
    "filter": query_parameter(
        "filter",
        "CQL2: which features, by the names of the queryables; at most 8,192 bytes, 32 levels, 1,000 parts.",
        {"type": "string", "maxLength": MAX_FILTER_BYTES},
    ),
    "filter-lang": query_parameter(
        "filter-lang", "Language of filter.", _choice(*FILTER_LANGUAGES, default="cql2-text")
    ),
    "filter-crs": query_parameter(
        "filter-crs",
        "Reference system of the places in filter.",
        _choice(*OFFERED, default=CRS84) | {"format": "uri"},
    ),
    "q": query_parameter(
        "q",
        "Terms with commas between them, one of which stands in a name, title or reference.",
        {"type": "string"},
    ),
    "sortby": query_parameter(
        "sortby",
        "Order: names of sortables, + (upwards) or - (downwards) before each; what has no value comes last.",
        {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "items": {"type": "string", "pattern": "^[+-]?[a-z0-9_]+$"},
        },
    ),
    "properties": query_parameter(
        "properties", "Properties to show.", {"type": "array", "minItems": 1, "items": {"type": "string"}}
    ),
    "zoom-level": query_parameter(
        "zoom-level",
        "Zoom (WebMercatorQuad) of the map drawn of the answer: geometries without what is smaller than"
        " a quarter of its pixels. Without it, every point.",
        {"type": "number", "minimum": 0},
    ),
    "featureId": {
        "name": "featureId",
        "in": "path",
        "required": True,
        "description": "Id of the feature.",
        "schema": {"type": "string"},
    },
}

PROBLEM: Part = {
    "description": "What was wrong, and with which parameter",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/problem"}}},
}

_LINKS: Part = {"type": "array", "items": {"$ref": "#/components/schemas/link"}}
_TEXT: Part = {"type": "string"}


def _object(required: list[str], **properties: Part) -> Part:
    return {"type": "object", "properties": properties} | ({"required": required} if required else {})


_GEOMETRY_TYPES = (
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection",
)  # fmt: skip
_BOX: Part = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
_INSTANT: Part = {"type": "string", "format": "date-time", "nullable": True}
_SPAN: Part = {"type": "array", "minItems": 2, "maxItems": 2, "items": _INSTANT}
_SPATIAL = _object([], bbox={"type": "array", "minItems": 1, "items": _BOX}, crs=_TEXT)
_TEMPORAL = _object([], interval={"type": "array", "minItems": 1, "items": _SPAN}, trs=_TEXT)

SCHEMAS: dict[str, Part] = {
    "link": _object(["href", "rel"], href=_TEXT, rel=_TEXT, type=_TEXT, title=_TEXT),
    "landingPage": _object(["links"], title=_TEXT, description=_TEXT, links=_LINKS),
    "confClasses": _object(["conformsTo"], conformsTo={"type": "array", "items": _TEXT}),
    "collections": _object(
        ["links", "collections"],
        links=_LINKS,
        crs={"type": "array", "items": _TEXT},
        collections={"type": "array", "items": {"$ref": "#/components/schemas/collection"}},
    ),
    "collection": _object(
        ["id", "links"],
        id=_TEXT, title=_TEXT, description=_TEXT, attribution=_TEXT, itemType=_TEXT, links=_LINKS,
        extent={"$ref": "#/components/schemas/extent"},
        crs={"type": "array", "items": _TEXT},
    ),
    "extent": _object([], spatial=_SPATIAL, temporal=_TEMPORAL),
    "geometry": {
        "type": "object",
        "nullable": True,
        "required": ["type"],
        "properties": {
            "type": _choice(*_GEOMETRY_TYPES),
            "coordinates": {"type": "array", "items": {}},
            "geometries": {"type": "array", "items": {"type": "object"}},
        },
    },
    "feature": _object(
        ["type", "geometry", "properties"],
        type=_choice("Feature"), id=_TEXT, links=_LINKS,
        geometry={"$ref": "#/components/schemas/geometry"},
        properties={"type": "object", "nullable": True, "additionalProperties": True},
    ),
    "featureCollection": _object(
        ["type", "features"],
        type=_choice("FeatureCollection"),
        features={"type": "array", "items": {"$ref": "#/components/schemas/feature"}},
        links=_LINKS,
        timeStamp={"type": "string", "format": "date-time"},
        numberMatched={"type": "integer", "minimum": 0},
        numberReturned={"type": "integer", "minimum": 0},
    ),
    "problem": _object(
        ["title", "status"],
        type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT,
        errors={"type": "array", "items": _object(["pointer", "detail"], pointer=_TEXT, detail=_TEXT)},
    ),
}  # fmt: skip


def get_operation(
    name: str, summary: str, answer: Part, parameters: Iterable[str], tag: str | None = None
) -> Part:
    """A path that is only read. parameters: names of components."""
    operation: Part = {
        "operationId": name,
        "summary": summary,
        "parameters": [reference("parameters", parameter) for parameter in parameters],
        "responses": {
            "200": answer,
            "304": {"description": "Not modified"},
            "400": reference("responses", "Problem"),
            "503": reference("responses", "Problem"),
        },
    }
    return {"get": operation | ({"tags": [tag]} if tag else {})}


def reference(kind: str, name: str) -> Part:
    """A component."""
    return {"$ref": f"#/components/{kind}/{name}"}
