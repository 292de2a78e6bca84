"""`/api/v1/openapi.json`: what FastAPI reads off the routes, and what description/*.yaml says they answer.

The routes answer with ready bytes, so that FastAPI knows neither their schemas nor their problems.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from geo_service.occupations.use_types import use_types
from geo_service.permits.states import STATES
from geo_service.settings import Settings
from geo_service.web.object_description import complete_bodies, object_operations, object_schemas

Document = dict[str, Any]

_PREFIX = "/api/v1/"
_METHODS = ("get", "put", "post", "patch", "delete")
_ALWAYS = 503
_OF_FASTAPI = ("HTTPValidationError", "ValidationError")  # never answered here: problems.py answers instead
# JSON Schema's format "time" asks for seconds and an offset; a town's clock needs neither.
_CLOCK = {
    "type": ["string", "null"],
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$",
    "examples": ["22:00"],
}
_ABOUT = (
    "Conflict checks, requests and decisions about uses of public streets. Geometry is GeoJSON in CRS84; "
    "`from` and `until` are days in Europe/Berlin, both included; `start` and `end` are instants, the end "
    "excluded. Every error is a problem of RFC 9457."
)


def install_api_description(app: FastAPI, settings: Settings) -> None:
    """Let `app` answer with the whole description instead of the one it reads off its routes."""
    servers = [{"url": settings.public_url.rstrip("/")}] if settings.public_url else None
    app.root_path_in_servers = servers is None  # the public address holds the path prefix already

    def described() -> Document:
        if app.openapi_schema is None:
            plain = get_openapi(
                title=app.title, version=app.version, description=_ABOUT, routes=app.routes, servers=servers
            )
            app.openapi_schema = describe(plain)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def describe(document: Document) -> Document:
    """`document` of FastAPI, completed. Raises KeyError for an operation that description/ does not know."""
    said, examples = _read("operations"), _read("examples")
    said["operations"] |= object_operations()
    document["paths"] = {path: item for path, item in document["paths"].items() if path.startswith(_PREFIX)}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                name = item[method]["operationId"].partition("_api_v1")[0]
                if name not in said["operations"]:
                    raise KeyError(
                        f"{method.upper()} {path}: {name} is missing in description/operations.yaml"
                    )
                _complete(item[method], name, said["operations"][name], examples.get(name, {}))
    document["components"] = {
        "schemas": _schemas(document.get("components", {}).get("schemas", {})),
        "responses": {f"Problem{status}": _problem(words) for status, words in said["problems"].items()},
        "parameters": said["parameters"],
        "headers": said["headers"],
        "securitySchemes": said["securitySchemes"],
    }
    return document


def _read(name: str) -> Document:
    text = files("geo_service.web").joinpath("description", f"{name}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def _ref(kind: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{kind}/{name}"}


def _complete(operation: Document, name: str, said: Document, examples: Document) -> None:
    operation["operationId"] = name
    operation["summary"] = said["summary"]
    operation["security"] = said["security"]
    headers = [_ref("parameters", each) for each in said.get("parameters", [])]
    if headers:
        operation["parameters"] = [*operation.get("parameters", []), *headers]
    if "body" in said:
        (sent,) = operation["requestBody"]["content"].values()
        if "request" in examples:
            sent = {**sent, "example": examples["request"]}
        operation["requestBody"]["content"] = dict.fromkeys(said["body"], sent)
    statuses = [*said["problems"], _ALWAYS]
    operation["responses"] = {
        str(said["answer"]["status"]): _answer(said["answer"], examples),
        **{str(status): _ref("responses", f"Problem{status}") for status in statuses},
    }


def _answer(said: Document, examples: Document) -> Document:
    if "media" not in said:  # nothing but the status
        return {"description": said["description"], **_headers(said)}
    schemas = [_ref("schemas", name) for name in said["schemas"]]
    content: Document = {"schema": schemas[0] if len(schemas) == 1 else {"oneOf": schemas}}
    if "answer" in examples:
        content["example"] = examples["answer"]
    media = [said["media"]] if isinstance(said["media"], str) else said["media"]
    answer = {"description": said["description"], "content": dict.fromkeys(media, content)}
    return {**answer, **_headers(said)}


def _problem(said: Document) -> Document:
    content = {"application/problem+json": {"schema": _ref("schemas", "Problem")}}
    return {"description": said["description"], "content": content, **_headers(said)}


def _headers(said: Document) -> Document:
    named = said.get("headers", [])
    return {"headers": {name: _ref("headers", name) for name in named}} if named else {}


def _schemas(sent: Document) -> Document:
    """Bodies as FastAPI reads them off the models, with what the models check in code, and the answers."""
    schemas = {name: schema for name, schema in sent.items() if name not in _OF_FASTAPI}
    place = _ref("schemas", "Geometry")
    line = {**place, "properties": {"type": {"enum": ["LineString", "MultiLineString"]}}}
    for name in ("UseFeature", "PermitFeature"):
        schemas[name]["properties"]["geometry"] = place
    for name in ("UseProperties", "PermitProperties"):
        fields = schemas[name]["properties"]
        fields["use_type"]["enum"] = list(use_types())
        fields["detour"] = {"oneOf": [line, {"type": "null"}]}
    for name in ("from_time", "until_time"):
        schemas["RecurrenceBody"]["properties"][name] = _CLOCK
    schemas["UseProperties"]["description"] = (
        "A use and its period: either `from` and `until`, or `start` and `end`. "
        "A Point or LineString needs `length_m` and `depth_m`."
    )
    complete_bodies(schemas)
    answers = {**_read("schemas"), **object_schemas()}
    answers["Status"]["enum"] = sorted(STATES)
    return {**schemas, **answers}
