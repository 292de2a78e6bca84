"""Booking on a fee notice: by a clerk of the town, or by the treasury's program with a key of the desk."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid
from geo_service.fees.notice import Booking, FeeNotice, book, get_notice
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE
from geo_service.permits.notes import require_clerk
from geo_service.permits.permit import Permit


def book_entry(
    session: Session, permit: Permit, booking: Booking, *, by: Caller, as_of: datetime
) -> FeeNotice:
    """Add an entry to the notice of a case that its clerk has opened and locked.

    Raises Forbidden, NoFeeNotice (404), NothingToBook (409), or Invalid for a day to come.
    """
    require_clerk(permit)
    notice = get_notice(session, permit.permit_id, as_of=as_of)
    today = as_of.astimezone(TOWN_ZONE).date()
    if not notice.issued_at.astimezone(TOWN_ZONE).date() <= booking.on_day <= today:
        detail = "The day lies between the notice and today."
        raise Invalid(detail, errors=[FieldFault("/on", detail)])
    return book(session, notice, booking, by_name=by.name, as_of=as_of)
