"""Brings the events and detours of a feed in as one change, with what they claim of the street."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import moment
from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.check import CheckQuestion
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.hold_back import Wanted, hold_back, try_one_by_one
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_questions import KEPT_AT_MOST
from geo_service.construction.import_report import Remark
from geo_service.construction.save_detour import Detour, detour_occupation
from geo_service.crs import ewkb_hex
from geo_service.deliveries.event_records import EventDelivery, read_events
from geo_service.deliveries.records import Ledger, open_ledger, save_ledger
from geo_service.deliveries.report import DeliveryReport
from geo_service.errors import BadSiteFile
from geo_service.events.save_event import Event, event_occupation
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE, Location, locate_many
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.write_many import save_occupations
from geo_service.sql.loader import statements, text

__all__ = ["read_events", "store_events"]

_WANTED = {"granted": "planned", "confirmed": "planned"}  # what blocks a binding one keeps it planned
Thing = Event | Detour


def store_events(
    session: Session, delivery: EventDelivery, *, as_of: datetime, force: bool = False
) -> DeliveryReport:
    """Write what is new or changed, cancel what is gone; as the operator, does not commit.

    Raises BadSiteFile when more than half would go and `force` is not set; nothing is changed then.
    """
    take_binding_lock(session)
    ledger = open_ledger(session, delivery.profile)
    ledger.now, ledger.nameless = delivery.rows, delivery.nameless
    _refuse_emptying(delivery, ledger, force)
    for source_id, row in ledger.now.items():
        before = ledger.known.get(source_id)
        if before is not None:
            row.ours, row.town, row.held = before.site_id, before.town, before.held
    things: dict[str, Thing] = {**delivery.events, **delivery.detours}
    due = {source_id: thing for source_id, thing in things.items() if ledger.is_due(source_id)}
    _cancel(session, ledger, as_of)
    held = _store(session, ledger, due, as_of=as_of)
    report = _report(delivery, ledger, due, held)
    save_ledger(session, ledger, report, as_of=as_of)
    return report


def _refuse_emptying(delivery: EventDelivery, ledger: Ledger, force: bool) -> None:
    present = sum(row.gone_since is None for row in ledger.known.values())
    if 2 * len(ledger.gone) > present and not force:
        raise BadSiteFile(
            f"{delivery.file.name}: {len(ledger.gone)} of the {present} records stored from "
            f"{delivery.profile.source} are not in the file; if they are to go, repeat with --force."
        )


def _cancel(session: Session, ledger: Ledger, as_of: datetime) -> None:
    ours = [str(ledger.known[each].site_id) for each in ledger.gone if ledger.known[each].site_id]
    if not ours:
        return
    named = statements("deliveries")
    session.execute(text(named["cancel_occupations"]), {"sources": ours, "day": as_of})
    for name in ("cancel_events", "cancel_detours", "forget_findings"):
        session.execute(text(named[name]), {"sources": ours})


def _store(session: Session, ledger: Ledger, due: dict[str, Thing], *, as_of: datetime) -> dict[str, str]:
    """Stores occupations, findings and rows; returns why some wait as planned, by source id."""
    if not due:
        return {}
    since = moment(session)
    questions = _occupy(session, list(due.values()), as_of)
    found = recompute_many(session, list(questions.values()), as_of=as_of)
    names = {_id(thing): source_id for source_id, thing in due.items()}
    held = hold_back(session, _wanted(due, questions, found), since=since)
    planned = [_planned(due[names[ours]]) for ours in held.reasons]
    if planned:
        again = _occupy(session, planned, as_of)
        recompute_many(session, list(again.values()), as_of=as_of)
        try_one_by_one(session, held, lambda ours: _claim(due[names[ours]], as_of), as_of=as_of)
    reasons = {names[ours]: reason for ours, reason in held.reasons.items()}
    for source_id, thing in due.items():
        mine = questions[_id(thing)].mine
        ledger.now[source_id].ours = mine.source_id
        ledger.now[source_id].town = mine.town
        ledger.now[source_id].held = source_id in reasons
        if source_id in reasons:
            due[source_id] = _planned(thing)
    _write(session, due.values())
    return reasons


def _planned(thing: Thing) -> Thing:
    return replace(thing, state=_WANTED[thing.state])


def _wanted(
    due: Mapping[str, Thing],
    questions: Mapping[UUID, CheckQuestion],
    found: Mapping[int, Sequence[Finding]],
) -> list[Wanted]:
    """Those that want to be binding."""
    wanted = []
    for source_id, thing in due.items():
        occupation_id = questions[_id(thing)].mine.occupation_id
        if thing.state in _WANTED and occupation_id is not None:
            wanted.append(
                Wanted(
                    occupation_id=occupation_id,
                    source_id=_id(thing),
                    start=thing.period.start,
                    key=source_id,
                    found=found.get(occupation_id, ()),
                )
            )
    return wanted


def _claim(thing: Thing, as_of: datetime) -> Occupation:
    return event_occupation(thing, as_of) if isinstance(thing, Event) else detour_occupation(thing, as_of)


def _occupy(session: Session, things: Sequence[Thing], as_of: datetime) -> dict[UUID, CheckQuestion]:
    events = [thing for thing in things if isinstance(thing, Event)]
    day = as_of.astimezone(TOWN_ZONE).date()
    places = dict(zip(map(_id, events), locate_many(session, [e.area for e in events], day=day), strict=True))
    locations: list[Location] = [places.get(_id(thing), NOWHERE) for thing in things]
    stored = save_occupations(session, [_claim(thing, as_of) for thing in things], locations)
    return {
        mine.source_id: CheckQuestion(mine=mine, location=location, max_findings=KEPT_AT_MOST)
        for mine, location in zip(stored, locations, strict=True)
    }


def _write(session: Session, things: Any) -> None:
    rows: dict[str, list[dict[str, Any]]] = {"save_events": [], "save_detours": []}
    for thing in things:
        name, row = ("save_events", _event_row) if isinstance(thing, Event) else ("save_detours", _detour_row)
        rows[name].append(row(thing))
    for name, wanted in rows.items():
        if wanted:
            session.execute(text(statements("deliveries")[name]), {"rows": orjson.dumps(wanted).decode()})


def _event_row(event: Event) -> dict[str, Any]:
    same = ("title", "kind", "state", "restriction", "source", "source_id")
    return {
        **{name: getattr(event, name) for name in same},
        "event_id": str(event.event_id),
        "area": ewkb_hex(event.area),
        "period": event.period.to_range(),
    }


def _detour_row(detour: Detour) -> dict[str, Any]:
    return {
        **{name: getattr(detour, name) for name in ("title", "state", "source", "source_id")},
        "detour_id": str(detour.detour_id),
        "way": ewkb_hex(detour.way),
        "modes": sorted(detour.modes),
        "period": detour.period.to_range(),
        "belongs_to": None if detour.belongs_to is None else str(detour.belongs_to),
    }


def _id(thing: Thing) -> UUID:
    return thing.event_id if isinstance(thing, Event) else thing.detour_id


def _report(
    delivery: EventDelivery, ledger: Ledger, due: dict[str, Thing], held: dict[str, str]
) -> DeliveryReport:
    profile, notes = delivery.profile, delivery.notes
    written = Counter(
        f"{'event' if isinstance(thing, Event) else 'detour'} {thing.state}" for thing in due.values()
    )
    counts = ledger.counts()
    return DeliveryReport(
        file=delivery.file.name,
        source=profile.source,
        attribution=profile.attribution,
        licence=profile.licence,
        delivered=len(delivery.file.records),
        added=counts["added"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        gone=counts["gone"],
        written=dict(written),
        refused=ledger.refusals(),
        held=_remarks(ledger, held.items()),
        merged=delivery.merged,
        parts_left_out=_remarks(ledger, notes.left_out),
        left_out=dict(delivery.left_out),
        untranslated={f"{name} = {said}": many for (name, said), many in notes.untranslated.most_common()},
    )


def _remarks(ledger: Ledger, found: Any) -> tuple[Remark, ...]:
    return tuple(
        Remark(source_id=source_id, number=ledger.now[source_id].number, reason=reason)
        for source_id, reason in found
    )
