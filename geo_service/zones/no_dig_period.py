"""No-dig periods (Aufgrabungssperren): after resurfacing a street is not dug up for some years."""

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
from geo_service.occupations.stated_facts import hex_of
from geo_service.occupations.states import DESK
from geo_service.sql.loader import statements
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import IN_FORCE
from geo_service.zones.store_zone import OfAnImport, named_place, state_of, store_zone


@dataclass(frozen=True, kw_only=True, slots=True)
class NoDigPeriod:
    """area: EPSG:25832, valid. segment_id: of the resurfaced segment it follows from, None = drawn."""

    no_dig_period_id: UUID
    town: str
    title: str | None
    area: BaseGeometry
    period: Interval
    source: str = DESK
    segment_id: str | None = None
    cancelled_at: datetime | None = None


def read_no_dig_period(row: Row[Any]) -> NoDigPeriod:
    """A row of `no_dig_period_facts`."""
    same = ("town", "title", "source", "segment_id", "cancelled_at")
    return NoDigPeriod(
        **{name: getattr(row, name) for name in same},
        no_dig_period_id=row.object_id,
        area=shapely.from_wkb(bytes(row.place)),
        period=Interval(row.period_start, row.period_end),
    )


def no_dig_period_columns(quiet: NoDigPeriod) -> dict[str, Any]:
    """Columns of table no_dig_period as JSON values."""
    return {
        "no_dig_period_id": str(quiet.no_dig_period_id),
        "town": quiet.town,
        "title": quiet.title,
        "area": hex_of(quiet.area),
        "period": quiet.period.to_range(),
        "source": quiet.source,
        "cancelled_at": None if quiet.cancelled_at is None else quiet.cancelled_at.isoformat(),
    }


def save_no_dig_period(
    session: Session, quiet: NoDigPeriod, _: Caller | None, as_of: datetime
) -> Sequence[str]:
    """Insert or update by its id; the keys of what it blocks or warns across a border.

    Raises OfAnImport for that of a segment.
    """
    if quiet.segment_id is not None and quiet.cancelled_at is None:
        raise OfAnImport()
    columns = no_dig_period_columns(quiet)
    return store_zone(session, "no_dig_period", quiet.no_dig_period_id, columns, area=quiet.area, as_of=as_of)


def _place(quiet: NoDigPeriod) -> OtherObject:
    return named_place("no_dig_periods", quiet.no_dig_period_id, quiet.town, quiet.title, quiet.period)


NO_DIG_PERIODS: Kind[NoDigPeriod] = Kind(
    collection="no_dig_periods",
    life=IN_FORCE,
    facts=statements("zones")["no_dig_period_facts"],
    key="no_dig_period_id",
    read=read_no_dig_period,
    columns=no_dig_period_columns,
    save=save_no_dig_period,
    cancelled=lambda quiet, at: replace(quiet, cancelled_at=at),
    state=lambda quiet: state_of(quiet.cancelled_at),
    area=lambda quiet: quiet.area,
    place=_place,
)
