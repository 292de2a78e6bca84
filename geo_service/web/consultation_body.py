"""What a client sends about notes and consultations, and how both read as JSON."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from geo_service.permits.consultations import Consultation, Question
from geo_service.permits.deadlines import last_day_of
from geo_service.permits.notes import Note
from geo_service.permits.permit_document import instant
from geo_service.web.storable import MailAddress, StorableBody

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4_000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class NoteBody(StorableBody):
    """A note of the desk."""

    text: Words


class ConsultationBody(StorableBody):
    """Who is asked what; an office in words, or a neighbour town by its AGS."""

    question: Words
    office: Name | None = None
    asked_town: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    working_days: Annotated[int, Field(ge=1, le=60)] | None = None
    email: MailAddress | None = None

    def to_question(self) -> Question:
        """The same as a value of the house."""
        return Question(**{**self.model_dump(), "email": self.email or None})


class AnswerBody(StorableBody):
    """The answer of an office; `name` says who answers where a link is all that was shown."""

    verdict: Literal["no_objection", "conditions", "objection"]
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)] = ""
    name: Name | None = None


def note_document(note: Note) -> dict[str, Any]:
    """A note as JSON."""
    return {"id": note.note_id, "at": instant(note.at), "by": note.by_name, "text": note.words}


def consultation_document(found: Consultation) -> dict[str, Any]:
    """A consultation as JSON; `address` is the link to send, for the desk that asks."""
    link = f"/consultations/{found.consultation_id}?token={found.token}" if found.token else None
    same = ("town", "asked_town", "office", "question", "verdict", "answer", "answered_by")
    return {
        "id": str(found.consultation_id),
        **{name: getattr(found, name) for name in same},
        "case": found.shown,
        "asked_at": instant(found.asked_at),
        "due_on": last_day_of(found.due_at),
        "answered_at": instant(found.answered_at),
        "address": link,
    }
