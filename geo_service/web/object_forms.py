"""The forms of the desk as object_forms.yaml says them; static/js/object.js reads them by their names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from geo_service.web.object_kinds import ServedKind


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """One text in both languages."""

    de: str
    en: str


class Field(_Part):
    """One property. name: its path in the body. numeric: its codes are numbers. step: of numbers.

    nothing: how people say of a list that it is empty, where that is another thing than not stating it.
    """

    name: str
    de: str
    en: str
    input: Literal["text", "tel", "day", "time", "number", "check", "choice", "many", "id"] = "text"
    codes: str | None = None
    needed: bool = False
    numeric: bool = False
    hint: Words | None = None
    nothing: Words | None = None
    step: float = 0.1
    preset: str | None = None


class Group(_Part):
    """Fields under one heading; `folded` ones are of use now and then."""

    de: str
    en: str
    fields: tuple[Field, ...]
    folded: bool = False


class Form(_Part):
    """The page of one kind: its name in the plural and of a new one, and what is filled in."""

    many: Words
    one: Words
    about: Words
    groups: tuple[Group, ...]
    shape: Literal["area", "line"] = "area"


@cache
def forms() -> Mapping[str, Form]:
    """Every form by the path of its kind, read once."""
    source = files("geo_service.web").joinpath("object_forms.yaml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.safe_load(source)
    return {path: Form.model_validate(form) for path, form in document["forms"].items()}


def stated_properties(served: ServedKind[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """What of an answer can be sent back as it is: statable, and neither unknown nor read off the drawing.

    An empty list is what nobody stated, but for `takes`: nothing of the street is something to say.
    """
    properties = served.feature.model_fields["properties"].annotation
    names = {field.alias or name for name, field in properties.model_fields.items()}
    derived = {"takes"} if told.get("takes_derived") else set()
    return {
        name: value
        for name, value in told.items()
        if name in names - derived and value is not None and (value != [] or name == "takes")
    }
