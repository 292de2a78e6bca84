"""The operations of Part 4 in the OpenAPI document, and JSON Schema as OpenAPI 3.0.3 says it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from geo_service.ogc.systems import OFFERED
from geo_service.ogc.transactions import FEATURE_TYPES, PATCH_TYPES, Part

SECURITY: Part = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "The key of a clerk, supervisor or admin of the town.",
    }
}
TOWN_KEY: Part = {
    "type": "http",
    "scheme": "bearer",
    "description": "Any key of the town: of a reader, clerk, supervisor or admin.",
}
PARAMETERS: Mapping[str, Part] = MappingProxyType(
    {
        "If-Match": {
            "name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"},
            "description": "The ETag that was read, or *. 428 without, 412 when it has changed since.",
        },
        "Content-Crs": {
            "name": "Content-Crs", "in": "header", "required": False,
            "schema": {"type": "string", "enum": [f"<{crs}>" for crs in OFFERED]},
            "description": "Reference system of the coordinates sent; CRS84 without.",
        },
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            "description": "The same key with the same body gets the first answer again, for 24 hours.",
        },
    }
)  # fmt: skip


def write_operations(tag: str, title: str, receivable: Mapping[str, Part]) -> tuple[Part, Part]:
    """The operations of Part 4 in OpenAPI 3.0.3: on the items, and on one item besides its id."""
    properties = {name: as_openapi_30(part) for name, part in receivable.items()}
    whole = _body(properties, ["type", "geometry", "properties"])
    part = _body(properties, [])
    named = {"tags": [tag], "security": [{"key": []}]}
    post = {
        **named, "operationId": f"create_{tag}", "summary": f"{title}: create one",
        "parameters": _parameters("Content-Crs", "Idempotency-Key"),
        "requestBody": {"required": True, "content": _content(FEATURE_TYPES, whole)},
        "responses": _responses("201", "Created", 400, 401, 403, 409, 413, 415, 422),
    }  # fmt: skip
    put = {
        **named, "operationId": f"replace_{tag}", "summary": f"{title}: replace one",
        "parameters": _parameters("featureId", "Content-Crs", "If-Match"),
        "requestBody": {"required": True, "content": _content(FEATURE_TYPES, whole)},
        "responses": _responses("200", "As it is now", 400, 401, 403, 404, 409, 412, 413, 415, 422, 428),
    }  # fmt: skip
    patch = {
        **named, "operationId": f"update_{tag}", "summary": f"{title}: change parts of one (RFC 7396)",
        "parameters": _parameters("featureId", "Content-Crs", "If-Match"),
        "requestBody": {"required": True, "content": _content(PATCH_TYPES, part)},
        "responses": _responses("200", "As it is now", 400, 401, 403, 404, 409, 412, 413, 415, 422, 428),
    }  # fmt: skip
    delete = {
        **named, "operationId": f"delete_{tag}", "summary": f"{title}: cancel one; its record stays",
        "parameters": _parameters("featureId", "If-Match"),
        "responses": _responses("200", "Cancelled", 400, 401, 403, 404, 409, 412, 428),
    }  # fmt: skip
    return {"post": post}, {"put": put, "patch": patch, "delete": delete}


def _parameters(*names: str) -> list[Part]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _body(properties: dict[str, Part], required: list[str]) -> Part:
    members: Part = {
        "type": {"type": "string", "enum": ["Feature"]},
        "geometry": {"$ref": "#/components/schemas/geometry"},
        "properties": {"type": "object", "properties": properties},
    }
    return {"type": "object", "properties": members} | ({"required": required} if required else {})


def _content(types: tuple[str, ...], schema: Part) -> Part:
    return {media_type: {"schema": schema} for media_type in types}


def _responses(status: str, description: str, *problems: int) -> Part:
    feature = {"application/geo+json": {"schema": {"$ref": "#/components/schemas/feature"}}}
    headers = {"ETag": {"description": "For If-Match", "schema": {"type": "string"}}}
    if status == "201":
        headers["Location"] = {"description": "Address of the feature", "schema": {"type": "string"}}
    return {
        status: {"description": description, "headers": headers, "content": feature},
        **{str(problem): {"$ref": "#/components/responses/Problem"} for problem in (*problems, 503)},
    }


def as_openapi_30(schema: Part) -> Part:
    """A schema of JSON Schema 2020-12 without references as OpenAPI 3.0.3 says the same."""
    choices = schema.get("anyOf") or schema.get("oneOf")
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
    if choices:
        kinds = [as_openapi_30(one) for one in choices if one.get("type") != "null"]
        more: Part = dict(kinds[0]) if len(kinds) == 1 else {"anyOf": kinds}
        if len(kinds) < len(choices):
            more["nullable"] = True
        return {**more, **{key: value for key, value in rest.items() if value is not None}}
    found: Part = {}
    for key, value in rest.items():
        if key in ("exclusiveMinimum", "exclusiveMaximum"):
            found[key.replace("exclusiveM", "m")] = value
            found[key] = True
        elif key == "const":
            found["enum"] = [value]
        elif key == "examples":
            found["example"] = value[0]
        elif key == "properties":
            found[key] = {name: as_openapi_30(part) for name, part in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = as_openapi_30(value)
        elif not (key == "default" and value is None):
            found[key] = value
    return found


def inlined(schema: Part, definitions: Mapping[str, Part]) -> Part:
    """The same schema without `$ref` to its definitions, which are not recursive."""
    if "$ref" in schema:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return {**inlined(definitions[schema["$ref"].rpartition("/")[2]], definitions), **rest}

    def walked(value: Any) -> Any:
        if isinstance(value, dict):
            return inlined(value, definitions)
        return [walked(each) for each in value] if isinstance(value, list) else value

    return {key: walked(value) for key, value in schema.items()}
