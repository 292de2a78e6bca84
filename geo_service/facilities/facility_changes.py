"""What an import changed that rules look at: facilities by their places, bus routes by their segments."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.roads.osm_segments import SOURCE
from geo_service.sql.loader import statements, text

_NAMED = statements("facilities")


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """places: EPSG:25832, of all that came, moved or went, the old and the new one; None if nothing did.

    bus_segments: gids of segments on which buses drive now and did not before, or the other way round.
    """

    places: BaseGeometry | None
    bus_segments: Collection[int]


NOTHING_CHANGED = Changed(places=None, bus_segments=())


class FacilityChanges:
    """Remembers what is stored of OpenStreetMap; says later in the transaction what differs."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._places = self._stored_places()
        self._driven = self._driven_segments()

    def since(self) -> Changed:
        """What is stored now and was not before, or the other way round."""
        moved = sorted(self._places ^ self._stored_places())
        return Changed(
            places=shapely.geometrycollections(shapely.from_wkb([place for *_, place in moved]))
            if moved
            else None,
            bus_segments=sorted(self._driven ^ self._driven_segments()),
        )

    def _stored_places(self) -> set[tuple[str, str, str, bytes]]:
        """Table, source id, kind and place as EWKB in EPSG:25832."""
        rows = self._session.execute(text(_NAMED["stored_places"]), {"source": SOURCE})
        return {(row.held_in, row.source_id, row.kind, bytes(row.place)) for row in rows}

    def _driven_segments(self) -> set[int]:
        return set(self._session.execute(text(_NAMED["driven_segments"])).scalars())
