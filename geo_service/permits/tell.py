"""What the steps of a case say by e-mail, and to whom: the applicant, the own office, whoever is consulted.

Nothing that an applicant has typed goes to the address that was given at filing: nobody has proved yet that
it is theirs, and the service would carry anybody's words to anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.as_written import day_text, period_text
from geo_service.fees.notice import FeeNotice
from geo_service.fees.wording import german, money
from geo_service.messages.outbox import Letter, post
from geo_service.messages.wording import Language
from geo_service.occupations.use_request import UseRequest
from geo_service.occupations.use_types import use_types
from geo_service.permits.applicant import Applicant
from geo_service.permits.deadlines import last_day_of
from geo_service.permits.permit import Permit
from geo_service.towns.message_texts import MessageKind
from geo_service.towns.town import Town, get_town

_TO_APPLICANT: Final[dict[str, MessageKind]] = {
    "submitted": "receipt", "more_information_needed": "question", "granted": "granted",
    "rejected": "rejected", "dismissed": "dismissed", "revoked": "revoked",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Filed:
    """What the receipt of a request says, and to whom."""

    permit_id: UUID
    reference: str
    use: UseRequest
    applicant: Applicant | None


def tell_filed(session: Session, town: Town, filed: Filed, *, as_of: datetime) -> None:
    """The receipt of a request that has just been filed."""
    if filed.applicant is None:
        return
    language = _language(filed.use)
    letter = Letter(
        kind="receipt", permit_id=filed.permit_id, recipient=filed.applicant.email, language=language,
        places=_places(filed.reference, filed.use, language),
    )  # fmt: skip
    post(session, town, letter, as_of=as_of)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stepped:
    """A step that was just taken. permit: as it is after it, opened by whoever took it.

    words: the reason given; fee: the notice of what is to be paid, None where there is none.
    """

    before: str
    permit: Permit
    words: str | None
    fee: FeeNotice | None


def tell_step(session: Session, town: Town, step: Stepped, *, as_of: datetime) -> None:
    """What a step says."""
    before, permit, words = step.before, step.permit, step.words
    answered = before == "more_information_needed" and permit.status == "in_review"
    if answered and "applicant" in permit.parties:
        places = {**_places(permit.key, permit.use, "de"), "words": words or ""}
        _to_office(session, permit, "answer_received", places, as_of=as_of)
    kind = _TO_APPLICANT.get(permit.status)
    if kind is None or permit.applicant is None:
        return
    language = _language(permit.use)
    places = {**_places(permit.key, permit.use, language), "words": words or ""}
    if kind == "question":
        places["due"] = _last_day(permit.due_at, language)
    if kind == "granted":
        places["payment"] = _payment(step.fee, language)
    letter = Letter(
        kind=kind,
        permit_id=permit.permit_id,
        recipient=permit.applicant.email,
        language=language,
        places=places,
    )
    post(session, town, letter, as_of=as_of)


def tell_reminder(session: Session, permit: Permit, *, as_of: datetime) -> None:
    """That an answer is still awaited; once for each deadline."""
    if permit.applicant is None or permit.due_at is None:
        return
    language = _language(permit.use)
    places = {**_places(permit.key, permit.use, language), "due": _last_day(permit.due_at, language)}
    letter = Letter(
        kind="reminder", permit_id=permit.permit_id, recipient=permit.applicant.email, language=language,
        places=places, once=permit.due_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    )  # fmt: skip
    post(session, get_town(session, permit.town), letter, as_of=as_of)


def tell_consulted(
    session: Session, permit: Permit, asked: dict[str, Any], email: str | None, *, as_of: datetime
) -> None:
    """An office is asked: by the address that the clerk gave, a neighbour town by that of its office.

    asked: the row of the consultation. The office sees what the page shows, nothing of the applicant.
    """
    recipient = email
    if recipient is None and asked["asked_town"] is not None:
        recipient = get_town(session, asked["asked_town"]).settings.mail.office
    places = {
        **_places(permit.key, permit.use, "de"), "words": asked["question"], "office": asked["office"],
        "due": _last_day(asked["due_at"], "de"),
    }  # fmt: skip
    letter = Letter(
        kind="consultation_asked", permit_id=permit.permit_id, recipient=recipient, places=places,
        consultation_id=asked["consultation_id"],
    )  # fmt: skip
    post(session, get_town(session, permit.town), letter, as_of=as_of)


def tell_consultation_answered(
    session: Session, permit: Permit, office: str, verdict: str, words: str, *, as_of: datetime
) -> None:
    """The own office learns what another has answered; the session speaks for the town."""
    labels = {"no_objection": "keine Einwände", "conditions": "mit Auflagen", "objection": "Einwände"}
    places = {
        **_places(permit.key, permit.use, "de"), "office": office, "verdict": labels[verdict], "words": words,
    }  # fmt: skip
    _to_office(session, permit, "consultation_answered", places, as_of=as_of)


def _to_office(
    session: Session, permit: Permit, kind: MessageKind, places: dict[str, str], *, as_of: datetime
) -> None:
    town = get_town(session, permit.town)
    office = town.settings.mail.office
    letter = Letter(kind=kind, permit_id=permit.permit_id, recipient=office, places=places)
    post(session, town, letter, as_of=as_of)


def _language(use: UseRequest) -> Language:
    return "en" if use.language == "en" else "de"


def _places(reference: str, use: UseRequest, language: Language) -> dict[str, str]:
    names = use_types()[use.use_type]
    return {
        "reference": reference,
        "use": names.en if language == "en" else names.de,
        "period": period_text(use.period, language),
    }


def _last_day(due_at: datetime | None, language: Language) -> str:
    last = last_day_of(due_at)
    return "" if last is None else day_text(date.fromisoformat(last), language)


def _payment(notice: FeeNotice | None, language: Language) -> str:
    if notice is None:
        return ""
    amount, due = money(notice.amount_eur), day_text(notice.due_on, language)
    example = not notice.fee["official"]
    if language == "en":
        words = f"Fee: {amount}, to be paid until {due}, cash reference {notice.cash_reference}."
        return f"{words} (Example tariff, not official.)" if example else words
    words = f"Gebühr: {german(amount)}, zu zahlen bis {due}, Kassenzeichen {notice.cash_reference}."
    return f"{words} (Beispieltarif, nicht amtlich.)" if example else words
