"""What waits at a desk: views of the town's cases by urgency and deadline, found by words, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal, get_args
from uuid import UUID

from sqlalchemy import Row, TextClause
from sqlalchemy.orm import Session

from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text

View = Literal["open", "todo", "urgent", "overdue", "waiting", "granted", "clearing", "all"]
Order = Literal["deadline", "newest", "oldest"]
VIEWS: tuple[View, ...] = get_args(View)
ORDERS: tuple[Order, ...] = get_args(Order)
PAGE = 50
# Counting goes on up to here; more than that is shown as "1000+".
COUNTED = 1_000
# Column and direction. act_by: urgent ones since they were filed, then deadlines and starts.
_BY: Mapping[Order, tuple[str, str]] = {
    "deadline": ("permit.act_by", "ASC"),
    "newest": ("permit.filed_at", "DESC"),
    "oldest": ("permit.filed_at", "ASC"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueLine:
    """One line. due_at: until when somebody's answer is awaited; act_by: when the desk has to act."""

    permit_id: UUID
    reference: str
    status: str
    use_type: str
    purpose: str | None
    address_text: str | None
    applicant_name: str | None
    period: Interval
    filed_at: datetime
    filed_by: str
    due_at: datetime | None
    act_by: datetime
    urgent_reason: str | None
    open_blocks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Queue:
    """`cursor` opens the next page; None on the last one."""

    lines: tuple[QueueLine, ...]
    cursor: str | None


def list_queue(
    session: Session,
    *,
    caller: Caller,
    view: View = "open",
    order: Order = "deadline",
    words: str | None = None,
    cursor: str | None = None,
) -> Queue:
    """A page of the caller's town; `words`: all occur in reference, applicant, place or purpose.

    The session speaks as `caller` already. Raises NotSignedIn, Forbidden, or Malformed for a broken cursor.
    """
    require_desk(caller)
    after_at, after_id = read_cursor(cursor) if cursor else (None, None)
    asked = {"town": caller.town, "after_at": after_at, "after_id": after_id, "number": PAGE + 1}
    if words:
        asked["words"] = words
    rows = session.execute(_statement(view, order, searched=bool(words)), asked).all()
    more = len(rows) > PAGE
    last = rows[PAGE - 1] if more else None
    return Queue(
        lines=tuple(_line(row) for row in rows[:PAGE]),
        cursor=None if last is None else write_cursor(last.at, last.permit_id),
    )


def count_waiting(session: Session, *, caller: Caller) -> Mapping[str, int]:
    """How much is in the views of what is undecided or to be accepted, each up to COUNTED."""
    require_desk(caller)
    asked = {"town": caller.town, "most": COUNTED}
    named = statements("desk")
    row = session.execute(text(named["waiting_counts"]), asked).one()
    over = session.execute(text(named["clearing_count"]), asked).one()
    return {**row._mapping, **over._mapping}


@cache
def _statement(view: View, order: Order, *, searched: bool) -> TextClause:
    named = statements("desk")
    column, direction = _BY[order]
    parts = {
        "view": named[f"view_{view}"],
        "found": named["found_by_words"] if searched else "true",
        "order": column,
        "direction": direction,
        "beyond": ">" if direction == "ASC" else "<",
    }
    statement = _bare(named["desk_queue"])
    for name, part in parts.items():
        statement = statement.replace(f"«{name}»", _bare(part))
    return text(statement)


def _bare(statement: str) -> str:
    """Without its description, which speaks of the parts in «»."""
    return "\n".join(line for line in statement.splitlines() if not line.startswith("--"))


def _line(row: Row[Any]) -> QueueLine:
    same = [name for name in QueueLine.__dataclass_fields__ if name != "period"]
    return QueueLine(
        **{name: getattr(row, name) for name in same}, period=Interval(row.period_start, row.period_end)
    )
