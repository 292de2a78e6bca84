"""A way around a full closure without a detour: the shortest that avoids all simultaneous closures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import CheckQuestion, check_binds
from geo_service.conflicts.measured import concerns
from geo_service.db.prepared import prepared_rows
from geo_service.interval import TOWN_ZONE
from geo_service.sql.loader import statements


@dataclass(frozen=True, kw_only=True, slots=True)
class DetourOffer:
    """way: LineString, EPSG:25832, in the direction it is driven; geometry: the same as GeoJSON in CRS84.

    segments: ids of the road segments it runs over, in their order.
    """

    way: BaseGeometry
    geometry: dict[str, Any]
    length_m: float
    segments: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As `detour_offer` of a check."""
        return {
            "geometry": self.geometry,
            "length_m": round(self.length_m, 1),
            "segments": list(self.segments),
        }


def find_detour_offer(session: Session, question: CheckQuestion, *, as_of: datetime) -> DetourOffer | None:
    """The way for motor vehicles around what mine closes, past the other requests of the same check, too.

    None where it closes nothing, states a detour of its own, or no way is left.
    """
    mine = question.mine
    if mine.detour is not None or not concerns("network", mine, question.location):
        return None
    found = catalogue(session, mine.town, as_of.astimezone(TOWN_ZONE).date())
    binds = check_binds(found, question, as_of=as_of)
    rows = prepared_rows(session, statements("network")["detour_offer"], binds)
    if not rows:
        return None
    (row,) = rows
    return DetourOffer(
        way=shapely.from_wkb(bytes(row.way)),
        geometry=orjson.loads(row.geojson),
        length_m=row.length_m,
        segments=tuple(row.segments),
    )
