"""The JSON of a case: a GeoJSON Feature in CRS84, cut to whoever opened it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from geo_service.conflicts.check import MAX_FINDINGS
from geo_service.conflicts.finding import Finding, finding_document, verdict_of
from geo_service.crs import to_lonlat
from geo_service.identity.caller import PUBLIC, Caller
from geo_service.occupations.stated_facts import recurrence_document, traffic_order_document
from geo_service.occupations.use_types import use_types
from geo_service.permits.deadlines import last_day_of, working_days_in
from geo_service.permits.list_permits import PermitInQueue, QueuePage
from geo_service.permits.permit import Permit, Step
from geo_service.permits.states import UNDECIDED, WITH_DESK

_AS_ASKED = (
    "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2", "frontage_m",
    "count", "zone", "commercial", "charitable", "remaining_carriageway_m", "remaining_footway_m",
    "pedestrian_guidance", "cycle_guidance", "address_text", "urgent_reason", "language",
)  # fmt: skip


def permit_document(
    permit: Permit, findings: Sequence[Finding], caller: Caller, *, as_of: datetime
) -> dict[str, Any]:
    """What its applicant or a clerk of its town reads; `next` is what can be done at `as_of`.

    Others' data in findings is cut to `caller`.
    """
    reader = caller if "clerk" in permit.parties else PUBLIC
    use = use_types()[permit.use.use_type]
    return {
        "type": "Feature",
        "id": str(permit.permit_id),
        "geometry": lonlat_document(permit.use.area),
        "properties": {
            "permit_id": str(permit.permit_id),
            "reference": permit.reference,
            "town": permit.town,
            "town_name": permit.town_name,
            "status": permit.status,
            "parent": permit.parent_reference,
            "child_kind": permit.child_kind,
            "children": [asdict(child) for child in permit.children],
            "next": permit.next_steps(as_of),
            **{name: getattr(permit.use, name) for name in _AS_ASKED},
            "use_type_label_de": use.de,
            "use_type_label_en": use.en,
            **_times(permit),
            "purpose": permit.purpose,
            "takes": None if permit.use.takes is None else sorted(permit.use.takes),
            "area_m2": round(permit.use.area_m2, 2),
            "detour": None if permit.use.detour is None else lonlat_document(permit.use.detour),
            "closed_segments": list(permit.use.closed_segments),
            "traffic_order": traffic_order_document(permit.use.traffic_order),
            "consents": sorted(permit.use.consents),
            "applicant": _applicant(permit),
            "fee": _fee(permit),
            "conditions": list(permit.conditions),
            "filed_by": permit.filed_by,
            "demo": permit.demo,
            "version": permit.version,
            "verdict": verdict_of(tuple(f for f in findings if f.status == "open")),
            "findings": [finding_document(finding, reader) for finding in findings[:MAX_FINDINGS]],
            "findings_total": len(findings),
            "at_grant": _at_grant(permit),
            "days_in_hand": _days_in_hand(permit, as_of),
            "history": [_step(step, with_names="clerk" in permit.parties) for step in permit.history],
        },
    }


def _days_in_hand(permit: Permit, as_of: datetime) -> int | None:
    """For the desk: how long it has had an undecided case; the clock stands still while it asks for more."""
    if "clerk" not in permit.parties or permit.status not in UNDECIDED:
        return None
    steps = [(step.at, step.after) for step in permit.history]
    return working_days_in(steps, WITH_DESK, until=as_of)


def _at_grant(permit: Permit) -> dict[str, Any] | None:
    """What the decision rested on; for the desk, because it names others as the desk saw them."""
    if permit.findings_at_grant is None or "clerk" not in permit.parties:
        return None
    return {"rule_basis": permit.rule_basis, "findings": list(permit.findings_at_grant)}


def _fee(permit: Permit) -> dict[str, Any] | None:
    """The applicant learns why another amount was set, not by which person."""
    fee = permit.fee
    if fee is None or "set" not in fee or "clerk" in permit.parties:
        return fee
    return {**fee, "set": {name: value for name, value in fee["set"].items() if name != "by"}}


def _times(permit: Permit) -> dict[str, Any]:
    period = permit.use.period
    last = period.last_day()
    return {
        "from": period.first_day().isoformat(),
        "until": None if last is None else last.isoformat(),
        "period_start": instant(period.start),
        "period_end": instant(period.end),
        "recurrence": recurrence_document(permit.use.recurrence),
        "filed_at": instant(permit.filed_at),
        "decided_at": instant(permit.decided_at),
        "due_on": last_day_of(permit.due_at),
        "created_at": instant(permit.created_at),
        "updated_at": instant(permit.updated_at),
    }


def _applicant(permit: Permit) -> dict[str, str | None] | None:
    who = permit.applicant
    return (
        None
        if who is None
        else {"name": who.name, "email": who.email, "phone": who.phone, "address": who.address}
    )


def _step(step: Step, *, with_names: bool) -> dict[str, Any]:
    """The applicant learns which office acted, not which person."""
    return {
        "from": step.before,
        "to": step.after,
        "at": instant(step.at),
        "role": step.actor_role,
        "by": step.actor_name if with_names else step.actor_role,
        "reason_code": step.reason_code,
        "reason": step.reason,
        "overrides": list(step.overrides),
    }


def instant(moment: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def lonlat_document(geometry: BaseGeometry) -> dict[str, Any]:
    """A stored geometry as GeoJSON in CRS84, seven decimals (about a centimetre), rings counterclockwise."""
    lonlat = shapely.transform(to_lonlat(geometry), lambda xy: xy.round(7))
    polygons = lonlat.geom_type in ("Polygon", "MultiPolygon")
    return dict(mapping(shapely.orient_polygons(lonlat) if polygons else lonlat))


def queue_document(page: QueuePage) -> dict[str, Any]:
    """A page of the queue as a FeatureCollection, for the clerks of the town."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": str(line.permit_id),
                "geometry": line.geometry,
                "properties": _line(line),
            }
            for line in page.permits
        ],
        "numberReturned": len(page.permits),
        "cursor": page.cursor,
    }


def _line(line: PermitInQueue) -> dict[str, Any]:
    use = use_types()[line.use_type]
    last = line.period.last_day()
    same = (
        "reference", "town", "status", "use_type", "purpose", "address_text", "applicant_name", "restriction",
        "urgent_reason", "fee_total_eur", "open_blocks", "demo", "version",
    )  # fmt: skip
    return {
        **{name: getattr(line, name) for name in same},
        "area_m2": None if line.area_m2 is None else round(line.area_m2, 2),
        "use_type_label_de": use.de,
        "use_type_label_en": use.en,
        "from": line.period.first_day().isoformat(),
        "until": None if last is None else last.isoformat(),
        "period_start": instant(line.period.start),
        "period_end": instant(line.period.end),
        "filed_at": instant(line.filed_at),
        "decided_at": instant(line.decided_at),
        "due_on": last_day_of(line.due_at),
        "updated_at": instant(line.updated_at),
    }
