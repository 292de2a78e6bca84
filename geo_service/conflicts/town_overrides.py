"""A town's own values of rule parameters: rules.yaml of its folder, stored in table town_parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from geo_service.occupations.parameters import TownParameter, parameters
from geo_service.sql.loader import statements, text
from geo_service.towns.faults import Fault, read_yaml

_KEYS = {"legal_source", "values"}


def read_overrides(path: Path, ags: str) -> tuple[TownParameter, ...]:
    """The values of a rules.yaml; none where there is no file. Raises BadTownFolder with file and line."""
    if not path.exists():
        return ()
    document = read_yaml(path)
    if document.content is None:
        return ()
    if not isinstance(document.content, dict):
        raise document.refuse([Fault((), "parameters with their values are needed")])
    faults = [fault for name, entry in document.content.items() for fault in _faults(str(name), entry)]
    if faults:
        raise document.refuse(faults)
    return tuple(
        TownParameter(
            town=ags, parameter=name, first_day=day, value=float(value), legal_source=entry["legal_source"]
        )
        for name, entry in document.content.items()
        for day, value in entry["values"].items()
    )


def _faults(name: str, entry: Any) -> list[Fault]:
    if name not in parameters():
        return [Fault((name,), f"the rules have no parameter {name!r}")]
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        return [Fault((name,), f"{name} needs legal_source and values, and nothing else")]
    source, values = entry["legal_source"], entry["values"]
    faults = []
    if not isinstance(source, str) or not source.strip():
        faults.append(Fault((name, "legal_source"), f"{name} needs a legal_source in words"))
    if not isinstance(values, dict) or not values:
        return [
            *faults,
            Fault((name, "values"), f"{name} needs values: a number for each first day in force"),
        ]
    for day, value in values.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if type(day) is not date or not is_number or not math.isfinite(value) or value < 0:
            detail = f"{name} needs a day and a number from 0 up, not {day}: {value}"
            faults.append(Fault((name, "values", str(day)), detail))
    return faults


def save_overrides(owner: Session, ags: str, overrides: Sequence[TownParameter]) -> bool:
    """Store the values of a town in place of those it had; True if something changed. As the owner."""
    named = statements("towns")
    stored = owner.execute(text(named["stored_parameters"]), {"ags": ags}).mappings()
    if {TownParameter(**row) for row in stored} == set(overrides):
        return False
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
    return True
