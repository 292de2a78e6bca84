"""Stores a place with a rule of its own, and has whatever is near its old or new area checked anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import orjson
import shapely
from shapely.geometry import GeometryCollection
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.conflicts.recompute_near import recompute_near
from geo_service.conflicts.words import other_label
from geo_service.errors import Rejected
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text


class OfAnImport(Rejected):
    """It was imported, and the next import would write it anew: cancel it and enter your own."""


def store_zone(  # noqa: PLR0913 - what is stored where, and what findings call it
    session: Session,
    name: str,
    object_id: UUID,
    columns: Mapping[str, Any],
    *,
    area: BaseGeometry,
    as_of: datetime,
    named_in_findings: UUID | None = None,
) -> Sequence[str]:
    """Insert or update by `save_«name»`; area: EPSG:25832. The caller holds the binding lock.

    named_in_findings: where findings know it by another id. Returns the keys of what it blocks or warns
    across a border.
    """
    named = statements("zones")
    before = session.execute(
        text(named["place_before"].replace("«facts»", named[f"{name}_facts"])), {"object_id": object_id}
    ).one_or_none()
    session.execute(text(named[f"save_{name}"]), {"row": orjson.dumps(dict(columns)).decode()})
    places = [area] if before is None else [area, shapely.from_wkb(bytes(before.place))]
    found = recompute_near(session, GeometryCollection(places), as_of=as_of)
    return [
        one.finding_id
        for one in chain.from_iterable(found.values())
        if one.weighs_across
        and one.fixed is not None
        and one.fixed.source_id == str(named_in_findings or object_id)
    ]


def named_place(
    collection: str, object_id: UUID, town: str, title: str | None, period: Interval | None
) -> OtherObject:
    """A place as others name it; everybody may know it.

    object_id: the one by which findings know it. period: None = always.
    """
    return OtherObject(
        collection=collection,
        source_id=str(object_id),
        occupation_id=None,
        reference=None,
        town=town,
        label=other_label(collection, None, None, title),
        use_type=None,
        kind=None,
        state="in_force",
        published=True,
        period=period,
    )


def state_of(cancelled_at: datetime | None) -> str:
    """in_force or cancelled."""
    return "in_force" if cancelled_at is None else "cancelled"
