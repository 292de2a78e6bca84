"""What offices were asked about a case is over with the case's decision."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.db.database import speaking_as_system
from geo_service.permits.permit import Permit
from geo_service.sql.loader import statements, text


def close_consultations(session: Session, permit: Permit, *, as_of: datetime) -> None:
    """Ask nobody any more: an office cannot see the case, and would be reminded of it for ever."""
    asked = {"permit_id": permit.permit_id, "at": as_of}
    with speaking_as_system(session, permit.town):  # also where the applicant withdraws
        session.execute(text(statements("consultations")["close_consultations"]), asked)
