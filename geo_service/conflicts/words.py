"""Fills the texts of a rule: numbers with their unit, in the way of the language."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from geo_service.conflicts.when import when_text
from geo_service.interval import Interval
from geo_service.occupations.use_types import use_types
from geo_service.packed import data_folder

_UNITS = {"m": "m", "m2": "m²", "factor": ""}
_COUNTED = {
    "days": {"de": ("Tag", "Tage"), "en": ("day", "days")},
    "years": {"de": ("Jahr", "Jahre"), "en": ("year", "years")},
}
_CLOCK = {"de": "{hour}:{minute:02} Uhr", "en": "{hour}:{minute:02}"}
_NOT_KNOWN = {"de": "unbekannt", "en": "unknown"}
_DOUBT = {"de": " Ob das zutrifft, steht nicht fest.", "en": " Whether this holds is not certain."}
_MISSING = {
    "de": " Es fehlt: {facts}.",
    "en": " What is missing: {facts}.",
}


@cache
def code_labels(name: str) -> Mapping[str, Mapping[str, str]]:
    """The labels of one list of data/codes.yaml."""
    lists: dict[str, Any] = yaml.safe_load((data_folder() / "codes.yaml").read_text(encoding="utf-8"))
    return {str(code): label for code, label in lists[name].items()}


def quantity(value: float | None, unit: str | None, language: str) -> str:
    """12.345, m2, de → "12,3 m²"; no more decimals than the drawing gives, none that say nothing.

    Two, but none from 100 m on and one from 10 m² on.
    """
    if value is None or not math.isfinite(value):
        return _NOT_KNOWN[language]
    if unit in _COUNTED:
        return f"{_separated(f'{value:,.0f}', language)} {_COUNTED[unit][language][abs(value) != 1]}"
    if unit == "hours":  # of the day
        hour, minute = divmod(round(value * 60), 60)
        return _CLOCK[language].format(hour=hour, minute=minute)
    number = f"{value:,.{_decimals(abs(value), unit)}f}"
    if "." in number:
        number = number.rstrip("0").rstrip(".")
    return f"{_separated(number, language)} {_UNITS.get(unit or '', '')}".strip()


def _separated(number: str, language: str) -> str:
    return number.translate({ord(","): ".", ord("."): ","}) if language == "de" else number


def _decimals(size: float, unit: str | None) -> int:
    if unit == "m2":
        return 2 if size < 10 else 1  # as the fee counts areas
    return 0 if unit == "m" and size >= 100 else 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What a finding fills the holes of its rule's words with. measured, limit: in `unit`.

    doubt_said: the words are those of what is not certain.
    """

    measured: float | None
    limit: float | None
    unit: str | None
    place: Mapping[str, str]
    during: Interval | None
    missing: tuple[str, ...]
    doubt_said: bool


def explain(template: Mapping[str, str], told: Told) -> dict[str, str]:
    """The explanation in each language; the label of the other object stays open until it is shown."""
    found = {}
    for language, words in template.items():
        text = words.replace("{measured}", quantity(told.measured, told.unit, language))
        text = text.replace("{limit}", quantity(told.limit, told.unit, language))
        if "{when}" in text:
            text = text.replace("{when}", when_text(told.during, language))
        text = text.replace("{place}", told.place.get(language, ""))
        if told.missing:
            names = (code_labels("fact").get(fact, {}).get(language, fact) for fact in told.missing)
            doubt = "" if told.doubt_said else _DOUBT[language]
            text += doubt + _MISSING[language].format(facts=", ".join(names))
        found[language] = text
    return found


def source_in(legal_source: str, town: str | None) -> str:
    """A rule's source where it is applied: outside Hessen (AGS 06…) its road law can only be the model.

    The law of other Länder is not in the rule files; saying so is better than citing one that does not hold.
    """
    if "HStrG" not in legal_source or (town or "").startswith("06"):
        return legal_source
    return f"{legal_source}; HStrG gilt nur in Hessen, hier das entsprechende Landesrecht"


def other_label(collection: str, use_type: str | None, kind: str | None, label: str | None) -> dict[str, str]:
    """How people call it: the use of a permit; the title of a site or event, else its kind."""
    use = use_types().get(use_type or "")
    if use is not None:
        return {"de": use.de, "en": use.en}
    if label:
        return {"de": label, "en": label}
    lists = {"construction_sites": "kind", "events": "event_kind"}
    known = code_labels(lists[collection]).get(kind or "") if collection in lists else None
    return dict(known or code_labels("collection")[collection])
