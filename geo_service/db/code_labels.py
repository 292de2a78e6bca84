"""Loads the labels of all codes from data/ into `code_label`; the files are the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection

from geo_service.errors import SetupError
from geo_service.packed import data_folder
from geo_service.sql.loader import statements, text


def read_labels(folder: Path) -> list[dict[str, str]]:
    """Rows of list, code, de, en from codes.yaml and use_types.yaml; SetupError if a label is missing."""
    lists: dict[str, dict[str, Any]] = yaml.safe_load((folder / "codes.yaml").read_text(encoding="utf-8"))
    lists["use_type"] = yaml.safe_load((folder / "use_types.yaml").read_text(encoding="utf-8"))
    rows = []
    for name, codes in lists.items():
        for code, label in codes.items():
            if not (isinstance(label, dict) and label.get("de") and label.get("en")):
                raise SetupError(f"{folder}: the code {name}/{code} needs a label in de and en.")
            rows.append({"list": name, "code": str(code), "de": label["de"], "en": label["en"]})
    return rows


def load_labels(connection: Connection) -> None:
    """Write the labels as the owner; codes that are gone from the files are removed."""
    rows = read_labels(data_folder())
    named = statements("codes")
    connection.execute(text(named["write_label"]), rows)
    connection.execute(
        text(named["remove_other_labels"]),
        {"lists": [row["list"] for row in rows], "codes": [row["code"] for row in rows]},
    )
