"""Asking other offices and neighbour towns about a case, and their answers.

Who is asked sees the question and a copy of the case as it was then, without anything about the applicant.
The case waits in consultation until all have answered or their time is over (follow_clock.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

import orjson
from sqlalchemy.orm import Session

from geo_service.db.database import speaking_as_system
from geo_service.errors import FieldFault, Invalid, NotFound, Rejected
from geo_service.identity.caller import Caller, system_of
from geo_service.occupations.use_types import use_types
from geo_service.permits.deadlines import answer_due_at, due_after
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.notes import require_clerk
from geo_service.permits.permit import Permit, get_permit
from geo_service.permits.permit_document import instant, lonlat_document
from geo_service.permits.tell import tell_consultation_answered, tell_consulted
from geo_service.sql.loader import statements, text
from geo_service.towns.town import NoSuchTown, get_town

Verdict = Literal["no_objection", "conditions", "objection"]
_NAMED = statements("consultations")
_AT_MOST = 200


class NoLongerAsked(Rejected):
    """The case has been decided meanwhile; no answer is needed any more."""


class NoSuchConsultation(NotFound):
    """There is no consultation under this address for you: check the link."""


class NotUnderReview(Rejected):
    """Offices are consulted while a request is in review."""


class AnsweredAlready(Rejected):
    """This was answered already; the answer stands."""  # noqa: D404 - it is the message


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """office: who is asked, in words; None for a neighbour town. working_days None: the usual deadline.

    email: where the question is sent; None = a neighbour's office, else the clerk passes the link on.
    """

    question: str
    office: str | None = None
    asked_town: str | None = None
    working_days: int | None = None
    email: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Consultation:
    """shown: GeoJSON Feature of the case in CRS84, as it was when asked. token: for the desk that asks.

    closed_at: when the case was decided without the answer.
    """

    consultation_id: UUID
    permit_id: UUID
    town: str
    asked_town: str | None
    office: str
    question: str
    shown: dict[str, Any]
    asked_by: str
    asked_at: datetime
    due_at: datetime
    verdict: str | None
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None
    closed_at: datetime | None
    token: str | None


def consult(
    session: Session, permit: Permit, question: Question, *, caller: Caller, as_of: datetime
) -> Consultation:
    """Ask an office about a case that its clerk has opened and locked; the case is in consultation then.

    Raises Forbidden, NotUnderReview (409), Invalid.
    """
    require_clerk(permit)
    if permit.status not in ("in_review", "in_consultation"):
        raise NotUnderReview()
    office = _office(session, permit, question)
    due_at = answer_due_at(session, permit.town, "in_consultation", as_of=as_of)
    if question.working_days is not None:
        due_at = due_after(question.working_days, as_of=as_of)
    if permit.status == "in_review":
        move = Move(to="in_consultation", reason=office)
        move_permit(session, permit.key, move, caller=caller, as_of=as_of)
    consultation_id = uuid4()
    values = {
        "consultation_id": consultation_id, "permit_id": permit.permit_id, "town": permit.town,
        "asked_town": question.asked_town, "office": office, "question": question.question,
        "shown": orjson.dumps(_shown(permit)).decode(), "asked_by": caller.name, "asked_at": as_of,
        "due_at": due_at,
    }  # fmt: skip
    session.execute(text(_NAMED["ask_office"]), values)
    session.execute(text(_NAMED["await_offices"]), {"permit_id": permit.permit_id})
    tell_consulted(session, permit, values, question.email, as_of=as_of)
    return get_consultation(session, consultation_id)


def _office(session: Session, permit: Permit, question: Question) -> str:
    if question.asked_town is None:
        if not question.office:
            raise _invalid("/office", "Who is asked? An office or a neighbour town is needed.")
        return question.office
    if question.asked_town == permit.town:
        raise _invalid("/asked_town", "A town does not consult itself; name the office instead.")
    try:
        asked = get_town(session, question.asked_town)
    except NoSuchTown as error:
        raise _invalid("/asked_town", error.detail) from error
    return question.office or asked.name


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])


def _shown(permit: Permit) -> dict[str, Any]:
    """What the street is wanted for, where and when: no purpose, applicant or fee."""
    use, names = permit.use, use_types()[permit.use.use_type]
    last = use.period.last_day()
    return {
        "type": "Feature",
        "geometry": lonlat_document(use.area),
        "properties": {
            "reference": permit.reference, "town": permit.town, "town_name": permit.town_name,
            "use_type": use.use_type, "use_type_label_de": names.de, "use_type_label_en": names.en,
            "restriction": use.restriction, "excavation": use.excavation, "area_m2": round(use.area_m2, 2),
            "from": use.period.first_day().isoformat(), "until": None if last is None else last.isoformat(),
            "period_start": instant(use.period.start), "period_end": instant(use.period.end),
            "address_text": use.address_text, "closed_segments": list(use.closed_segments),
            "detour": None if use.detour is None else lonlat_document(use.detour),
        },
    }  # fmt: skip


def get_consultation(session: Session, consultation_id: UUID, *, token: str | None = None) -> Consultation:
    """For whoever has its token, the desk that asks and the neighbour town that is asked.

    Raises NoSuchConsultation for everybody else, whether it exists or not.
    """
    asked = {"consultation_id": consultation_id, "token": token}
    if token:
        session.execute(text(_NAMED["open_consultation"]), asked)
    row = session.execute(text(_NAMED["get_consultation"]), asked).mappings().one_or_none()
    if row is None:
        raise NoSuchConsultation()
    return Consultation(**row)


def list_consultations(session: Session, permit_id: UUID) -> list[Consultation]:
    """Those of a case, oldest first, for the desk that asks."""
    rows = session.execute(text(_NAMED["consultations_of_case"]), {"permit_id": permit_id}).mappings()
    return [Consultation(**row) for row in rows]


def list_consultations_asked_of(session: Session, town: str) -> list[Consultation]:
    """What other towns ask a town (AGS), unanswered ones first."""
    asked = {"town": town, "number": _AT_MOST}
    rows = session.execute(text(_NAMED["consultations_asked_of"]), asked).mappings()
    return [Consultation(**row) for row in rows]


def count_consultations_asked_of(session: Session, town: str) -> int:
    """How many questions of other towns a town (AGS) has still to answer."""
    return int(session.execute(text(_NAMED["count_asked_of"]), {"town": town}).scalar_one())


def answer_consultation(
    session: Session, found: Consultation, verdict: Verdict, words: str, *, by_name: str, as_of: datetime
) -> Consultation:
    """Record the answer to a consultation that somebody has opened; with the last one the review goes on.

    Raises AnsweredAlready or NoLongerAsked (409), Invalid for conditions or an objection without words.
    """
    if verdict != "no_objection" and not words.strip():
        raise _invalid("/answer", "Conditions and objections need words.")
    case = {"permit_id": found.permit_id, "reference": None}
    with speaking_as_system(session, found.town):  # of two last answers one is the last
        session.execute(text(statements("permits")["lock_permit"]), case)
    given = {
        "consultation_id": found.consultation_id, "verdict": verdict, "answer": words.strip() or None,
        "answered_by": by_name, "answered_at": as_of,
    }  # fmt: skip
    if session.execute(text(_NAMED["answer_office"]), given).one_or_none() is None:
        raise AnsweredAlready() if found.closed_at is None else NoLongerAsked()
    with speaking_as_system(session, found.town):
        _go_on(session, found, as_of=as_of)
        permit = get_permit(session, str(found.permit_id), caller=system_of(found.town))
        tell_consultation_answered(session, permit, found.office, verdict, words.strip(), as_of=as_of)
    return get_consultation(session, found.consultation_id)


def _go_on(session: Session, found: Consultation, *, as_of: datetime) -> None:
    case = {"permit_id": found.permit_id, "reference": None}
    if session.execute(text(_NAMED["count_unanswered"]), case).scalar_one():
        session.execute(text(_NAMED["await_offices"]), case)
        return
    status = session.execute(text(statements("permits")["status_of_permit"]), case).scalar_one()
    if status == "in_consultation":
        move = Move(to="in_review")
        move_permit(session, str(found.permit_id), move, caller=system_of(found.town), as_of=as_of)
