"""The queue of a desk, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import Row, TextClause
from sqlalchemy.orm import Session

from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text

PAGE = 50
MOST = 500
Order = Literal["newest", "deadline"]
_NEWEST = statements("permits")["list_permits"]
# The same list by when the desk has to act: urgent ones, then deadlines and starts, the soonest first.
_BY_DEADLINE = _NEWEST.replace(
    "ORDER BY permit.filed_at DESC, permit.permit_id DESC", "ORDER BY permit.act_by, permit.permit_id"
).replace("(permit.filed_at, permit.permit_id)\n       <", "(permit.act_by, permit.permit_id)\n       >")
_STATEMENTS: dict[Order, TextClause] = {"newest": text(_NEWEST), "deadline": text(_BY_DEADLINE)}


@dataclass(frozen=True, kw_only=True, slots=True)
class PermitInQueue:
    """One line of the queue. geometry: GeoJSON in CRS84. act_by: when the desk has to act."""

    permit_id: UUID
    reference: str
    town: str
    status: str
    use_type: str
    purpose: str | None
    address_text: str | None
    applicant_name: str | None
    area_m2: float
    restriction: str
    period: Interval
    filed_at: datetime
    decided_at: datetime | None
    due_at: datetime | None
    act_by: datetime
    updated_at: datetime
    urgent_reason: str | None
    fee_total_eur: str | None
    open_blocks: int
    demo: bool
    version: int
    geometry: dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class QueuePage:
    """`cursor` opens the next page; None on the last one."""

    permits: tuple[PermitInQueue, ...]
    cursor: str | None


def list_permits(  # noqa: PLR0913 - one per filter
    session: Session,
    *,
    caller: Caller,
    status: Sequence[str] = (),
    words: str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
    order: Order = "newest",
) -> QueuePage:
    """Filed cases of the caller's town; all `words` occur in reference, purpose, address or name.

    The session speaks as `caller` already. Raises NotSignedIn, Forbidden, or Malformed for a broken cursor.
    """
    require_desk(caller)
    after_at, after_id = read_cursor(cursor) if cursor else (None, None)
    number = max(1, min(limit, MOST))
    rows = session.execute(
        _STATEMENTS[order],
        {
            "town": caller.town,
            "status": list(status) or None,
            "words": words.replace("\0", "") or None if words else None,
            "after_at": after_at,
            "after_id": after_id,
            "number": number + 1,
        },
    ).all()
    page = tuple(_in_queue(row) for row in rows[:number])
    more = len(rows) > number
    if not more:
        return QueuePage(permits=page, cursor=None)
    last = page[-1]
    at = last.filed_at if order == "newest" else last.act_by
    return QueuePage(permits=page, cursor=write_cursor(at, last.permit_id))


def _in_queue(row: Row[Any]) -> PermitInQueue:
    same = [name for name in PermitInQueue.__dataclass_fields__ if name not in ("period", "geometry")]
    return PermitInQueue(
        **{name: getattr(row, name) for name in same},
        period=Interval(row.period_start, row.period_end),
        geometry=orjson.loads(row.geometry),
    )
