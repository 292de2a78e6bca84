"""A town's own values of rule parameters: rules.yaml of its folder, stored in table town_parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.errors import BadTownFolder
from geo_service.occupations.parameters import TownParameter, parameters
from geo_service.sql.loader import statements

_KEYS = {"legal_source", "values"}


def read_overrides(path: Path, ags: str) -> tuple[TownParameter, ...]:
    """The values of a rules.yaml; none where there is no file. Raises BadTownFolder with file and line."""
    if not path.is_file():
        return ()
    source = path.read_text(encoding="utf-8")
    try:
        document = yaml.safe_load(source) or {}
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise BadTownFolder(f"{path}:{line}: not readable as YAML.") from error
    if not isinstance(document, dict):
        raise BadTownFolder(f"{path}:1: parameters with their values are needed.")
    starts = {line.split(":")[0]: number for number, line in enumerate(source.splitlines(), start=1)}
    found: list[TownParameter] = []
    for name, entry in document.items():
        found += _values(str(name), entry, ags, f"{path}:{starts.get(str(name), 1)}")
    return tuple(found)


def _values(name: str, entry: Any, ags: str, at: str) -> list[TownParameter]:
    if name not in parameters():
        raise BadTownFolder(f"{at}: the rules have no parameter {name!r}.")
    if not isinstance(entry, dict) or set(entry) != _KEYS or not isinstance(entry["legal_source"], str):
        raise BadTownFolder(f"{at}: {name} needs legal_source and values, and nothing else.")
    values = entry["values"]
    if not isinstance(values, dict) or not values:
        raise BadTownFolder(f"{at}: {name} needs values: a number for each first day in force.")
    for day, value in values.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(day, date) or not is_number or not math.isfinite(value) or value < 0:
            raise BadTownFolder(f"{at}: {name} needs a day and a number from 0 up, not {day}: {value}.")
    source = entry["legal_source"]
    return [
        TownParameter(town=ags, parameter=name, first_day=day, value=float(value), legal_source=source)
        for day, value in values.items()
    ]


def save_overrides(owner: Session, ags: str, overrides: Sequence[TownParameter]) -> None:
    """Store the values of a town in place of those it had. As the owner; running services follow in a second."""
    named = statements("towns")
    owner.execute(text(named["forget_parameters"]), {"ags": ags})
    for override in overrides:
        owner.execute(
            text(named["save_parameter"]),
            {
                "ags": ags,
                "parameter": override.parameter,
                "first_day": override.first_day,
                "value": override.value,
                "legal_source": override.legal_source,
            },
        )
