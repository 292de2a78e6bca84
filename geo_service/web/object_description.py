"""The part of the interface description that is the same for every kind: operations, answers, bodies."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

from geo_service.web.object_kinds import SERVED

Document = dict[str, Any]
_LINE = {"properties": {"type": {"enum": ["LineString", "MultiLineString"]}}}


def _text(name: str) -> str:
    return files("geo_service.web").joinpath("description", f"{name}.yaml").read_text(encoding="utf-8")


def object_operations() -> Document:
    """What each operation of each kind answers, in the form of description/operations.yaml."""
    source = _text("objects")
    kinds: Document = yaml.safe_load(source.partition("\noperations:")[0])["kinds"]
    template = "operations:" + source.partition("\noperations:")[2]
    told: Document = {}
    for name, words in kinds.items():
        filled = template
        for slot, word in (
            ("name", name), ("Schema", words["schema"]), ("one", words["one"]), ("many", words["many"]),
        ):  # fmt: skip
            filled = filled.replace(f"«{slot}»", word)
        told |= yaml.safe_load(filled)["operations"]
    return told


def object_schemas() -> Document:
    """The answers: one object, and a page of them, for each kind."""
    said: Document = yaml.safe_load(_text("object_schemas"))
    kinds: Document = yaml.safe_load(_text("objects").partition("\noperations:")[0])["kinds"]
    schemas: Document = dict(said["parts"])
    for served in SERVED:
        words = kinds[served.one]
        line = {**said["every"], **said["own"][words["schema"]]}
        more = dict(said["history"]) | (said["occupying"] if served.occupies else said["placed"])
        if served.path in ("construction-sites", "events"):
            more |= said["standing"]
        schemas[words["schema"]] = _feature(f"{words['one']} as its desk reads it".capitalize(), line | more)
        schemas[f"{words['schema']}Page"] = _page(words["many"], line)
    return schemas


def complete_bodies(schemas: Document) -> None:
    """What the models of the bodies check in code, said in their schemas too."""
    place = {"$ref": "#/components/schemas/Geometry"}
    for served in SERVED:
        body = schemas[served.feature.__name__]
        line_needed = served.path == "detours"
        body["properties"]["geometry"] = {**place, **_LINE} if line_needed else place
        properties = schemas[body["properties"]["properties"]["$ref"].rpartition("/")[2]]["properties"]
        if "detour" in properties:
            properties["detour"] = {"oneOf": [{**place, **_LINE}, {"type": "null"}]}


def _feature(description: str, properties: Document) -> Document:
    return {
        "description": description,
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string", "format": "uuid"},
            "geometry": {"$ref": "#/components/schemas/Geometry"},
            "properties": {"type": "object", "required": list(properties), "properties": properties},
        },
    }


def _page(many: str, properties: Document) -> Document:
    link = {"type": "object", "required": ["rel", "href", "type"]}
    link["properties"] = {name: {"type": "string"} for name in ("rel", "href", "type")}  # type: ignore[assignment]
    return {
        "description": f"A page of {many}; `cursor` and the link `next` lead on",
        "type": "object",
        "required": ["type", "features", "numberReturned", "cursor"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": _feature(f"One of the {many}", properties)},
            "numberReturned": {"type": "integer", "minimum": 0},
            "cursor": {"type": ["string", "null"]},
            "links": {"type": "array", "items": link},
        },
    }
