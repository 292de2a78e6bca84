"""Entering, changing and cancelling what a desk keeps on its map; reading it back, alone and as a list.

Each writer holds the one lock of what becomes binding, so what it reads first is still so at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.override import Override, Overrides, standing_overrides
from geo_service.db.keyset import read_cursor, write_cursor
from geo_service.errors import FieldFault, Forbidden, Invalid, NotFound, PreconditionFailed
from geo_service.identity.caller import Caller, require_desk
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate
from geo_service.sql.loader import statements, text
from geo_service.town_objects.kind import Kept, Kind
from geo_service.town_objects.life import OverAlready
from geo_service.town_objects.record_change import record_change
from geo_service.town_objects.tell_of_change import tell_of_change

T = TypeVar("T")
PAGE = 50
MOST = 500


class NoSuchObject(NotFound):
    """There is nothing under this id in your town."""


class OfAnotherTown(Forbidden):
    """The area lies in another town; only its own desk enters something there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page(Generic[T]):
    """`cursor` opens the next page; None on the last one."""

    objects: tuple[Kept[T], ...]
    cursor: str | None


def get_object(session: Session, kind: Kind[T], object_id: UUID, *, caller: Caller) -> Kept[T]:
    """One object of the caller's town, over or not. Raises NotSignedIn, Forbidden, NoSuchObject."""
    require_desk(caller)
    asked = {"object_id": object_id, "town": caller.town}
    row = session.execute(_of(kind, "get_object"), asked).one_or_none()
    if row is None:
        raise NoSuchObject()
    return _kept(kind, row)


def list_objects(
    session: Session,
    kind: Kind[T],
    *,
    caller: Caller,
    states: Sequence[str] = (),
    cursor: str | None = None,
    limit: int = PAGE,
) -> Page[T]:
    """The caller's town's objects, what was changed last first. Raises Malformed for a broken cursor."""
    require_desk(caller)
    after_at, after_id = read_cursor(cursor) if cursor else (None, None)
    number = max(1, min(limit, MOST))
    asked = {
        "town": caller.town,
        "states": list(states) or None,
        "after_at": after_at,
        "after_id": after_id,
        "number": number + 1,
    }
    rows = session.execute(_of(kind, "list_objects"), asked).all()
    page = tuple(_kept(kind, row) for row in rows[:number])
    more = len(rows) > number
    return Page(objects=page, cursor=write_cursor(page[-1].updated_at, page[-1].object_id) if more else None)


def enter_object(session: Session, kind: Kind[T], thing: T, *, by: Caller, as_of: datetime) -> Kept[T]:
    """Store something new in the town of a clerk; the session speaks as `by` already.

    Raises NotSignedIn, Forbidden, StepNotPossible, and what `kind.save` raises (BlockedByFindings: 409).
    """
    require_desk(by)
    take_binding_lock(session)
    kind.life.require_first(kind.state(thing))
    _require_own_town(session, kind, thing, by=by, as_of=as_of)
    return _store(session, kind, thing, before=None, by=by, as_of=as_of)


def change_object(  # noqa: PLR0913 - who changes what into what, when, and from which version
    session: Session,
    kind: Kind[T],
    object_id: UUID,
    make: Callable[[Kept[T]], T],
    *,
    by: Caller,
    as_of: datetime,
    versions: frozenset[int] | None = None,
    overrides: Sequence[Override] = (),
) -> Kept[T]:
    """Replace an object by what `make` says of the stored one; another state is a step of its life.

    versions: only if it is still one of these (If-Match); None = any. overrides: findings that a supervisor
    sets aside for it. Raises NoSuchObject, PreconditionFailed, OverAlready, StepNotPossible, Forbidden,
    Invalid, and what `kind.save` raises.
    """
    take_binding_lock(session)
    kept = get_object(session, kind, object_id, caller=by)
    _require_version(kept, versions)
    if kept.state == "cancelled":
        raise OverAlready()
    thing = make(kept)
    kind.life.require_step(kept.state, kind.state(thing))
    _require_own_town(session, kind, thing, by=by, as_of=as_of)
    return _store(session, kind, thing, before=kept.object, by=by, as_of=as_of, overrides=overrides)


def cancel_object(
    session: Session,
    kind: Kind[T],
    object_id: UUID,
    *,
    by: Caller,
    as_of: datetime,
    versions: frozenset[int] | None = None,
) -> Kept[T]:
    """Give it up: it counts no more and its findings vanish; the row and its record stay."""
    take_binding_lock(session)
    kept = get_object(session, kind, object_id, caller=by)
    _require_version(kept, versions)
    kind.life.require_step(kept.state, "cancelled")
    gone = kind.cancelled(kept.object, as_of)
    return _store(session, kind, gone, before=kept.object, by=by, as_of=as_of)


def _store(  # noqa: PLR0913 - who stores what instead of what, and over which findings
    session: Session,
    kind: Kind[T],
    thing: T,
    *,
    before: T | None,
    by: Caller,
    as_of: datetime,
    overrides: Sequence[Override] = (),
) -> Kept[T]:
    kept: list[dict[str, Any]] = []
    if kind.save_over is None:
        across = kind.save(session, thing, by, as_of)
    else:
        set_aside = Overrides(of=tuple(overrides), by=by, pointer="/properties/overrides")
        across = kind.save_over(session, thing, by, as_of, set_aside)
        kept = _standing(session, kind.id_of(thing), set_aside)
    record_change(session, kind, thing, before=before, by=by, as_of=as_of, overrides=kept)
    tell_of_change(session, kind, thing, across, by=by, as_of=as_of)
    return get_object(session, kind, kind.id_of(thing), caller=by)


def _standing(session: Session, object_id: UUID, overrides: Overrides) -> list[dict[str, Any]]:
    asked = {"source_id": object_id}
    found = session.execute(text(statements("occupations")["find_occupation_of_source"]), asked)
    return standing_overrides(session, found.scalar_one(), overrides)


def _require_version(kept: Kept[Any], versions: frozenset[int] | None) -> None:
    if versions is not None and kept.version not in versions:
        raise PreconditionFailed()


def _require_own_town(session: Session, kind: Kind[T], thing: T, *, by: Caller, as_of: datetime) -> None:
    """A desk enters what lies in its own town, or may lie there as far as the border is known."""
    area = kind.area(thing)
    if area is None:
        return
    location = locate(session, area, day=as_of.astimezone(TOWN_ZONE).date())
    if location.town(by.town) == by.town:
        return
    if not location.towns:
        detail = "The area lies outside every town of this service."
        raise Invalid(detail, errors=[FieldFault("/geometry", detail)])
    raise OfAnotherTown()


def _of(kind: Kind[Any], name: str) -> Any:
    return text(statements("town_objects")[name].replace("«facts»", kind.facts))


def _kept(kind: Kind[T], row: Row[Any]) -> Kept[T]:
    return Kept(
        object_id=row.object_id,
        town=row.town,
        state=row.state,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.updated_at,
        object=kind.read(row),
    )
