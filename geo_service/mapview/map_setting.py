"""What a page tells its map and what it gets: without Folium, which brings 70 MB of libraries along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Bounds = tuple[float, float, float, float]  # CRS84: west, south, east, north


@dataclass(frozen=True, kw_only=True, slots=True)
class MapSetting:
    """What a page tells its map. focus: AGS of the town that stands out. data: only for a map on disk.

    credits: whom to name, by what a layer says under `attribution`.
    """

    language: str
    bounds: Bounds
    focus: str | None = None
    day: str | None = None
    base: str = ""
    drawing: bool = False
    data: Mapping[str, Any] | None = None
    notice: str | None = None
    credits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class MapParts:
    """Rendered markup for the three places of a page."""

    head: str
    body: str
    script: str


def script_json(value: Any) -> str:
    """JSON that cannot end the script element it stands in, nor start a comment or a template."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&'\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
