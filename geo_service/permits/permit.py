"""A permit (before the decision: a permit request) as it is read, and how to open and list them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows
from geo_service.errors import NotFound
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.occupations.stated_facts import recurrence_from, traffic_order_from
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.states import Guard, Who, steps_from
from geo_service.sql.loader import statements, text


class NoSuchPermit(NotFound):
    """There is no case under this reference for you: check the reference, and the token or the key."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One recorded transition; `before` None at filing."""

    before: str | None
    after: str
    at: datetime
    actor_role: str
    actor_name: str
    reason_code: str | None
    reason: str | None
    overrides: tuple[dict[str, Any], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A change that was asked for, as its parent tells of it."""

    reference: str
    kind: str
    status: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Permit:
    """One case as opened by somebody: `parties` says as whom. `use` holds all that was asked for.

    occupation_id: the space and time that it stands for.
    reference: None while a draft. fee: as calculated when it was last asked for. version: the ETag.
    findings_at_grant: as frozen, each with the values in force; rule_basis: all rules of that day
    (conflicts/rule_basis.py). None before a grant. due_at: until when an answer is awaited, exclusive.
    parent, child_kind: the permit that it changes, and how. parent_reference, children: for the desk.
    """

    permit_id: UUID
    occupation_id: int
    town: str
    town_name: str
    reference: str | None
    status: str
    use: UseRequest
    purpose: str | None
    applicant: Applicant | None
    applicant_id: UUID | None
    fee: dict[str, Any] | None
    conditions: tuple[dict[str, Any], ...]
    filed_by: str
    filed_at: datetime | None
    decided_at: datetime | None
    due_at: datetime | None
    demo: bool
    version: int
    created_at: datetime
    updated_at: datetime
    history: tuple[Step, ...]
    parties: frozenset[Who]
    parent: UUID | None = None
    parent_reference: str | None = None
    child_kind: str | None = None
    children: tuple[Child, ...] = ()
    findings_at_grant: tuple[dict[str, Any], ...] | None = None
    rule_basis: str | None = None

    @property
    def key(self) -> str:
        """The reference, or the id of a draft: what addresses it."""
        return self.reference or str(self.permit_id)

    def next_steps(self, as_of: datetime) -> list[str]:
        """The states that whoever opened it can move it to now."""
        return steps_from(self.status, self.parties, self.shut_guards(as_of))

    def shut_guards(self, as_of: datetime) -> frozenset[Guard]:
        """The guards that wait for the clock, and the one of paper where it was not filed at the counter."""
        period = self.use.period
        opens: dict[Guard, datetime | None] = {
            "overdue": self.due_at,
            "begun": period.start,
            "over": period.end,
        }
        shut = {guard for guard, at in opens.items() if at is None or as_of < at}
        return frozenset(shut if self.filed_by == "counter" else {*shut, "on_paper"})


def get_permit(
    session: Session, reference: str, *, caller: Caller, token: str | None = None, lock: bool = False
) -> Permit:
    """The case for its applicant (by token) or a clerk of its town; `lock` keeps other writers out.

    reference: or the permit_id. The session speaks as `caller` already (web/scope.py, db.speak_as).
    Raises NoSuchPermit for everybody else, whether it exists or not.
    """
    named = statements("permits")
    opened = None
    if token:
        asked = {"reference": reference, "token": token}
        opened = session.execute(text(named["open_case"]), asked).scalar_one()
    keys = {**keys_of(reference), **({"permit_id": opened} if opened else {})}
    if lock:  # before it is read: what another writer has just committed is seen
        session.execute(text(named["lock_permit"]), keys)
    rows = prepared_rows(session, named["get_permit"], keys)
    if not rows:
        raise NoSuchPermit()
    (row,) = rows
    parties: set[Who] = set()
    if opened == row.permit_id:
        parties.add("applicant")
    if caller.at_desk and caller.town == row.town:
        parties.add("clerk")
    if caller.role == "system" and caller.town == row.town:
        parties.add("system")
    if not parties:
        raise NoSuchPermit()
    steps = prepared_rows(session, named["history_of_permit"], {"permit_id": row.permit_id})
    found = permit_of_row(row, steps, frozenset(parties))
    return replace(found, children=tuple(Child(**child) for child in row.children or ()))


def keys_of(reference: str) -> dict[str, Any]:
    """What statements find a case by, of a reference or a permit_id."""
    try:
        return {"reference": reference, "permit_id": UUID(reference)}
    except ValueError:
        return {"reference": reference, "permit_id": None}


def permit_of_row(row: Row[Any], steps: Iterable[Row[Any]], parties: frozenset[Who]) -> Permit:
    """A row of `get_permit` with those of `history_of_permit`."""
    applicant = None
    if row.applicant_id is not None:
        applicant = Applicant(
            name=row.applicant_name,
            email=row.applicant_email,
            phone=row.applicant_phone,
            address=row.applicant_address,
        )
    same = (
        "permit_id", "occupation_id", "town", "town_name", "reference", "status", "purpose", "applicant_id",
        "fee", "filed_by", "filed_at", "decided_at", "due_at", "demo", "version", "created_at", "updated_at",
        "rule_basis", "parent", "parent_reference", "child_kind",
    )  # fmt: skip
    return Permit(
        **{name: getattr(row, name) for name in same},
        use=use_of(row),
        applicant=applicant,
        conditions=tuple(row.conditions),
        findings_at_grant=None if row.findings_at_grant is None else tuple(row.findings_at_grant),
        history=tuple(_step(step) for step in steps),
        parties=parties,
    )


def use_of(row: Row[Any]) -> UseRequest:
    """What was asked for, from the stored row."""
    same = (
        "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2",
        "frontage_m", "count", "zone", "commercial", "charitable", "remaining_carriageway_m",
        "remaining_footway_m", "pedestrian_guidance", "cycle_guidance", "address_text",
        "urgent_reason", "language", "case_group",
    )  # fmt: skip
    return UseRequest(
        **{name: getattr(row, name) for name in same},
        period=Interval(row.period_start, row.period_end),
        area=shapely.from_wkb(bytes(row.area)),
        detour=None if row.detour is None else shapely.from_wkb(bytes(row.detour)),
        recurrence=recurrence_from(row.recurrence),
        takes=None if row.takes is None else frozenset(row.takes),
        closed_segments=tuple(row.closed_segments),
        traffic_order=traffic_order_from(row.traffic_order),
        consents=frozenset(row.consents),
        town=row.town_chosen,
    )


def _step(row: Row[Any]) -> Step:
    return Step(
        before=row.from_status,
        after=row.to_status,
        at=row.at,
        actor_role=row.actor_role,
        actor_name=row.actor_name,
        reason_code=row.reason_code,
        reason=row.reason,
        overrides=tuple(row.overrides),
    )
