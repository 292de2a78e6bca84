"""A case as it was known at the end of a past day: what was asked for, decided and recorded until then."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import TOWN_ZONE, midnight
from geo_service.permits.permit import NoSuchPermit, Permit, permit_of_row
from geo_service.permits.permit_document import permit_document
from geo_service.sql.loader import statements, text

_NAMED = statements("permits")
# The same row, each of its columns as it was before the first change after that moment.
_THEN = text(
    _NAMED["get_permit"]
    .replace(
        "FROM permit\n", f"FROM permit AS today\nCROSS JOIN LATERAL ({_NAMED['permit_then']}) AS permit\n"
    )
    .replace("WHERE permit.reference = ", "WHERE today.filed_at < :moment AND today.reference = ")
    .replace("OR permit.permit_id = CAST(:permit_id AS uuid)", "")
)
_UNKNOWN_THEN = ("verdict", "findings", "findings_total", "next", "children", "days_in_hand")


def get_permit_as_of(session: Session, reference: str, day: date, *, caller: Caller, now: datetime) -> Permit:
    """The case at the end of `day` in the town, for a clerk of its town; who asked is told as known today.

    Raises NotSignedIn, Forbidden, NoSuchPermit (also where it was filed later), Invalid for a day to come.
    """
    require_desk(caller)
    if day > now.astimezone(TOWN_ZONE).date():
        detail = "This day has not come yet."
        raise Invalid(detail, errors=[FieldFault("as_of", detail)])
    moment = midnight(day + timedelta(days=1))
    row = session.execute(_THEN, {"reference": reference, "moment": moment}).one_or_none()
    if row is None or row.town != caller.town:
        raise NoSuchPermit()
    steps = session.execute(text(_NAMED["history_of_permit"]), {"permit_id": row.permit_id})
    return permit_of_row(row, [step for step in steps if step.at < moment], frozenset({"clerk"}))


def document_as_of(permit: Permit, day: date, caller: Caller) -> dict[str, Any]:
    """Its JSON; findings are known of today and of the grant (`at_grant`) only, and left out."""
    document = permit_document(permit, (), caller, as_of=midnight(day))
    kept = {name: value for name, value in document["properties"].items() if name not in _UNKNOWN_THEN}
    return {**document, "properties": {**kept, "as_of": day.isoformat()}}
