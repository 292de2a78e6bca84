"""Areas of the fire brigade (Feuerwehrflächen, DIN 14090): where it drives, sets up its ladder and works."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import md5
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.identity.caller import Caller
from geo_service.occupations.stated_facts import hex_of
from geo_service.occupations.states import DESK
from geo_service.sql.loader import statements
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import IN_FORCE
from geo_service.zones.store_zone import OfAnImport, named_place, state_of, store_zone

KINDS = ("drive", "stand", "movement", "unknown")


@dataclass(frozen=True, kw_only=True, slots=True)
class FireArea:
    """area: EPSG:25832, valid. kind: one of KINDS. source_id None: its own id."""

    object_id: UUID
    town: str
    title: str | None
    kind: str
    area: BaseGeometry
    source: str = DESK
    source_id: str | None = None
    cancelled_at: datetime | None = None
    demo: bool = False


def read_fire_area(row: Row[Any]) -> FireArea:
    """A row of `fire_area_facts`."""
    same = ("object_id", "town", "title", "kind", "source", "source_id", "cancelled_at", "demo")
    return FireArea(**{name: getattr(row, name) for name in same}, area=shapely.from_wkb(bytes(row.place)))


def fire_area_columns(spot: FireArea) -> dict[str, Any]:
    """Columns of table fire_area as JSON values."""
    return {
        "object_id": str(spot.object_id),
        "town": spot.town,
        "name": spot.title,
        "kind": spot.kind,
        "place": hex_of(spot.area),
        "source": spot.source,
        "source_id": spot.source_id or str(spot.object_id),
        "cancelled_at": None if spot.cancelled_at is None else spot.cancelled_at.isoformat(),
        "demo": spot.demo,
    }


def save_fire_area(session: Session, spot: FireArea, _: Caller | None, as_of: datetime) -> Sequence[str]:
    """Insert or update by its id; the keys of what it blocks or warns across a border.

    Raises OfAnImport for an imported one.
    """
    if spot.source not in (DESK, "demo") and spot.cancelled_at is None:
        raise OfAnImport()
    return store_zone(
        session, "fire_area", spot.object_id, fire_area_columns(spot), area=spot.area, as_of=as_of,
        named_in_findings=_named_in_findings(spot),
    )  # fmt: skip


def _named_in_findings(spot: FireArea) -> UUID:
    """As places.sql does (fire_area_rows): an import stores the same area under a new id each time."""
    key = f"fire_area {spot.source} {spot.source_id or spot.object_id}"
    return UUID(md5(key.encode(), usedforsecurity=False).hexdigest())


def _place(spot: FireArea) -> OtherObject:
    return named_place("fire_areas", _named_in_findings(spot), spot.town, spot.title, None)


FIRE_AREAS: Kind[FireArea] = Kind(
    collection="fire_areas",
    life=IN_FORCE,
    facts=statements("zones")["fire_area_facts"],
    key="object_id",
    read=read_fire_area,
    columns=fire_area_columns,
    save=save_fire_area,
    cancelled=lambda spot, at: replace(spot, cancelled_at=at),
    state=lambda spot: state_of(spot.cancelled_at),
    area=lambda spot: spot.area,
    place=_place,
)
