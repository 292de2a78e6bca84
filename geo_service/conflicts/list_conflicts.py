"""What stands in conflict in one town, page by page: a desk's list, findings across the border among them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from geo_service.conflicts.finding import finding_document, other_document
from geo_service.conflicts.settle import Conflict, conflict_of_row, finding_statement
from geo_service.errors import Malformed
from geo_service.identity.caller import Caller, require_desk

PAGE = 100
MOST = 500
_LIST = finding_statement("list_conflicts")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class ConflictPage:
    """`cursor` opens the next page; None on the last one."""

    conflicts: tuple[Conflict, ...]
    cursor: str | None


def list_conflicts(
    session: Session,
    *,
    caller: Caller,
    severity: Sequence[str] = (),
    status: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = PAGE,
) -> ConflictPage:
    """Findings of the caller's town and against it, each pair once for a rule, the worst first.

    The session speaks as `caller` already. Raises NotSignedIn, Forbidden, or Malformed for a broken cursor.
    """
    require_desk(caller)
    rank, number_of_last = _read_cursor(cursor) if cursor else (None, None)
    number = max(1, min(limit, MOST))
    rows = session.execute(
        _LIST,
        {
            "town": caller.town,
            "severity": list(severity) or None,
            "status": list(status) or None,
            "after_rank": rank,
            "after_no": number_of_last,
            "number": number + 1,
        },
    ).all()
    page = tuple(conflict_of_row(row) for row in rows[:number])
    more = len(rows) > number
    return ConflictPage(conflicts=page, cursor=_write_cursor(page[-1]) if more else None)


def _write_cursor(last: Conflict) -> str:
    return base64.urlsafe_b64encode("|".join(map(str, last.place)).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, int]:
    try:
        text_of = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode("ascii")
        rank, number = (int(part) for part in text_of.split("|"))
        if not (0 <= rank < 100 and 0 <= number <= _LARGEST):
            raise ValueError("out of range")
        return rank, number
    except (ValueError, binascii.Error) as error:
        raise Malformed("The cursor is not one that this service gave out.") from error


def conflict_document(conflict: Conflict, caller: Caller) -> dict[str, Any]:
    """A finding with `mine`, the object it is a finding of; both sides cut to what `caller` may see."""
    own = caller.at_desk and conflict.finding.mine_town == caller.town
    return {
        **finding_document(conflict.finding, caller),
        "mine": other_document(conflict.mine, caller),
        "note": conflict.finding.note if own else None,
        "settled_by": conflict.settled_by if own else None,
        "settled_at": _instant(conflict.settled_at),
        "first_found_at": _instant(conflict.first_found_at),
        "blocking_since": _instant(conflict.blocking_since),
        "version": conflict.version,
    }


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
