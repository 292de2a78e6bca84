"""One step for several things of a street: each succeeds or is refused for itself, and says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.refuse_blocked import BlockedByFindings
from geo_service.construction.kept_sites import SITES
from geo_service.errors import ChangedMeanwhile, FieldFault, GeoServiceError, Invalid, NotFound
from geo_service.events.kept_events import EVENTS
from geo_service.identity.caller import Caller
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.permit import get_permit
from geo_service.permits.states import steps_from
from geo_service.town_objects.keep_objects import cancel_object, change_object, get_object
from geo_service.town_objects.kind import Kind

MOST = 50  # so that nobody waits long for the lock of what becomes binding
KEPT: Mapping[str, Kind[Any]] = {"construction_sites": SITES, "events": EVENTS}
# What one reason or none serves for several; consulting needs a question and an office for each.
_NOT_TOGETHER = frozenset({"in_consultation", "dismissed"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing as it was shown. key: reference of a permit, id of anything else."""

    collection: str
    key: str
    state: str

    @classmethod
    def read(cls, words: str) -> Line:
        """From the value of a tick box. Raises Invalid for what none of our pages wrote."""
        collection, _, rest = words.partition("|")
        key, _, state = rest.partition("|")
        if (collection != "permits" and collection not in KEPT) or not key or not state or "\0" in words:
            raise _invalid("/line", "Choose at least one line.")
        return cls(collection=collection, key=key, state=state)

    def __str__(self) -> str:
        return f"{self.collection}|{self.key}|{self.state}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one line: its state afterwards, or why not, with the findings (documents) against it."""

    line: Line
    state: str | None = None
    refusal: str | None = None
    against: tuple[dict[str, Any], ...] = ()


def steps_of(collection: str, state: str) -> list[str]:
    """What a desk can do together with things of one kind in one state."""
    if collection == "permits":
        found = steps_from(state, frozenset({"clerk"}), shut=frozenset({"on_paper"}))
        return [step for step in found if step not in _NOT_TOGETHER]
    return list(KEPT[collection].life.follows.get(state, ())) if collection in KEPT else []


def do_together(
    session: Session, lines: Sequence[Line], deed: str, reason: str, *, caller: Caller, as_of: datetime
) -> list[Outcome]:
    """Take the step `deed` (collection:state) with every line of that kind, in the order given.

    Raises Invalid for no line, or more than MOST of them.
    """
    collection, _, to = deed.partition(":")
    if not lines or not to:
        raise _invalid("/line", "Choose at least one line.")
    if len(lines) > MOST:
        raise _invalid("/line", f"At most {MOST} lines at once.")
    _lock_cases(session, [line.key for line in lines if line.collection == collection == "permits"], caller)
    found = []
    for line in lines:
        if line.collection != collection:
            found.append(Outcome(line=line, refusal="This step is for things of another kind."))
            continue
        try:
            with session.begin_nested():  # a refused one leaves nothing behind, and the others go on
                found.append(Outcome(line=line, state=_do(session, line, to, reason, caller, as_of)))
        except GeoServiceError as error:
            found.append(Outcome(line=line, refusal=error.detail, against=_against(error, caller)))
    return found


def _lock_cases(session: Session, references: Sequence[str], caller: Caller) -> None:
    """All cases before the lock of what becomes binding, as whoever moves one alone does; in one order."""
    for reference in sorted(set(references)):
        try:
            get_permit(session, reference, caller=caller, lock=True)
        except NotFound:
            continue  # told where its turn comes


def _do(session: Session, line: Line, to: str, reason: str, caller: Caller, as_of: datetime) -> str:
    if line.collection == "permits":
        if get_permit(session, line.key, caller=caller).status != line.state:
            raise ChangedMeanwhile()
        move = Move(to=to, reason=reason.strip() or None)
        return move_permit(session, line.key, move, caller=caller, as_of=as_of).status
    kind = KEPT[line.collection]
    object_id = _as_id(line.key)
    if get_object(session, kind, object_id, caller=caller).state != line.state:
        raise ChangedMeanwhile()
    if to == "cancelled":
        return cancel_object(session, kind, object_id, by=caller, as_of=as_of).state
    return change_object(
        session, kind, object_id, lambda kept: replace(kept.object, state=to), by=caller, as_of=as_of
    ).state


def _as_id(words: str) -> UUID:
    try:
        return UUID(words)
    except ValueError:
        raise _invalid("/line", "Choose at least one line.") from None


def _against(error: GeoServiceError, caller: Caller) -> tuple[dict[str, Any], ...]:
    if isinstance(error, BlockedByFindings):
        return tuple(finding_document(one, caller) for one in error.findings[:3])
    return tuple(error.extra.get("findings", [])[:3])


def _invalid(pointer: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(pointer, detail)])
