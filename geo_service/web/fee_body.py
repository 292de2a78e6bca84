"""What a client sends about fees, and how a fee notice reads as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from geo_service.errors import FieldFault, Invalid
from geo_service.fees.list_notices import ListedNotice, NoticePage
from geo_service.fees.notice import Booking, Entry, FeeNotice
from geo_service.interval import TOWN_ZONE
from geo_service.permits.permit_document import instant
from geo_service.web.storable import StorableBody

_BAD_AMOUNT = "An amount in euros has at most two decimals, for example 166.88."
NEEDS_REASON = "A credit and whatever undoes an entry need a reason."
_ENGLISH = re.compile(r"[0-9]{1,7}(\.[0-9]{1,2})?")
_GERMAN = re.compile(r"([0-9]{1,7}|[0-9]{1,3}(\.[0-9]{3}){1,2}),[0-9]{1,2}|[0-9]{1,3}(\.[0-9]{3}){1,2}")


def euros_of(typed: str) -> Decimal:
    """Euros as people type them: 1.234,50 or 1234.50 or 12 €. Raises Invalid with the pointer /amount_eur."""
    text = typed.strip().removesuffix("€").strip()
    if _GERMAN.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    if not _ENGLISH.fullmatch(text):
        raise Invalid(_BAD_AMOUNT, errors=[FieldFault("/amount_eur", _BAD_AMOUNT)])
    return Decimal(text).quantize(Decimal("0.01"))


def _amount(value: Any) -> Decimal | None:
    """The same of JSON: a text like "166.88" or a number."""
    if value is None:
        return None
    text = "" if isinstance(value, bool | dict | list) else str(value)
    if not _ENGLISH.fullmatch(text):
        raise PydanticCustomError("bad_amount", _BAD_AMOUNT)
    return Decimal(text).quantize(Decimal("0.01"))


Amount = Annotated[Decimal, BeforeValidator(_amount, json_schema_input_type=str)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, max_length=1_000)]


class SetFeeBody(StorableBody):
    """The amount that the notice shall name; null goes back to that of the tariff."""

    amount_eur: Amount | None
    reason: Reason = ""


class EntryBody(StorableBody):
    """Something to be booked on a fee notice; without an amount all that is open, paid or owed back."""

    kind: Literal["paid", "paid_undone", "credit", "credit_undone", "paid_back"]
    on: date | None = None
    amount_eur: Amount | None = None
    reason: Annotated[Reason, Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Self:
        if self.kind in ("credit", "credit_undone", "paid_undone") and not self.reason:
            raise PydanticCustomError("entry_needs_reason", NEEDS_REASON)
        return self

    def to_booking(self, now: datetime) -> Booking:
        """The same as a value of the house; without a day, today."""
        return Booking(
            kind=self.kind,
            on_day=self.on or now.astimezone(TOWN_ZONE).date(),
            amount_eur=self.amount_eur,
            reason=self.reason,
        )


def notice_document(
    notice: FeeNotice, entries: Sequence[Entry], reference: str, *, with_names: bool
) -> dict[str, Any]:
    """A fee notice; the applicant learns what was booked, not by which person."""
    fee = notice.fee
    return {
        "reference": reference,
        "cash_reference": notice.cash_reference,
        "amount_eur": f"{notice.amount_eur:.2f}",
        "lines": fee["lines"],
        "official": fee["official"],
        "set_reason": fee["set"]["reason"] if "set" in fee else None,
        "issued_at": instant(notice.issued_at),
        "due_on": notice.due_on.isoformat(),
        "state": notice.state,
        "balance_eur": f"{notice.balance_eur:.2f}",
        "paid_on": None if notice.paid_on is None else notice.paid_on.isoformat(),
        "entries": [_entry(entry, with_names) for entry in entries],
    }


def _entry(entry: Entry, with_names: bool) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "amount_eur": f"{entry.amount_eur:.2f}",
        "on": entry.on_day.isoformat(),
        "at": instant(entry.at),
        "by": entry.by_name if with_names else None,
        "reason": entry.reason,
    }


def notices_document(page: NoticePage) -> dict[str, Any]:
    """A page of the desk's list."""
    return {"fee_notices": [_listed(one) for one in page.notices], "cursor": page.cursor}


def _listed(one: ListedNotice) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "use_type": one.use_type,
        "payer": one.payer,
        "cash_reference": one.cash_reference,
        "amount_eur": f"{one.amount_eur:.2f}",
        "balance_eur": f"{one.balance_eur:.2f}",
        "official": one.official,
        "issued_at": instant(one.issued_at),
        "due_on": one.due_on.isoformat(),
        "paid_on": None if one.paid_on is None else one.paid_on.isoformat(),
        "state": one.state,
    }
