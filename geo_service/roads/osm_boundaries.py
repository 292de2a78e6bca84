"""Municipal boundaries inside an OpenStreetMap file, as far as they close."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import osmium
import shapely
from shapely import MultiPolygon

from geo_service.crs import to_town
from geo_service.roads.osm_file import one_clear_error, read_in_order

_AGS = "de:amtlicher_gemeindeschluessel"
ATTRIBUTION = "© OpenStreetMap-Mitwirkende (ODbL 1.0)"
# Mapped from official surveys in Germany, by hand in part: what editors move is moved by metres.
ACCURACY_M = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class OsmMunicipality:
    """A municipality whose boundary the file holds completely; boundary: EPSG:25832, valid."""

    ags: str
    name: str
    kind: str
    boundary: MultiPolygon


def read_municipalities(path: Path) -> list[OsmMunicipality]:
    """Municipalities with an eight-digit AGS and a boundary that closes, by AGS; often none.

    Raises BadRoadFile for a file that cannot be read.
    """
    with one_clear_error(path):
        found = read_in_order(path, _municipalities)
    return [found[ags] for ags in sorted(found)]


def _municipalities(path: Path) -> dict[str, OsmMunicipality]:
    found: dict[str, OsmMunicipality] = {}
    factory = osmium.geom.WKBFactory()
    areas = osmium.FileProcessor(str(path)).with_areas(
        osmium.filter.TagFilter(("boundary", "administrative"))
    )
    areas.with_filter(osmium.filter.EntityFilter(osmium.osm.AREA)).with_filter(osmium.filter.KeyFilter(_AGS))
    for area in cast(Iterable[osmium.osm.Area], areas):
        municipality = _municipality(area, factory)
        if municipality is not None:
            found[municipality.ags] = municipality
    return found


def _municipality(area: osmium.osm.Area, factory: osmium.geom.WKBFactory) -> OsmMunicipality | None:
    ags, name = area.tags[_AGS].replace(" ", ""), area.tags.get("name")
    outer_rings, _ = area.num_rings()  # none where the ways do not close
    if area.from_way() or not outer_rings or not name or not re.fullmatch("[0-9]{8}", ags):
        return None
    boundary = to_town(shapely.from_wkb(factory.create_multipolygon(area)))
    if not boundary.is_valid:
        return None
    kind = area.tags.get("name:prefix") or "Gemeinde"
    return OsmMunicipality(ags=ags, name=name, kind=kind, boundary=cast(MultiPolygon, boundary))
