"""Another amount than the tariff's, set by a clerk before the decision with a reason for the notice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.permits.change_permit import AlreadyDecided
from geo_service.permits.notes import require_clerk
from geo_service.permits.permit import Permit
from geo_service.permits.states import UNDECIDED
from geo_service.sql.loader import statements, text


def set_fee(
    session: Session, permit: Permit, amount_eur: Decimal | None, reason: str, *, by: Caller, as_of: datetime
) -> Permit:
    """Set the fee of a case that its clerk has opened and locked; None goes back to the tariff's.

    Raises Forbidden, AlreadyDecided (409), or Invalid without a reason.
    """
    require_clerk(permit)
    if permit.status not in UNDECIDED:
        raise AlreadyDecided()
    if amount_eur is not None and not reason.strip():
        detail = "Another amount than the tariff's needs a reason."
        raise Invalid(detail, errors=[FieldFault("/reason", detail)])
    calculated = _calculated(permit.fee)
    fee = calculated
    if amount_eur is not None:
        fee = _set_document(amount_eur, reason.strip(), by.name, as_of, calculated)
    values = {"permit_id": permit.permit_id, "fee": None if fee is None else orjson.dumps(fee).decode()}
    session.execute(text(statements("permits")["set_fee"]), values)
    return replace(permit, fee=fee, version=permit.version + 1)


def _calculated(fee: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if fee is None:
        return None
    return fee["set"]["calculated"] if "set" in fee else dict(fee)


def _set_document(
    amount_eur: Decimal, reason: str, by_name: str, as_of: datetime, calculated: dict[str, Any] | None
) -> dict[str, Any]:
    amount = f"{amount_eur:.2f}"
    return {
        "total_eur": amount,
        "lines": [{"text": f"Festgesetzt: {reason}", "text_en": f"Set: {reason}", "amount_eur": amount}],
        "official": True if calculated is None else calculated["official"],
        "tariff_from": None if calculated is None else calculated.get("tariff_from"),
        "set": {"by": by_name, "at": as_of.isoformat(), "reason": reason, "calculated": calculated},
    }
