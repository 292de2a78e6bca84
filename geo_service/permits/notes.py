"""Internal notes on a case: written by the desk of its town, read by nobody else, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.errors import Forbidden
from geo_service.identity.caller import Caller
from geo_service.permits.permit import Permit
from geo_service.sql.loader import statements, text

_NAMED = statements("consultations")


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What somebody wrote down."""

    note_id: int
    at: datetime
    by_name: str
    words: str


def add_note(session: Session, permit: Permit, words: str, *, by: Caller, as_of: datetime) -> Note:
    """Keep a note on a case. Raises Forbidden for its applicant."""
    require_clerk(permit)
    values = {
        "permit_id": permit.permit_id, "town": permit.town, "at": as_of, "by_name": by.name, "words": words,
    }  # fmt: skip
    row = session.execute(text(_NAMED["add_note"]), values).mappings().one()
    return Note(**row)


def list_notes(session: Session, permit_id: UUID) -> list[Note]:
    """The notes on a case, oldest first; none for anybody but the desk of its town."""
    rows = session.execute(text(_NAMED["list_notes"]), {"permit_id": permit_id}).mappings()
    return [Note(**row) for row in rows]


def require_clerk(permit: Permit) -> None:
    """Raises Forbidden unless a clerk of its town has opened the case."""
    if "clerk" not in permit.parties:
        raise Forbidden("Only a clerk of the town can do this.")
