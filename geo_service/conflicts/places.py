"""The fixed objects around an occupation as the place rules see them."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Row

from geo_service.conflicts.finding import FixedObject
from geo_service.conflicts.rule_file import OBJECTS
from geo_service.conflicts.when import long_day
from geo_service.conflicts.words import code_labels
from geo_service.interval import Interval
from geo_service.occupations.locate import Location, Street

_OUTSIDE = {"de": "eine Kommune außerhalb dieses Dienstes", "en": "a town outside this service"}
_UNNAMED = {"de": "einer Straße ohne Namen", "en": "a street without a name"}
_UNNAMED_SEGMENT = {"de": "eine Straße ohne Namen", "en": "a street without a name"}


def border_row(location: Location) -> dict[str, Any]:
    """The columns of `border_rows` in sql/places.sql.

    Where no town is known at all, everything is outside; JSON has no infinity, so a length no map has.
    """
    if location.gap_m is None:
        return {
            "outside_m": 1e9,
            "distance_m": 1e9,
            "second_m2": 0.0,
            "accuracy_m": 0.0,
            "place_de": "",
            "place_en": "",
        }
    shared = sorted((town.shared_m2 for town in location.towns), reverse=True)
    distance_m = location.gap_m if location.border_m is None else location.border_m
    return {
        "outside_m": location.gap_m,
        "distance_m": distance_m,
        "second_m2": shared[1] if len(shared) > 1 else 0.0,
        "accuracy_m": location.accuracy_m,
        **{f"place_{lang}": _names(location, lang) for lang in ("de", "en")},
    }


def _names(location: Location, language: str) -> str:
    names = [town.name for town in location.towns]
    if len(names) == 1:
        names.append(_OUTSIDE[language])
    return ", ".join(names)


def road_rows(location: Location) -> list[dict[str, Any]]:
    """The columns of `road_rows`: one row for each number and owner, so that a long area is told once."""
    first: dict[tuple[str, str | None, str | None], Street] = {}
    for street in location.streets:
        first.setdefault((street.road_class, street.road_number, street.road_owner), street)
    return [
        {
            "road_class": street.road_class,
            "road_number": street.road_number,
            "road_owner": street.road_owner,
            "segment_id": street.segment_id,
            "place_de": _street_name(street, "de"),
            "place_en": _street_name(street, "en"),
        }
        for street in first.values()
    ]


def _street_name(street: Street, language: str) -> str:
    if street.road_number and street.street_name:
        return f"{street.street_name} ({street.road_number})"
    return street.road_number or street.street_name or _UNNAMED[language]


# Objects whose kind has a label in data/codes.yaml: "Schule „Am Kappesgarten“".
_LABELS = {
    **dict.fromkeys(("school", "bus_stop", "hydrant"), "facility_kind"),
    "fire_area": "fire_area_kind",
}
_UNTIL = {"de": " (bis {day})", "en": " (until {day})"}
_QUOTES = {"de": "{label} „{name}“", "en": "{label} “{name}”"}


def place_words(row: Row[Any]) -> dict[str, str]:
    """What stands in the {place} hole of a rule's explanation, by language."""
    if row.other_collection == "no_dig_period":
        until = Interval(row.other_start, row.other_end).last_day()
        return {
            language: (row.label or unnamed) + _until(until, language)
            for language, unnamed in _UNNAMED_SEGMENT.items()
        }
    if row.other_collection == "segment":
        return {language: row.label or unnamed for language, unnamed in _UNNAMED_SEGMENT.items()}
    if row.other_collection not in OBJECTS or row.other_source is None:
        return {"de": row.place_de or "", "en": row.place_en or ""}
    if row.other_collection not in _LABELS:
        return {"de": row.place_de or row.label or "", "en": row.place_en or row.label or ""}
    labels = code_labels(_LABELS[row.other_collection])[row.kind]
    return {
        language: _QUOTES[language].format(label=label, name=row.label) if row.label else label
        for language, label in labels.items()
    }


def _until(day: date | None, language: str) -> str:
    return "" if day is None else _UNTIL[language].format(day=long_day(day, language))


def fixed_object_of_row(row: Row[Any]) -> FixedObject | None:
    """The object of a place rule that has a key of its own; a border, road or segment has none."""
    if row.other_source is None or row.other_collection not in OBJECTS:
        return None
    return FixedObject(kind=row.other_collection, source_id=str(row.other_source), town=row.other_town)
