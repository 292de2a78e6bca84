"""Stores a place with a rule of its own, and has whatever is near its old or new area checked anew."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
import shapely
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.recompute_near import recompute_near
from geo_service.errors import Rejected
from geo_service.sql.loader import statements, text


class OfAnImport(Rejected):
    """It was imported, and the next import would write it anew: cancel it and enter your own."""


def store_zone(
    session: Session,
    name: str,
    object_id: UUID,
    columns: Mapping[str, Any],
    *,
    area: BaseGeometry,
    as_of: datetime,
) -> None:
    """Insert or update by `save_«name»`; area: EPSG:25832. The caller holds the binding lock."""
    named = statements("zones")
    before = session.execute(
        text(named["place_before"].replace("«facts»", named[f"{name}_facts"])), {"object_id": object_id}
    ).one_or_none()
    session.execute(text(named[f"save_{name}"]), {"row": orjson.dumps(dict(columns)).decode()})
    places = [area] if before is None else [area, shapely.from_wkb(bytes(before.place))]
    recompute_near(session, GeometryCollection(places), as_of=as_of)


def state_of(cancelled_at: datetime | None) -> str:
    """in_force or cancelled."""
    return "in_force" if cancelled_at is None else "cancelled"
