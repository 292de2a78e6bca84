"""Blackouts (Sperrzeiten): area and time in which uses are refused, for a Christmas market or in winter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.occupations.stated_facts import hex_of, recurrence_document, recurrence_from
from geo_service.sql.loader import statements
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import IN_FORCE
from geo_service.zones.store_zone import named_place, state_of, store_zone

ALL, DIGGING = "all", "digging"  # what may stand in `refuses` beside codes of uses


@dataclass(frozen=True, kw_only=True, slots=True)
class Blackout:
    """area: EPSG:25832, valid. refuses: `all`, `digging` or codes of uses, not empty. town: AGS."""

    blackout_id: UUID
    town: str
    title: str
    area: BaseGeometry
    period: Interval
    refuses: tuple[str, ...]
    recurrence: Recurrence | None = None
    cancelled_at: datetime | None = None
    demo: bool = False

    def spans(self) -> tuple[Interval, ...] | None:
        """When it holds inside the period; None = all the time."""
        return None if self.recurrence is None else expand(self.recurrence, self.period)


def read_blackout(row: Row[Any]) -> Blackout:
    """A row of `blackout_facts`."""
    return Blackout(
        blackout_id=row.object_id,
        town=row.town,
        title=row.title,
        area=shapely.from_wkb(bytes(row.place)),
        period=Interval(row.period_start, row.period_end),
        refuses=tuple(row.refuses),
        recurrence=recurrence_from(row.pattern),
        cancelled_at=row.cancelled_at,
        demo=row.demo,
    )


def blackout_columns(blackout: Blackout) -> dict[str, Any]:
    """Columns of table blackout as JSON values."""
    spans = blackout.spans()
    return {
        "blackout_id": str(blackout.blackout_id),
        "town": blackout.town,
        "title": blackout.title,
        "area": hex_of(blackout.area),
        "period": blackout.period.to_range(),
        "pattern": recurrence_document(blackout.recurrence),
        "recurrence": None if spans is None else "{" + ",".join(span.to_range() for span in spans) + "}",
        "refuses": list(blackout.refuses),
        "cancelled_at": None if blackout.cancelled_at is None else blackout.cancelled_at.isoformat(),
        "demo": blackout.demo,
    }


def save_blackout(session: Session, blackout: Blackout, _: Caller | None, as_of: datetime) -> Sequence[str]:
    """Insert or update a blackout by its id; the keys of what it blocks or warns across a border."""
    columns = blackout_columns(blackout)
    return store_zone(session, "blackout", blackout.blackout_id, columns, area=blackout.area, as_of=as_of)


def _place(blackout: Blackout) -> OtherObject:
    return named_place("blackouts", blackout.blackout_id, blackout.town, blackout.title, blackout.period)


BLACKOUTS: Kind[Blackout] = Kind(
    collection="blackouts",
    life=IN_FORCE,
    facts=statements("zones")["blackout_facts"],
    key="blackout_id",
    read=read_blackout,
    columns=blackout_columns,
    save=save_blackout,
    cancelled=lambda blackout, at: replace(blackout, cancelled_at=at),
    state=lambda blackout: state_of(blackout.cancelled_at),
    area=lambda blackout: blackout.area,
    place=_place,
)
