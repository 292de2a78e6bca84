"""GDAL, for files that only it can read."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def gdal() -> Any:
    """The module pyogrio, loaded when it is used: it brings pandas and pyarrow along, some 0.4 s."""
    return import_module("pyogrio")
