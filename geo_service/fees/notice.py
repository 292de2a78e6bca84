"""The fee notice of a permit: amount, cash reference, due day, what was booked on it; only ever added to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows
from geo_service.errors import NotFound, Rejected
from geo_service.interval import TOWN_ZONE
from geo_service.sql.loader import statements, text
from geo_service.towns.cash_reference import cash_reference, counts_by_year
from geo_service.towns.town import Town

EntryKind = Literal["credit", "credit_undone", "paid", "paid_undone", "paid_back"]
NoticeState = Literal["open", "overdue", "paid", "refund_due", "cancelled"]
_NAMED = statements("fee_notices")


class NoFeeNotice(NotFound):
    """There is no fee notice: the case is not granted, or it costs nothing."""


class NothingToBook(Rejected):
    """The state of the fee notice does not allow this entry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Booking:
    """What shall be booked. amount_eur: None = all that the kind can book now."""

    kind: EntryKind
    on_day: date
    amount_eur: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedFee:
    """The fee that a grant fixes: more than 0 euros. document: lines and tariff, as JSON."""

    permit_id: UUID
    document: Mapping[str, Any]
    due_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """Something booked on a notice."""

    kind: EntryKind
    amount_eur: Decimal
    on_day: date
    at: datetime
    by_name: str
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeNotice:
    """fee: lines and tariff as fixed by the grant. balance_eur: still to be paid; negative: to be given back.

    credits_eur, paid_eur: sums of what stands, undone entries left out. paid_on: the last day of a payment.
    """

    permit_id: UUID
    town: str
    cash_reference: str
    amount_eur: Decimal
    fee: dict[str, Any]
    issued_at: datetime
    issued_by: str
    due_on: date
    credits_eur: Decimal
    paid_eur: Decimal
    balance_eur: Decimal
    paid_on: date | None
    state: NoticeState


def issue_notice(session: Session, town: Town, fixed: FixedFee, *, by_name: str, as_of: datetime) -> None:
    """Issue the notice of a case of the town that speaks; it gets the next cash reference."""
    year = as_of.astimezone(town.zone).year
    settings = town.settings.fees
    counted = {"town": town.ags, "year": year if counts_by_year(settings.cash_reference) else 0}
    number = session.execute(text(_NAMED["next_cash_number"]), counted).scalar_one()
    reference = cash_reference(
        settings.cash_reference, settings.check,
        ags=town.ags, prefix=town.reference_prefix or "", year=year, number=number,
    )  # fmt: skip
    row = {
        "permit_id": fixed.permit_id, "town": town.ags, "cash_reference": reference,
        "amount_eur": fixed.document["total_eur"], "fee": orjson.dumps(fixed.document).decode(),
        "issued_at": as_of, "issued_by": by_name, "due_on": fixed.due_on,
    }  # fmt: skip
    session.execute(text(_NAMED["issue_notice"]), row)


def find_notice(session: Session, permit_id: UUID, *, as_of: datetime) -> FeeNotice | None:
    """The notice of a case for whoever may see the case; None where it has none."""
    asked = {"permit_id": permit_id, "today": as_of.astimezone(TOWN_ZONE).date()}
    rows = prepared_rows(session, _NAMED["find_notice"], asked)
    return FeeNotice(**rows[0]._asdict()) if rows else None


def get_notice(session: Session, permit_id: UUID, *, as_of: datetime) -> FeeNotice:
    """The notice of a case. Raises NoFeeNotice."""
    found = find_notice(session, permit_id, as_of=as_of)
    if found is None:
        raise NoFeeNotice()
    return found


def list_entries(session: Session, permit_id: UUID) -> list[Entry]:
    """What was booked on a notice, oldest first."""
    rows = session.execute(text(_NAMED["list_entries"]), {"permit_id": permit_id}).mappings()
    return [Entry(**row) for row in rows]


def book(
    session: Session, notice: FeeNotice, booking: Booking, *, by_name: str, as_of: datetime
) -> FeeNotice:
    """Add an entry to a notice whose case is locked (`get_permit(lock=True)`).

    Raises NothingToBook (409) where the state of the notice leaves nothing, or less, to be booked.
    """
    most = _most(notice, booking.kind)
    amount = most if booking.amount_eur is None else booking.amount_eur
    if not 0 < amount <= most:
        raise NothingToBook(_cannot(booking.kind, most))
    row = {
        "permit_id": notice.permit_id, "town": notice.town, "kind": booking.kind, "amount_eur": amount,
        "on_day": booking.on_day, "at": as_of, "by_name": by_name, "reason": booking.reason,
    }  # fmt: skip
    session.execute(text(_NAMED["add_entry"]), row)
    return get_notice(session, notice.permit_id, as_of=as_of)


def _most(notice: FeeNotice, kind: EntryKind) -> Decimal:
    """The largest amount that makes sense: what is open, what was paid or credited, what is owed back."""
    return {
        "credit": notice.amount_eur - notice.credits_eur,
        "credit_undone": notice.credits_eur,
        "paid": notice.balance_eur,
        "paid_undone": notice.paid_eur,
        "paid_back": -notice.balance_eur,
    }[kind]


def _cannot(kind: EntryKind, most: Decimal) -> str:
    if most > 0:
        return f"At most {most:.2f} euros can be booked as {kind}."
    return f"There is nothing to be booked as {kind}."
