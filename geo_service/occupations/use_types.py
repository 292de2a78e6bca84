"""The special uses a town may allow, from data/use_types.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

import yaml

from geo_service.errors import SetupError
from geo_service.packed import data_folder


@dataclass(frozen=True, kw_only=True, slots=True)
class UseType:
    """One use; `lead_time_days` None means the general lead time of the town holds."""

    code: str
    de: str
    en: str
    exclusive: bool
    digs: bool
    led_by: str
    lead_time_days: int | None
    documents: tuple[str, ...]


@cache
def use_types() -> Mapping[str, UseType]:
    """All uses by code, in the order of the file. Raises SetupError when an entry is faulty."""
    path = data_folder() / "use_types.yaml"
    found = {}
    for code, entry in yaml.safe_load(path.read_text(encoding="utf-8")).items():
        try:
            found[code] = UseType(code=code, **{**entry, "documents": tuple(entry["documents"])})
        except (TypeError, KeyError) as error:
            raise SetupError(f"{path}: the use {code!r} is faulty: {error}") from error
    return MappingProxyType(found)
