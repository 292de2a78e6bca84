"""Which of many that want to be binding at once may be: an import cannot ask back, others stay planned.

Of two that block each other the earlier start stays. Where a free width or a way through the network breaks
only by several of them together, no finding tells whose fault it is: these are tried one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import blocks_given_by
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.refuse_blocked import BlockedByFindings, blocking_sentence, save_with_findings
from geo_service.occupations.occupation import Occupation
from geo_service.sql.loader import statements, text

_SETTLED = text(statements("conflicts")["settled_findings"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Something stored as binding with its findings. start, key: who comes first; the key breaks ties."""

    occupation_id: int
    source_id: UUID
    start: datetime
    key: str
    found: Sequence[Finding]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldBack:
    """reasons: why each may not be binding. doubtful: those among them to be tried one by one, in order."""

    reasons: dict[UUID, str] = field(default_factory=dict)
    doubtful: list[UUID] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Obstacle:
    """A blocking finding, by whom (None: nobody who may yield), and whether others of those count in."""

    other: UUID | None
    finding: Finding
    shared: bool


def hold_back(session: Session, wanted: Sequence[Wanted], *, since: datetime) -> HeldBack:
    """Who of `wanted` may not be binding. since: before any of them was stored. Unknown is never a pass."""
    obstacles = _obstacles(session, wanted, since)
    held = HeldBack()
    binding: set[UUID] = set()
    for each in sorted(wanted, key=lambda one: (one.start, one.key)):
        here = [
            one
            for one in obstacles[each.source_id]
            if one.other is None or one.other not in obstacles or one.other in binding
        ]
        if not here:
            binding.add(each.source_id)
            continue
        held.reasons[each.source_id] = blocking_sentence(here[0].finding)
        if all(one.shared for one in here):
            held.doubtful.append(each.source_id)
    return held


def _obstacles(session: Session, wanted: Sequence[Wanted], since: datetime) -> Mapping[UUID, list[_Obstacle]]:
    by_id = {each.occupation_id: each.source_id for each in wanted}
    found: dict[UUID, list[_Obstacle]] = {each.source_id: [] for each in wanted}
    settled = _settled(session, [finding.finding_id for each in wanted for finding in each.found])
    for each in wanted:
        for finding in each.found:
            if _blocks(finding, settled.get(finding.finding_id, "open")):
                other = None if finding.other is None else UUID(str(finding.other.source_id))
                found[each.source_id].append(_Obstacle(other, finding, _shared(finding, each, by_id)))
                if other in found:  # a rule may see it from one side only; both may not be binding
                    found[other].append(_Obstacle(each.source_id, finding, False))
    given = blocks_given_by(list(by_id), session, since)
    for each in wanted:
        for finding in given.get(each.occupation_id, ()):
            harmed = by_id.get(finding.mine_occupation or 0)
            obstacle = _Obstacle(harmed, finding, _shared(finding, each, by_id))
            found[each.source_id].append(obstacle)
    return found


def _shared(finding: Finding, each: Wanted, by_id: Mapping[int, UUID]) -> bool:
    """True if others who want to be binding too are counted in."""
    return any(one in by_id for one in finding.together if one != each.occupation_id)


def _blocks(finding: Finding, status: str) -> bool:
    if finding.severity == "block":
        return status != "overridden"
    return finding.could_be == "block" and status == "open"


def _settled(session: Session, keys: Sequence[str]) -> dict[str, str]:
    if not keys:
        return {}
    return {row.finding_id: row.status for row in session.execute(_SETTLED, {"keys": list(keys)})}


def try_one_by_one(
    session: Session,
    held: HeldBack,
    claim_of: Callable[[UUID], Occupation],
    *,
    as_of: datetime,
) -> set[UUID]:
    """Make the doubtful ones binding as far as they go; they are stored as planned when this is called.

    claim_of: the occupation of one as it wants to be. Those that became binding leave `held.reasons`.
    """
    confirmed: set[UUID] = set()
    for source_id in held.doubtful:
        try:
            with session.begin_nested():  # a refused one stays planned
                save_with_findings(session, claim_of(source_id), as_of=as_of)
        except BlockedByFindings as refused:
            held.reasons[source_id] = blocking_sentence(refused.findings[0])
        else:
            confirmed.add(source_id)
            del held.reasons[source_id]
    return confirmed
