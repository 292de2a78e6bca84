"""Stores an event together with its occupation and findings, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.refuse_blocked import save_with_findings
from geo_service.crs import TOWN_SRID
from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.states import standing_of
from geo_service.sql.loader import statements


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Street festival, market, parade, run. area: EPSG:25832, valid. period: with set-up and clearing.

    state: planned, granted, cancelled, ended.
    """

    event_id: UUID
    title: str
    area: BaseGeometry
    period: Interval
    state: str
    source: str
    source_id: str | None = None
    kind: str = "sonstige"
    restriction: str = "none"
    traffic_order_period: Interval | None = None
    demo: bool = False


def save_event(session: Session, event: Event, *, as_of: datetime) -> CheckResult:
    """Insert or update an event by its id; its town follows from the area.

    A planned event is always stored, with its findings. Raises BlockedByFindings (409) for a granted one
    over a block.
    """
    occupation_id, result = save_with_findings(session, event_occupation(event, as_of), as_of=as_of)
    area = shapely.set_srid(event.area, TOWN_SRID)
    row = {
        "event_id": str(event.event_id), "title": event.title, "kind": event.kind, "state": event.state,
        "area": str(shapely.to_wkb(area, hex=True, include_srid=True)), "period": event.period.to_range(),
        "restriction": event.restriction, "source": event.source, "source_id": event.source_id,
        "demo": event.demo,
    }  # fmt: skip
    session.execute(
        text(statements("events")["save_event"]),
        {"row": orjson.dumps(row).decode(), "occupation_id": occupation_id},
    )
    return result


def event_occupation(event: Event, as_of: datetime) -> Occupation:
    """What the event claims of the street."""
    standing = standing_of("events", event.state)
    return Occupation(
        collection="events",
        source_id=event.event_id,
        case_group=event.event_id,
        state=event.state,
        counts=standing.counts,
        binding=standing.binding,
        published=standing.published,
        period=event.period,
        exclusive=True,
        filed_at=as_of,
        label=event.title,
        kind=event.kind,
        area=event.area,
        area_m2=float(event.area.area),
        restriction=event.restriction,
        traffic_order_period=event.traffic_order_period,
        demo=event.demo,
    )
