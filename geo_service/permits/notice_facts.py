"""What a notice will say, kept in the transaction of the decision; documents/notice.py draws it.

Drawing takes as long as twenty grants, and a grant holds the lock of what becomes binding: so only facts
are kept here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import orjson
import shapely
from sqlalchemy.orm import Session

from geo_service.fees.notice import FeeNotice, find_notice
from geo_service.identity.caller import PUBLIC
from geo_service.jobs.queue import MAKE_NOTICE, defer
from geo_service.permits.needed_papers import missing_papers
from geo_service.permits.permit import Permit
from geo_service.permits.permit_document import permit_document
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town

WITH_NOTICE: Final = ("granted", "rejected", "more_information_needed", "dismissed", "revoked")
_NOT_WRITTEN = ("findings", "findings_total", "verdict", "at_grant", "history", "next", "children", "detour")


def keep_notice(
    session: Session,
    permit: Permit,
    town: Town,
    fee: FeeNotice | None,
    *,
    reason: str | None,
    as_of: datetime,
) -> None:
    """Keep the facts of a decision that was just taken, and have its notice drawn after the commit.

    fee: the notice of what is to be paid, None where there is none.
    """
    notice_id = uuid4()
    facts = facts_with_fee(session, permit, town, fee, reason=reason, as_of=as_of)
    session.execute(
        text(statements("documents")["keep_notice"]),
        {
            "notice_id": notice_id, "permit_id": permit.permit_id, "decision": permit.status,
            "decided_at": as_of, "facts": orjson.dumps(facts).decode(),
        },
    )  # fmt: skip
    if not permit.demo:  # a demo begins with many decisions at once: its notices are drawn when somebody asks
        defer(session, MAKE_NOTICE, notice=str(notice_id), town=permit.town)


def notice_facts(
    session: Session, permit: Permit, town: Town, *, reason: str | None, as_of: datetime
) -> dict[str, Any]:
    """As JSON: the case as its applicant reads it, the town with its words, the area to the millimetre.

    `fee_notice`: cash reference, amount and due day, as the grant fixed them; None where nothing is to pay.
    """
    fee = find_notice(session, permit.permit_id, as_of=as_of)
    return facts_with_fee(session, permit, town, fee, reason=reason, as_of=as_of)


def facts_with_fee(
    session: Session,
    permit: Permit,
    town: Town,
    fee: FeeNotice | None,
    *,
    reason: str | None,
    as_of: datetime,
) -> dict[str, Any]:
    """The same where the notice of the fee is known already."""
    document = permit_document(permit, (), PUBLIC, as_of=as_of)
    case = {name: value for name, value in document["properties"].items() if name not in _NOT_WRITTEN}
    words = town.texts(permit.use.language)
    return {
        "case": {**case, "language": permit.use.language},
        "area": shapely.to_wkb(permit.use.area, hex=True),  # EPSG:25832, metres
        "town": {
            "ags": town.ags, "slug": town.slug, "name": town.name, "kind": town.kind, "demo": town.demo,
            "contact": words.contact, "legal_remedy": words.legal_remedy,
        },
        "reason": reason,
        "published": permit.use.use_type not in town.settings.published_uses_except,
        "missing_documents": missing_papers(session, permit),
        "fee_notice": _fee_to_pay(fee),
    }  # fmt: skip


def _fee_to_pay(fee: FeeNotice | None) -> dict[str, str] | None:
    if fee is None:
        return None
    return {
        "cash_reference": fee.cash_reference,
        "amount_eur": f"{fee.amount_eur:.2f}",
        "due_on": fee.due_on.isoformat(),
    }
