"""Stores an event together with its occupation and findings, in the caller's transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.conflicts.refuse_blocked import save_with_findings
from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.recurrence import Recurrence, expand, merged
from geo_service.occupations.stated_facts import hex_of, recurrence_document, traffic_order_document
from geo_service.occupations.states import standing_of
from geo_service.occupations.use_request import TrafficOrder
from geo_service.sql.loader import statements, text

_SAME = (
    "title", "kind", "state", "restriction", "source", "source_id", "demo", "set_up_hours", "clearing_hours",
    "organiser",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Street festival, market, parade, run. area: EPSG:25832, valid. period: with set-up and clearing.

    state: planned, granted, cancelled, ended. held: the event itself, None = the whole period.
    set_up_hours, clearing_hours: before and after it, each time it is held. recurrence: when inside `held`.
    detour, closed_segments, takes, town_chosen, filed_at: as of a ConstructionSite.
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
    held: Interval | None = None
    set_up_hours: float = 0.0
    clearing_hours: float = 0.0
    recurrence: Recurrence | None = None
    organiser: str | None = None
    takes: frozenset[str] | None = None
    traffic_order: TrafficOrder | None = None
    consents: frozenset[str] = frozenset()
    detour: BaseGeometry | None = None
    closed_segments: tuple[str, ...] = ()
    town_chosen: str | None = None
    filed_at: datetime | None = None
    demo: bool = False

    def spans(self) -> tuple[Interval, ...] | None:
        """When the street is taken, each time with set-up and clearing; None = the whole period."""
        if self.recurrence is None:
            return None
        held = expand(self.recurrence, self.held or self.period)
        return merged([enlarged(span, self.set_up_hours, self.clearing_hours) for span in held])


def save_event(
    session: Session, event: Event, *, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> CheckResult:
    """Insert or update an event by its id; its town follows from the area.

    A planned event is always stored, with its findings. Raises BlockedByFindings (409) for a granted one
    over a block.
    """
    mine = event_occupation(event, as_of)
    occupation_id, result = save_with_findings(session, mine, as_of=as_of, overrides=overrides)
    session.execute(
        text(statements("events")["save_event"]),
        {"row": orjson.dumps(event_columns(event)).decode(), "occupation_id": occupation_id},
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
        recurrence=event.spans(),
        exclusive=True,
        filed_at=event.filed_at or as_of,
        town_chosen=event.town_chosen,
        label=event.title,
        kind=event.kind,
        area=event.area,
        area_m2=float(event.area.area),
        restriction=event.restriction,
        takes=event.takes,
        detour=event.detour,
        closed_segments=event.closed_segments,
        consents=event.consents,
        traffic_order_period=None if event.traffic_order is None else event.traffic_order.period,
        demo=event.demo,
    )


def enlarged(span: Interval, before_hours: float, after_hours: float) -> Interval:
    """A span with the hours that setting up and clearing take; hours are hours, whatever the clocks do."""
    end = None if span.end is None else span.end.astimezone(UTC) + timedelta(hours=after_hours)
    return Interval(span.start.astimezone(UTC) - timedelta(hours=before_hours), end)


def event_columns(event: Event) -> dict[str, Any]:
    """Columns of table event as JSON values, and what of its occupation is stated."""
    return {
        **{name: getattr(event, name) for name in _SAME},
        "event_id": str(event.event_id),
        "area": hex_of(event.area),
        "detour": hex_of(event.detour),
        "period": event.period.to_range(),
        "held": None if event.held is None else event.held.to_range(),
        "pattern": recurrence_document(event.recurrence),
        "traffic_order": traffic_order_document(event.traffic_order),
        "consents": sorted(event.consents),
        "closed_segments": list(event.closed_segments),
        "takes": None if event.takes is None else sorted(event.takes),
    }
