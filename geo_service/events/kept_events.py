"""Events as a desk keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.events.save_event import Event, event_columns, save_event
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.occupations.stated_facts import recurrence_from, traffic_order_from
from geo_service.sql.loader import statements
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import EVENT
from geo_service.town_objects.related import require_segments

_SAME = (
    "title", "kind", "state", "restriction", "source", "source_id", "set_up_hours", "clearing_hours",
    "organiser", "town_chosen", "filed_at", "demo",
)  # fmt: skip


def read_event(row: Row[Any]) -> Event:
    """A row of `event_facts`."""
    return Event(
        **{name: getattr(row, name) for name in _SAME},
        event_id=row.object_id,
        area=shapely.from_wkb(bytes(row.place)),
        period=Interval(row.period_start, row.period_end),
        held=Interval(row.held_start, row.held_end) if row.held_known else None,
        recurrence=recurrence_from(row.pattern),
        takes=None if row.takes is None else frozenset(row.takes),
        traffic_order=traffic_order_from(row.traffic_order),
        consents=frozenset(row.consents),
        detour=None if row.detour is None else shapely.from_wkb(bytes(row.detour)),
        closed_segments=tuple(row.closed_segments),
    )


def keep_event(
    session: Session, event: Event, _: Caller, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> Sequence[str]:
    """What `save_event` does; the keys of its findings across a border.

    Raises BlockedByFindings (409), Invalid for an unknown segment.
    """
    require_segments(session, event.closed_segments)
    return save_event(session, event, as_of=as_of, overrides=overrides).across


EVENTS: Kind[Event] = Kind(
    collection="events",
    life=EVENT,
    facts=statements("events")["event_facts"],
    key="event_id",
    read=read_event,
    columns=event_columns,
    save=keep_event,
    save_over=keep_event,
    cancelled=lambda event, _: replace(event, state="cancelled"),
    state=lambda event: event.state,
    area=lambda event: event.area,
)
