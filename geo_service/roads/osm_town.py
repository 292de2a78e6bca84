"""A municipality found in an OpenStreetMap file as a plain town folder: a map, no requests yet."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Collection
from pathlib import Path

import shapely

from geo_service.crs import to_lonlat
from geo_service.errors import BadTownFolder
from geo_service.roads.osm_boundaries import ACCURACY_M, ATTRIBUTION, OsmMunicipality

_TOWN_TOML = """\
# Written by an import of roads: the municipality whose boundary the road file holds. Settings are neutral.
ags = {ags}
slug = {slug}
name = {name}
kind = {kind}
reference_prefix = {prefix}
accepts_requests = false
demo = false
boundary_accuracy_m = {accuracy_m}
time_zone = "Europe/Berlin"

[texts.de]
greeting = {greeting_de}
contact = {name}
legal_remedy = "Noch nicht hinterlegt."

[texts.en]
greeting = {greeting_en}
contact = {name}
legal_remedy = "Not stored yet."
"""
_GREETING_DE = (
    "{name} nimmt hier noch keine Anträge entgegen. Die Karte zeigt, was im Straßenraum bekannt ist."
)
_GREETING_EN = "{name} does not accept requests here yet. The map shows what is known in the street."


def write_town_folder(municipality: OsmMunicipality, folder: Path, taken_prefixes: Collection[str]) -> None:
    """Write town.toml and boundary.geojson into `folder`, as `towns add` reads them.

    Raises BadTownFolder if no slug or free prefix of references can be made from the name.
    """
    values = {
        "ags": municipality.ags,
        "slug": slug_of(municipality.name),
        "name": municipality.name,
        "kind": "Stadt" if "stadt" in municipality.kind.lower() else "Gemeinde",
        "prefix": _free_prefix(municipality.name, taken_prefixes),
        "accuracy_m": ACCURACY_M,
        "greeting_de": _GREETING_DE.format(name=municipality.name),
        "greeting_en": _GREETING_EN.format(name=municipality.name),
    }
    # A JSON string without escapes of its own is a TOML string.
    quoted = {key: json.dumps(value, ensure_ascii=False) for key, value in values.items()}
    (folder / "town.toml").write_text(_TOWN_TOML.format(**quoted), encoding="utf-8")
    boundary = {
        "type": "Feature",
        "properties": {"attribution": ATTRIBUTION, "licence": "ODbL-1.0"},
        "geometry": shapely.geometry.mapping(to_lonlat(municipality.boundary)),
    }
    (folder / "boundary.geojson").write_text(json.dumps(boundary), encoding="utf-8")


def slug_of(name: str) -> str:
    """The name as it stands in an address.

    >>> slug_of("Groß-Rohrheim"), slug_of("Bürstadt"), slug_of("Limburg an der Lahn")
    ('gross-rohrheim', 'buerstadt', 'limburg-an-der-lahn')
    """
    slug = re.sub("[^a-z0-9]+", "-", _plain_letters(name).lower()).strip("-")[:60].strip("-")
    if not slug:
        raise BadTownFolder(f"No address can be made from the name {name!r}.")
    return slug


def _free_prefix(name: str, taken: Collection[str]) -> str:
    letters = re.sub("[^A-Z]", "", _plain_letters(name).upper())
    for length in (3, 4, 5, 2):
        if len(letters) >= length and letters[:length] not in taken:
            return letters[:length]
    raise BadTownFolder(f"No free prefix of references can be made from the name {name!r}.")


def _plain_letters(name: str) -> str:
    for letter, plain in (
        ("ä", "ae"),
        ("ö", "oe"),
        ("ü", "ue"),
        ("Ä", "Ae"),
        ("Ö", "Oe"),
        ("Ü", "Ue"),
        ("ß", "ss"),
    ):
        name = name.replace(letter, plain)
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
