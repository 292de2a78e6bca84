"""Fills the texts of a rule: numbers with their unit, in the way of the language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from geo_service.packed import data_folder

_UNITS = {"m": "m", "m2": "m²", "factor": ""}
_DAYS = {"de": ("Tag", "Tage"), "en": ("day", "days")}
_NOT_KNOWN = {"de": "unbekannt", "en": "unknown"}
_MISSING = {
    "de": " Das steht nicht fest, denn es fehlt: {facts}.",
    "en": " This is not certain, because a fact is missing: {facts}.",
}


@cache
def code_labels(name: str) -> Mapping[str, Mapping[str, str]]:
    """The labels of one list of data/codes.yaml."""
    lists: dict[str, Any] = yaml.safe_load((data_folder() / "codes.yaml").read_text(encoding="utf-8"))
    return {str(code): label for code, label in lists[name].items()}


def quantity(value: float | None, unit: str | None, language: str) -> str:
    """12.345, m2, de → "12,35 m²"; at most two decimals, none that say nothing."""
    if value is None or not math.isfinite(value):
        return _NOT_KNOWN[language]
    if unit == "days":
        return f"{value:.0f} {_DAYS[language][abs(value) != 1]}"
    number = f"{value:,.2f}" if unit != "m" or abs(value) < 100 else f"{value:,.0f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    if language == "de":
        number = number.translate({ord(","): ".", ord("."): ","})
    return f"{number} {_UNITS.get(unit or '', '')}".strip()


def explain(
    template: Mapping[str, str],
    *,
    measured: float | None,
    limit: float | None,
    unit: str | None,
    place: Mapping[str, str],
    missing: tuple[str, ...],
) -> dict[str, str]:
    """The explanation in each language; the label of the other object stays open until it is shown."""
    found = {}
    for language, words in template.items():
        text = words.replace("{measured}", quantity(measured, unit, language))
        text = text.replace("{limit}", quantity(limit, unit, language)).replace(
            "{place}", place.get(language, "")
        )
        if missing:
            names = (code_labels("fact").get(fact, {}).get(language, fact) for fact in missing)
            text += _MISSING[language].format(facts=", ".join(names))
        found[language] = text
    return found
