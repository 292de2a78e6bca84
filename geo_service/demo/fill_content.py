"""Stores the demo's sites, event, detour and cases through the same use cases as everybody's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.orm import Session

from geo_service.construction.save_detour import save_detour
from geo_service.construction.save_site import save_site
from geo_service.db.database import speak_as
from geo_service.demo import content
from geo_service.demo.content import DemoCase, DemoTown
from geo_service.events.save_event import save_event
from geo_service.identity.caller import PUBLIC, Caller, demo_name
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.request_permit import FiledPermit, request_permit
from geo_service.zones.blackout import save_blackout
from geo_service.zones.fire_area import save_fire_area
from geo_service.zones.no_dig_period import save_no_dig_period

# Who takes which steps to reach a state; each comes a day after the one before.
_STEPS: dict[str, tuple[str, ...]] = {
    "draft": (),
    "submitted": (),
    "in_review": ("in_review",),
    "more_information_needed": ("in_review", "more_information_needed"),
    "granted": ("in_review", "granted"),
    "rejected": ("in_review", "rejected"),
    "withdrawn": ("withdrawn",),
    "surrendered": ("in_review", "granted", "surrendered"),
}
_BY_APPLICANT = ("withdrawn", "surrendered")
_QUESTION = "Bitte reichen Sie einen Lageplan mit Maßen nach."


@dataclass(frozen=True, kw_only=True, slots=True)
class FilledContent:
    """How many of each were stored."""

    sites: int
    events: int
    detours: int
    zones: int
    permits: int


def fill_content(session: Session, towns: Mapping[str, DemoTown], *, day: date) -> FilledContent:
    """Store everything, periods counted from `day`; towns by slug. Ends speaking as the operator."""
    as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
    speak_as(session, actor="operator")
    sites, events = content.sites(towns, day), content.events(towns, day)
    detours = content.detours(towns, day)
    for site in sites:
        save_site(session, site, as_of=as_of)
    for event in events:
        save_event(session, event, as_of=as_of)
    for detour in detours:
        save_detour(session, detour, as_of=as_of)
    zones = _fill_zones(session, towns, day=day, as_of=as_of)
    cases = content.cases(towns, day)
    for case in cases:
        _bring_to_state(session, case)
    speak_as(session, actor="operator")
    return FilledContent(
        sites=len(sites), events=len(events), detours=len(detours), zones=zones, permits=len(cases)
    )


def _fill_zones(session: Session, towns: Mapping[str, DemoTown], *, day: date, as_of: datetime) -> int:
    """Store the places with a rule of their own; returns how many."""
    blackouts, fire_areas = content.blackouts(towns, day), content.fire_areas(towns)
    no_dig_periods = content.no_dig_periods(towns, day)
    for blackout in blackouts:
        save_blackout(session, blackout, None, as_of)
    for quiet in no_dig_periods:
        save_no_dig_period(session, quiet, None, as_of)
    for spot in fire_areas:
        save_fire_area(session, spot, None, as_of)
    return len(blackouts) + len(no_dig_periods) + len(fire_areas)


def _bring_to_state(session: Session, case: DemoCase) -> None:
    speak_as(session, actor="public")
    filed = request_permit(session, case.request, filed_by=PUBLIC, as_of=case.filed_at)
    for number, step in enumerate(_STEPS[case.to], start=1):
        _take_step(session, case, filed, step, as_of=case.filed_at + timedelta(days=number))


def _take_step(session: Session, case: DemoCase, filed: FiledPermit, step: str, *, as_of: datetime) -> None:
    reason = case.reason or (_QUESTION if step == "more_information_needed" else None)
    move = Move(to=step, reason=reason)
    if step in _BY_APPLICANT:
        speak_as(session, actor="applicant")
        move_permit(session, filed.key, move, caller=PUBLIC, as_of=as_of, token=filed.token)
        return
    clerk = Caller(role="clerk", town=case.town, name=demo_name("clerk"))
    speak_as(session, actor=clerk.role, town=clerk.town)
    move_permit(session, filed.key, move, caller=clerk, as_of=as_of)
