"""Labels of codes for pages and documents, from data/codes.yaml and data/use_types.yaml."""

from __future__ import annotations

from functools import cache

from geo_service.db.code_labels import read_labels
from geo_service.packed import data_folder


@cache
def _labels() -> dict[tuple[str, str], dict[str, str]]:
    return {(row["list"], row["code"]): row for row in read_labels(data_folder())}


def label(code_list: str, code: str, language: str) -> str:
    """The label of a code; the code itself where there is none: readers tolerate codes they do not know."""
    row = _labels().get((code_list, code))
    return code if row is None else row[language]


def labels_of(code_list: str) -> list[tuple[str, dict[str, str]]]:
    """All codes of a list with their labels, in the order of the file."""
    return [(code, row) for (name, code), row in _labels().items() if name == code_list]
