"""Conditions put together from the pieces of sql/filters.sql; values only ever as bound parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from psycopg import sql

from geo_service.ogc.properties import Kind, Property
from geo_service.sql.loader import statements

BOUND = re.compile(r"(?<!:):([a-z_]+)")
_VALUE_PIECES: Mapping[str, str] = {
    "text": "text_value", "number": "number_value", "boolean": "boolean_value", "instant": "instant_value",
    "date": "date_value", "list": "list_value", "geometry": "geometry_value", "numbers": "numbers_value",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """Part of a WHERE, and the values of its parameters."""

    text: str
    values: Mapping[str, Any]


@cache
def bare(subject: str, name: str) -> str:
    """A named text without its description, parameters in psycopg's form."""
    lines = statements(subject)[name].splitlines()
    return BOUND.sub(r"%(\1)s", "\n".join(line for line in lines if not line.startswith("--")).strip())


def piece(name: str, **slots: str) -> str:
    """A piece of filters.sql, its slots filled with other pieces."""
    return bare("filters", name).format(**slots)


@cache
def expression(one: Property) -> str:
    """A property as it is published."""
    return piece(one.piece, column=sql.Identifier(one.column).as_string(None))


@dataclass(slots=True)
class Values:
    """Gives each value a name of its own. prefix: keeps apart what becomes part of one statement."""

    prefix: str
    bound: dict[str, Any] = field(default_factory=dict)

    def bind(self, kind: Kind | str, value: Any) -> str:
        """The value as a parameter of a kind."""
        name = f"{self.prefix}{len(self.bound)}"
        self.bound[name] = value
        return piece(_VALUE_PIECES[kind], value=f"%({name})s")
