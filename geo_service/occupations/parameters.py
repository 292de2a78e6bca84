"""Dated parameters: data/parameters.yaml for everyone, table town_parameter for a town of its own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from geo_service.errors import BadRuleFile
from geo_service.packed import data_folder

UNITS = ("m", "m2", "days", "years", "hours", "factor")  # hours: of the day, 8.5 is half past eight
_KEYS = {"title", "unit", "legal_source", "unverified", "values"}


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedValue:
    """A value from its first day on, with its source."""

    first_day: date
    value: float
    legal_source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One named number of the rules; `values` ascending by first day."""

    name: str
    title: Mapping[str, str]
    unit: str
    unverified: bool
    values: tuple[DatedValue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TownParameter:
    """A town's own value from its first day on."""

    town: str
    parameter: str
    first_day: date
    value: float
    legal_source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ValueInForce:
    """What holds for one town on one day; `of_town` says that it is the town's own value."""

    name: str
    title: Mapping[str, str]
    unit: str
    value: float
    first_day: date
    legal_source: str
    unverified: bool
    of_town: bool


def read_parameters(path: Path) -> dict[str, Parameter]:
    """All parameters of a file. Raises BadRuleFile with file and line for a faulty one."""
    source = path.read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise BadRuleFile(f"{path.name}: {error}".replace("\n", " ")) from error
    lines = {
        line.split(":")[0]: number
        for number, line in enumerate(source.splitlines(), start=1)
        if line[:1].isalpha()
    }
    return {
        name: _parameter(name, entry, f"{path.name}:{lines.get(name, 1)}") for name, entry in document.items()
    }


def _parameter(name: str, entry: Any, at: str) -> Parameter:
    if not isinstance(entry, dict):
        raise BadRuleFile(f"{at}: the parameter {name} has no content.")
    for key in sorted(set(entry) - _KEYS):
        raise BadRuleFile(f"{at}: the parameter {name} has an unknown key {key!r}.")
    title, unit, source = entry.get("title"), entry.get("unit"), entry.get("legal_source")
    if not (isinstance(title, dict) and title.get("de") and title.get("en")):
        raise BadRuleFile(f"{at}: the parameter {name} needs a title in de and en.")
    if unit not in UNITS:
        raise BadRuleFile(f"{at}: the parameter {name} needs a unit, one of {', '.join(UNITS)}.")
    if not isinstance(source, str) or not source:
        raise BadRuleFile(f"{at}: the parameter {name} needs a legal_source.")
    values = entry.get("values")
    if (
        not isinstance(values, dict)
        or not values
        or not all(_is_dated(day, value) for day, value in values.items())
    ):
        raise BadRuleFile(f"{at}: the parameter {name} needs values: a number for each first day in force.")
    dated = (
        DatedValue(first_day=day, value=float(values[day]), legal_source=source) for day in sorted(values)
    )
    return Parameter(
        name=name,
        title=title,
        unit=unit,
        unverified=bool(entry.get("unverified", False)),
        values=tuple(dated),
    )


def _is_dated(day: object, value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(day, date) and number


@cache
def parameters() -> Mapping[str, Parameter]:
    """The parameters of this installation, read once."""
    return MappingProxyType(read_parameters(data_folder() / "parameters.yaml"))


def refuse_unknown_overrides(overrides: Iterable[TownParameter], known: Mapping[str, Parameter]) -> None:
    """Raises BadRuleFile when a town has a value for a parameter that does not exist."""
    for override in overrides:
        if override.parameter not in known:
            raise BadRuleFile(f"Town {override.town}: the rules have no parameter {override.parameter!r}.")


def values_in_force(
    known: Mapping[str, Parameter], overrides: Iterable[TownParameter], town: str | None, day: date
) -> dict[str, ValueInForce]:
    """Each parameter's value for a town on a day; a parameter before its first day is left out."""
    own: dict[str, TownParameter] = {}
    for override in sorted(overrides, key=lambda each: each.first_day):
        if override.town == town and override.first_day <= day:
            own[override.parameter] = override
    found = {}
    for name, parameter in known.items():
        general = [value for value in parameter.values if value.first_day <= day]
        chosen = own.get(name) or (general[-1] if general else None)
        if chosen is not None:
            found[name] = ValueInForce(
                name=name,
                title=parameter.title,
                unit=parameter.unit,
                value=chosen.value,
                first_day=chosen.first_day,
                legal_source=chosen.legal_source,
                unverified=parameter.unverified and name not in own,
                of_town=name in own,
            )
    return found


@lru_cache(maxsize=256)
def general_value(name: str, day: date) -> float:
    """The value for everyone on a day. Raises BadRuleFile when there is none."""
    found = values_in_force(parameters(), (), None, day).get(name)
    if found is None:
        raise BadRuleFile(f"data/parameters.yaml: {name} has no value in force on {day}.")
    return found.value
