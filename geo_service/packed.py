"""Where the declarative files are: beside the package in a checkout, inside it in a wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _room(name: str) -> Path:
    packed = _PACKAGE / "_packed" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def data_folder() -> Path:
    """`data/`: towns, parameters, use types, demo."""
    return _room("data")


def maps_folder() -> Path:
    """`maps/`: one declarative file per map view."""
    return _room("maps")
