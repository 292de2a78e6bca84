"""A change of a permit in force is asked for as a child: a case of its own, decided on its own.

An extension holds the added time only and begins where its parent ends, so the parent stays as it was
decided. Every other child holds what is left of the time, as it shall be then, and replaces its parent when
it is granted. Until then the parent stays in force; one case group, they are never held against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid, Rejected
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE, Interval, midnight
from geo_service.occupations.parameters import general_value
from geo_service.occupations.use_request import TrafficOrder, UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.permit import Permit
from geo_service.permits.permit_request import PermitRequest
from geo_service.permits.request_permit import FiledPermit, request_permit
from geo_service.permits.states import IN_FORCE

ChildKind = Literal["extension", "reduction", "enlargement", "shift", "new_holder"]


class NotInForce(Rejected):
    """Only a permit in force can be changed; before the decision the request itself is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What shall be different. area: EPSG:25832; start, end: instants; None = as it is."""

    kind: ChildKind
    area: BaseGeometry | None = None
    start: datetime | None = None
    end: datetime | None = None
    applicant: Applicant | None = None
    purpose: str | None = None
    urgent_reason: str | None = None
    traffic_order: TrafficOrder | None = None


def request_change(
    session: Session, parent: Permit, change: Change, *, filed_by: Caller, as_of: datetime
) -> FiledPermit:
    """File a change of `parent`, opened and locked by the caller; from then on the child is the open case.

    Raises NotInForce (409), or Invalid for a change that is none of its kind.
    """
    if parent.status not in IN_FORCE:
        raise NotInForce()
    use = _changed_use(parent, change, as_of)
    request = PermitRequest(
        use=use,
        purpose=change.purpose or parent.purpose,
        applicant=change.applicant or parent.applicant,
    )
    return request_permit(session, request, filed_by=filed_by, as_of=as_of, child_of=(parent, change.kind))


def _changed_use(parent: Permit, change: Change, as_of: datetime) -> UseRequest:
    area = parent.use.area if change.area is None else change.area
    _refuse_other_kind(parent, change, area, as_of)
    own_time = change.kind in ("extension", "shift")
    less = change.kind in ("reduction", "new_holder")
    return replace(
        parent.use,
        period=_period(parent, change, as_of),
        area=area,
        area_declared_m2=parent.use.area_declared_m2 if change.area is None else None,
        # What offices have given was given for that place and time.
        consents=parent.use.consents if less else frozenset(),
        traffic_order=change.traffic_order or (None if own_time else parent.use.traffic_order),
        urgent_reason=change.urgent_reason,
    )


def _period(parent: Permit, change: Change, as_of: datetime) -> Interval:
    before = parent.use.period
    if change.kind == "extension":
        if before.end is None or change.end is None or change.end <= before.end:
            raise _invalid("/properties/until", "An extension ends later than the permit.")
        return Interval(before.end, change.end)
    today = midnight(as_of.astimezone(TOWN_ZONE).date())
    start = change.start or max(before.start, today)
    end = change.end or before.end
    if end is not None and end <= start:
        raise _invalid("/properties/until", "Nothing is left of the period then.")
    if change.kind != "shift" and (
        start < before.start or (before.end is not None and (end is None or end > before.end))
    ):
        raise _invalid("/properties/until", "The period may not reach beyond that of the permit.")
    return Interval(start, end)


def _refuse_other_kind(parent: Permit, change: Change, area: BaseGeometry, as_of: datetime) -> None:
    noise_m2 = general_value("overlap_noise_m2", as_of.astimezone(TOWN_ZONE).date())
    before = parent.use.area
    if change.kind == "reduction":
        if change.area is None and change.end is None and change.start is None:
            raise _invalid("/geometry", "A reduction needs a smaller area or a shorter period.")
        if area.difference(before).area > noise_m2:
            raise _invalid("/geometry", "A reduction lies inside the area of the permit.")
    if change.kind == "enlargement" and (
        before.difference(area).area > noise_m2 or area.area <= before.area + noise_m2
    ):
        raise _invalid("/geometry", "An enlargement holds the area of the permit and more.")
    if change.kind == "shift" and change.area is None and change.start is None and change.end is None:
        raise _invalid("/geometry", "A shift needs another area or another period.")
    if change.kind == "new_holder" and change.applicant is None:
        raise _invalid("/properties/applicant", "Who is the new holder? At least a name is needed.")


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])
