"""Fee notices of a town as its desk lists them, by due day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.fees.notice import NoticeState
from geo_service.interval import TOWN_ZONE, midnight
from geo_service.sql.loader import statements, text

PAGE = 50
MOST = 500
_LIST = text(statements("fee_notices")["list_notices"])


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedNotice:
    """One line. payer: the applicant; None once anonymised."""

    permit_id: UUID
    reference: str
    use_type: str
    payer: str | None
    cash_reference: str
    amount_eur: Decimal
    balance_eur: Decimal
    official: bool
    issued_at: datetime
    due_on: date
    paid_on: date | None
    state: NoticeState


@dataclass(frozen=True, kw_only=True, slots=True)
class NoticePage:
    """`cursor` opens the next page; None on the last one."""

    notices: tuple[ListedNotice, ...]
    cursor: str | None


def list_notices(  # noqa: PLR0913 - one per filter
    session: Session,
    town: str,
    *,
    as_of: datetime,
    states: Sequence[NoticeState] = (),
    word: str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
) -> NoticePage:
    """Those of the town (AGS) that speaks. word: a whole cash reference or reference. Raises Malformed."""
    after_day, after_id = None, None
    if cursor:
        at, after_id = read_cursor(cursor)
        after_day = _day(at)
    number = max(1, min(limit, MOST))
    asked = {
        "town": town, "today": as_of.astimezone(TOWN_ZONE).date(), "states": list(states) or None,
        "word": word, "after_day": after_day, "after_id": after_id, "number": number + 1,
    }  # fmt: skip
    found = [ListedNotice(**row) for row in session.execute(_LIST, asked).mappings()]
    page = tuple(found[:number])
    more = len(found) > number
    return NoticePage(
        notices=page, cursor=write_cursor(midnight(page[-1].due_on), page[-1].permit_id) if more else None
    )


def _day(at: datetime) -> date:
    try:
        return at.astimezone(TOWN_ZONE).date()
    except OverflowError:  # the first or last moment there is, in a cursor that was made up
        return at.date()
