"""tariff.yaml of a town folder: a list of versions, every fault with file and line."""

from __future__ import annotations

from collections.abc import Collection
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from geo_service.fees.tariff import Tariff
from geo_service.towns.faults import Document, Fault, faults_of, read_yaml


def read_tariff_file(file: Path, known_uses: Collection[str]) -> list[Tariff]:
    """The versions in `file`, by first day in force; none when there is no such file.

    Raises BadTownFolder with file and line of every fault.
    """
    if not file.exists():
        return []
    document = read_yaml(file)
    versions = _versions(document)
    tariffs: list[tuple[int, Tariff]] = []
    faults: list[Fault] = []
    for number, version in enumerate(versions):
        place = ("tariffs", number)
        try:
            tariff = Tariff.model_validate(version)
        except ValidationError as error:
            faults += [Fault((*place, *fault.place), fault.detail) for fault in faults_of(error)]
        else:
            faults += _unknown_uses(place, tariff, known_uses)
            tariffs.append((number, tariff))
    tariffs.sort(key=lambda numbered: numbered[1].valid_from)
    faults += _overlaps(tariffs)
    if faults:
        raise document.refuse(faults)
    return [tariff for _, tariff in tariffs]


def _versions(document: Document) -> list[Any]:
    content = document.content
    if (
        not isinstance(content, dict)
        or not isinstance(content.get("tariffs"), list)
        or not content["tariffs"]
    ):
        raise document.refuse(
            [Fault(("tariffs",), "a list under the key `tariffs` is wanted, one entry for each version")]
        )
    unknown = [
        Fault((key,), f"{key}: is not a known key; known is tariffs") for key in content if key != "tariffs"
    ]
    if unknown:
        raise document.refuse(unknown)
    return list(content["tariffs"])


def _unknown_uses(place: tuple[str | int, ...], tariff: Tariff, known_uses: Collection[str]) -> list[Fault]:
    lists = [("items", number, item.use_types) for number, item in enumerate(tariff.items)]
    lists += [("surcharges", number, extra.use_types) for number, extra in enumerate(tariff.surcharges)]
    return [
        Fault((*place, kind, number, "use_types", at), f"{use!r} is not a known use_type")
        for kind, number, uses in lists
        for at, use in enumerate(uses)
        if use not in known_uses
    ]


def _overlaps(tariffs: list[tuple[int, Tariff]]) -> list[Fault]:
    """Versions that begin together, or before the last day that an earlier one names."""
    faults = []
    for (_, earlier), (number, later) in pairwise(tariffs):
        last = earlier.valid_from if earlier.valid_until is None else earlier.valid_until
        if later.valid_from <= last:
            detail = (
                f"overlaps the version from {earlier.valid_from}: both are in force on {later.valid_from}"
            )
            faults.append(Fault(("tariffs", number, "valid_from"), detail))
    return faults
