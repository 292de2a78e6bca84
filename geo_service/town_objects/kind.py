"""What differs between the kinds of things that a desk keeps on its map; everything else is shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from shapely.geometry.base import BaseGeometry
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import OtherObject
from geo_service.conflicts.override import Overrides
from geo_service.identity.caller import Caller
from geo_service.town_objects.life import Life

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept(Generic[T]):
    """An object as it is stored. version: the ETag."""

    object_id: UUID
    town: str
    state: str
    version: int
    created_at: datetime
    updated_at: datetime
    object: T


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind(Generic[T]):
    """One kind: sites, events, detours, blackouts …

    facts: the SELECT of its rows; beside its own columns object_id, town, state, place (EWKB), version,
    created_at and updated_at. key: the attribute that names one. area: where it lies, None where the town is
    stated and not found. columns: what is stored, as JSON values. save: stores it and everything that
    follows from it, in the caller's transaction; returns the keys of its findings across a border
    (`CheckResult.across`). save_over: the same while a supervisor overrides findings; None for what has none.
    cancelled: the same, given up at an instant. place: how others name it, of a place with a rule of its own;
    None for what stands in the street, which its occupation tells.
    """

    collection: str
    life: Life
    facts: str
    key: str
    read: Callable[[Row[Any]], T]
    columns: Callable[[T], Mapping[str, Any]]
    save: Callable[[Session, T, Caller, datetime], Sequence[str]]
    cancelled: Callable[[T, datetime], T]
    state: Callable[[T], str]
    area: Callable[[T], BaseGeometry | None]
    save_over: Callable[[Session, T, Caller, datetime, Overrides], Sequence[str]] | None = None
    place: Callable[[T], OtherObject] | None = None

    def id_of(self, thing: T) -> UUID:
        """The id that names it."""
        return UUID(str(getattr(thing, self.key)))
