"""Reinstatements: where somebody's own dig was closed again and accepted; the warranty runs from that day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import TOWN_ZONE, Interval, midnight
from geo_service.occupations.stated_facts import hex_of
from geo_service.sql.loader import statements, text
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import IN_FORCE
from geo_service.town_objects.record_change import record_change
from geo_service.town_objects.related import require_of_town
from geo_service.town_objects.tell_of_change import tell_of_change
from geo_service.zones.store_zone import named_place, state_of, store_zone


@dataclass(frozen=True, kw_only=True, slots=True)
class Reinstatement:
    """area: EPSG:25832, valid. accepted_on: civil day. source_id: the permit or site that dug, if known."""

    reinstatement_id: UUID
    town: str
    title: str
    area: BaseGeometry
    accepted_on: date
    source_id: UUID | None = None
    cancelled_at: datetime | None = None
    demo: bool = False


def read_reinstatement(row: Row[Any]) -> Reinstatement:
    """A row of `reinstatement_facts`."""
    same = ("town", "title", "accepted_on", "source_id", "cancelled_at", "demo")
    return Reinstatement(
        **{name: getattr(row, name) for name in same},
        reinstatement_id=row.object_id,
        area=shapely.from_wkb(bytes(row.place)),
    )


def reinstatement_columns(closed: Reinstatement) -> dict[str, Any]:
    """Columns of table reinstatement as JSON values."""
    return {
        "reinstatement_id": str(closed.reinstatement_id),
        "town": closed.town,
        "title": closed.title,
        "area": hex_of(closed.area),
        "accepted_on": closed.accepted_on.isoformat(),
        "source_id": None if closed.source_id is None else str(closed.source_id),
        "cancelled_at": None if closed.cancelled_at is None else closed.cancelled_at.isoformat(),
        "demo": closed.demo,
    }


def save_reinstatement(session: Session, closed: Reinstatement, by: Caller, as_of: datetime) -> Sequence[str]:
    """Insert or update by its id; the keys of what it blocks or warns across a border. Raises Invalid."""
    if closed.accepted_on > as_of.astimezone(TOWN_ZONE).date():
        detail = "The day of the acceptance has not come yet."
        raise Invalid(detail, errors=[FieldFault("/properties/accepted_on", detail)])
    if closed.source_id is not None:
        require_of_town(session, closed.source_id, by, "/properties/source_id")
    columns = reinstatement_columns(closed)
    return store_zone(
        session, "reinstatement", closed.reinstatement_id, columns, area=closed.area, as_of=as_of
    )


def accept_reinstatement(  # noqa: PLR0913 - the facts of one acceptance
    session: Session,
    *,
    source_id: UUID,
    title: str,
    area: BaseGeometry,
    accepted_on: date,
    by: Caller,
    as_of: datetime,
    demo: bool = False,
) -> UUID:
    """Write down that the dig of a permit or site was closed and accepted; returns the reinstatement's id.

    area: EPSG:25832. One for each dig: accepting again corrects it, and one that was cancelled stays so.
    The caller holds the binding lock and speaks as `by`, a clerk of the town.
    """
    town = require_desk(by).town or ""
    named = statements("zones")
    found = text(named["reinstatement_of_source"].replace("«facts»", named["reinstatement_facts"]))
    row = session.execute(found, {"source_id": source_id}).one_or_none()
    before = None if row is None else read_reinstatement(row)
    thing = Reinstatement(
        reinstatement_id=uuid4() if before is None else before.reinstatement_id,
        town=town,
        title=title,
        area=area,
        accepted_on=accepted_on,
        source_id=source_id,
        cancelled_at=None if before is None else before.cancelled_at,
        demo=demo,
    )
    if before is None or reinstatement_columns(before) != reinstatement_columns(thing):
        across = save_reinstatement(session, thing, by, as_of)
        record_change(session, REINSTATEMENTS, thing, before=before, by=by, as_of=as_of)
        tell_of_change(session, REINSTATEMENTS, thing, across, by=by, as_of=as_of)
    return thing.reinstatement_id


def _place(closed: Reinstatement) -> OtherObject:
    since = Interval(midnight(closed.accepted_on))
    return named_place("reinstatements", closed.reinstatement_id, closed.town, closed.title, since)


REINSTATEMENTS: Kind[Reinstatement] = Kind(
    collection="reinstatements",
    life=IN_FORCE,
    facts=statements("zones")["reinstatement_facts"],
    key="reinstatement_id",
    read=read_reinstatement,
    columns=reinstatement_columns,
    save=save_reinstatement,
    cancelled=lambda closed, at: replace(closed, cancelled_at=at),
    state=lambda closed: state_of(closed.cancelled_at),
    area=lambda closed: closed.area,
    place=_place,
)
