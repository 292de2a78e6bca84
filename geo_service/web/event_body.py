"""An event as a clerk states it, and as it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import Field

from geo_service.events.save_event import Event, enlarged
from geo_service.interval import Interval
from geo_service.occupations.states import DESK
from geo_service.permits.permit_document import instant
from geo_service.town_objects.kind import Kept
from geo_service.towns.town import Town
from geo_service.web.object_body import (
    Faults,
    Line,
    ObjectFeature,
    Title,
    area_of,
    line_of,
    order_of,
    recurrence_of,
)
from geo_service.web.object_words import order_words, period_words
from geo_service.web.override_body import StatedOverrides
from geo_service.web.period_body import PeriodProperties
from geo_service.web.site_body import Consents, Segments
from geo_service.web.use_request import Metres, RecurrenceBody, Restriction, Takes, TrafficOrderBody

Hours = Annotated[float, Field(ge=0, le=336, allow_inf_nan=False)]


class EventProperties(PeriodProperties):
    """An event and when it is held; set-up and clearing come on top, each time that it is held."""

    title: Title
    state: Literal["planned", "granted", "ended", "cancelled"] = "planned"
    kind: Literal["strassenfest", "markt", "umzug", "lauf", "kundgebung", "sonstige"] = "sonstige"
    organiser: Line | None = None
    overrides: StatedOverrides
    recurrence: RecurrenceBody | None = None
    set_up_hours: Hours = 0.0
    clearing_hours: Hours = 0.0
    restriction: Restriction = "none"
    takes: list[Takes] | None = None
    detour: dict[str, Any] | None = None
    closed_segments: Segments
    traffic_order: TrafficOrderBody | None = None
    consents: Consents
    length_m: Metres | None = None
    depth_m: Metres | None = None


_AS_STATED = ("title", "state", "kind", "organiser", "set_up_hours", "clearing_hours", "restriction")


class EventFeature(ObjectFeature[EventProperties]):
    """An event as a Feature."""

    def to_object(self, town: Town, kept: Kept[Event] | None) -> Event:
        """The event in EPSG:25832; what no client states (source, first filing) stays. Raises Invalid."""
        stated, faults, before = self.properties, Faults(), kept.object if kept else None
        drawn = None if before is None else before.area
        held = faults.read(stated.period)
        area = faults.read(lambda: area_of(self.geometry, stated, drawn))
        recurrence = faults.read(lambda: recurrence_of(stated.recurrence, held))
        detour = faults.read(lambda: line_of(stated.detour, "/properties/detour"))
        order = faults.read(lambda: order_of(stated.traffic_order))
        faults.refuse()
        assert held is not None and area is not None
        period = enlarged(held, stated.set_up_hours, stated.clearing_hours)
        if before is None:
            before = Event(
                event_id=uuid4(), title="", area=area, period=period, state="planned", source=DESK,
                town_chosen=town.ags, demo=town.demo,
            )  # fmt: skip
        return replace(
            before,
            **{name: getattr(stated, name) for name in _AS_STATED},
            area=area,
            period=period,
            held=held,
            recurrence=recurrence,
            detour=detour,
            closed_segments=tuple(stated.closed_segments),
            traffic_order=order,
            consents=frozenset(stated.consents),
            takes=None if stated.takes is None else frozenset(stated.takes),
        )


def event_words(event: Event) -> dict[str, Any]:
    """The properties of an event, for the desk of its town; from and until are those of the event itself."""
    held: Interval = event.held or event.period
    return {
        "title": event.title,
        "kind": event.kind,
        "organiser": event.organiser,
        **period_words(held, event.recurrence),
        "set_up_hours": event.set_up_hours,
        "clearing_hours": event.clearing_hours,
        "taken_start": instant(event.period.start),
        "taken_end": instant(event.period.end),
        "restriction": event.restriction,
        "takes": None if event.takes is None else sorted(event.takes),
        **order_words(event.detour, event.closed_segments, event.traffic_order, event.consents),
        "source": event.source,
        "source_id": event.source_id,
        "demo": event.demo,
        "filed_at": instant(event.filed_at),
    }
