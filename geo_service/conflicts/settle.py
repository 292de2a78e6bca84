"""Settling a finding: a clerk accepts or resolves it, a block only a supervisor overrides, with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import Finding, OtherObject
from geo_service.conflicts.stored_findings import finding_from_row
from geo_service.conflicts.words import other_label
from geo_service.errors import FieldFault, Forbidden, Invalid, NotFound, PreconditionFailed, Rejected
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text

SETTLED = ("accepted", "resolved", "overridden")


def finding_statement(name: str) -> TextClause:
    """A statement of sql/findings.sql with the parts in «» filled in."""
    named = statements("findings")
    whole = named[name]
    for part in ("finding_columns", "conditions"):
        lines = (line for line in named[part].splitlines() if not line.startswith("--"))
        whole = whole.replace(f"«{part}»", "\n".join(lines).lstrip())
    return text(whole)


_GET = finding_statement("get_finding")
_SETTLE = text(statements("conflicts")["settle_finding"])


class NoSuchFinding(NotFound):
    """There is no such finding for you; it may have been solved meanwhile."""


class BlockIsNotSettled(Rejected):
    """A blocking finding is not accepted: change what is asked for, or a supervisor overrides it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """A finding with the object it is a finding of, and what a desk does with it. version: the ETag."""

    finding: Finding
    mine: OtherObject
    version: int
    settled_by: str | None
    settled_at: datetime | None
    first_found_at: datetime
    blocking_since: datetime | None
    place: tuple[int, int]


def get_conflict(session: Session, finding_id: str, *, caller: Caller) -> Conflict:
    """A finding of the caller's town or of another one against it.

    The session speaks as `caller` already; row-level security says whose findings there are.
    Raises NotSignedIn, Forbidden, NoSuchFinding.
    """
    require_desk(caller)
    row = session.execute(_GET, {"finding_id": finding_id}).one_or_none()
    if row is None:
        raise NoSuchFinding()
    return conflict_of_row(row)


def settle(  # noqa: PLR0913 - what a settlement consists of
    session: Session,
    finding_id: str,
    status: str,
    note: str | None,
    *,
    caller: Caller,
    as_of: datetime,
    versions: frozenset[int] | None = None,
) -> Conflict:
    """Settle a finding of the caller's own town; for a pair, the other direction with it.

    versions: only if it is still one of these (If-Match); None = any. Raises NoSuchFinding, Forbidden for
    another town's finding or an override by a clerk, Invalid for an override without a reason,
    BlockIsNotSettled, PreconditionFailed.
    """
    conflict = get_conflict(session, finding_id, caller=caller)
    finding, note = conflict.finding, (note or "").strip() or None
    if finding.mine_town != caller.town:
        raise Forbidden("This is a finding of another town; its desk settles it.")
    if status not in SETTLED:
        raise _invalid("/status", f"A finding is settled as {', '.join(SETTLED)}.")
    if versions is not None and conflict.version not in versions:
        raise PreconditionFailed()
    if status == "overridden":
        if not caller.may_override:
            raise Forbidden("Only a supervisor may override a finding.")
        if note is None:
            raise _invalid("/note", "Overriding needs a written reason; it is kept for ever.")
    elif finding.severity == "block":
        raise BlockIsNotSettled()
    values = {"finding_id": finding_id, "status": status, "settled_by": caller.name, "note": note}
    session.execute(_SETTLE, {**values, "at": as_of})
    return get_conflict(session, finding_id, caller=caller)


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])


def conflict_of_row(row: Row[Any]) -> Conflict:
    """A row with «finding_columns» of sql/findings.sql."""
    mine = OtherObject(
        collection=row.mine_collection,
        source_id=str(row.mine_source),
        occupation_id=row.mine_occupation,
        reference=row.mine_reference,
        town=row.mine_town,
        label=other_label(row.mine_collection, row.mine_use_type, row.mine_kind, row.mine_label),
        use_type=row.mine_use_type,
        kind=row.mine_kind,
        state=row.mine_state,
        published=bool(row.mine_published),
        period=Interval(row.mine_start, row.mine_end),
    )
    return Conflict(
        finding=finding_from_row(row),
        mine=mine,
        version=row.version,
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        first_found_at=row.first_found_at,
        blocking_since=row.blocking_since,
        place=(row.rank, row.found_no),
    )
