"""The queue of a desk, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Row, text
from sqlalchemy.orm import Session

from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import Interval
from geo_service.sql.loader import statements

PAGE = 50
MOST = 500


@dataclass(frozen=True, kw_only=True, slots=True)
class PermitInQueue:
    """One line of the queue. geometry: GeoJSON in CRS84."""

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


def list_permits(
    session: Session,
    *,
    caller: Caller,
    status: Sequence[str] = (),
    words: str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
) -> QueuePage:
    """Filed cases of the caller's town, newest first; `words` may be in reference, purpose, address or name.

    The session speaks as `caller` already. Raises NotSignedIn, Forbidden, or Malformed for a broken cursor.
    """
    require_desk(caller)
    after_filed_at, after_id = read_cursor(cursor) if cursor else (None, None)
    number = max(1, min(limit, MOST))
    rows = session.execute(
        text(statements("permits")["list_permits"]),
        {
            "town": caller.town,
            "status": list(status) or None,
            "pattern": f"%{_like(words)}%" if words else None,
            "after_filed_at": after_filed_at,
            "after_id": after_id,
            "number": number + 1,
        },
    ).all()
    page = tuple(_in_queue(row) for row in rows[:number])
    more = len(rows) > number
    return QueuePage(
        permits=page, cursor=write_cursor(page[-1].filed_at, page[-1].permit_id) if more else None
    )


def _like(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_").replace("\0", "")


def _in_queue(row: Row[Any]) -> PermitInQueue:
    same = [name for name in PermitInQueue.__dataclass_fields__ if name not in ("period", "geometry")]
    return PermitInQueue(
        **{name: getattr(row, name) for name in same},
        period=Interval(row.period_start, row.period_end),
        geometry=orjson.loads(row.geometry),
    )
