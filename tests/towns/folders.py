"""Writes town folders for the tests: Neustadt, a square beside Bensheim that no shipped town has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

TOML = """\
ags = "06999001"
slug = "neustadt"
name = "Neustadt"
kind = "Stadt"
reference_prefix = "NEU"
accepts_requests = true
demo = true
boundary_accuracy_m = 5
published_uses_except = ["umzug_halteverbot"]
website_origins = ["https://www.example.org"]

[lead_time_days]
geruest = 10

[texts.de]
greeting = "Willkommen"
contact = "Bauamt"
legal_remedy = "Muster"

[texts.en]
greeting = "Welcome"
contact = "Building office"
legal_remedy = "Sample"
"""
TARIFF = """\
tariffs:
  - valid_from: 2025-01-01
    official: true
    legal_source: Satzung
    mode: cheapest
    items:
      - label: {de: Gerüst, en: Scaffold}
        use_types: [geruest]
        basis: m2
        prices:
          - {unit: day, eur: 1.50}
"""
RULES = """\
overlap_noise_m2:
  legal_source: Satzung § 3
  values:
    2026-01-01: 0.5
"""
SQUARE = [[9.0, 50.0], [9.1, 50.0], [9.1, 50.1], [9.0, 50.1], [9.0, 50.0]]


def boundary(coordinates: Any = None, kind: str = "Polygon", **more: Any) -> str:
    """A Feature with one position a line, so that a fault has a line of its own."""
    feature = {
        "type": "Feature",
        "properties": {"attribution": "Vermessungsamt Neustadt", "licence": "dl-de/zero-2-0"},
        "geometry": {"type": kind, "coordinates": [SQUARE] if coordinates is None else coordinates},
    }
    return json.dumps(feature | more, indent=1)


def write_folder(
    at: Path,
    *,
    toml: str = TOML,
    geojson: str | None = None,
    tariff: str | None = TARIFF,
    rules: str | None = RULES,
) -> Path:
    at.mkdir(exist_ok=True)
    (at / "town.toml").write_text(toml, encoding="utf-8")
    (at / "boundary.geojson").write_text(boundary() if geojson is None else geojson, encoding="utf-8")
    for name, content in (("tariff.yaml", tariff), ("rules.yaml", rules)):
        (at / name).unlink(missing_ok=True)
        if content is not None:
            (at / name).write_text(content, encoding="utf-8")
    return at
