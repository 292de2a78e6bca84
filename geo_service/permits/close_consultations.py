"""What offices were asked about a case is over with the case's decision."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.db.database import speaking_as_system
from geo_service.identity.caller import Caller
from geo_service.permits.permit import Permit
from geo_service.permits.states import UNDECIDED
from geo_service.sql.loader import statements, text


def close_consultations(session: Session, permit: Permit, to: str, *, by: Caller, as_of: datetime) -> None:
    """Ask nobody any more once a case leaves the undecided states: an office cannot see it, and would wait.

    permit: as it was before the step. to: its state afterwards. by: as whom the session speaks.
    """
    if permit.status not in UNDECIDED or to in UNDECIDED:
        return
    asked = {"permit_id": permit.permit_id, "at": as_of}
    own_desk = by.at_desk and by.town == permit.town  # an applicant withdraws too, and may not write this
    with nullcontext() if own_desk else speaking_as_system(session, permit.town):
        session.execute(text(statements("consultations")["close_consultations"]), asked)
