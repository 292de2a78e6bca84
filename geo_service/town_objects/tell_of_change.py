"""A desk's change on its map is told to the neighbour towns that it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy.orm import Session

from geo_service.identity.caller import Caller, require_desk
from geo_service.neighbours.tell_neighbours import tell_neighbours
from geo_service.town_objects.kind import Kind
from geo_service.towns.town import get_town

T = TypeVar("T")


def tell_of_change(
    session: Session, kind: Kind[T], thing: T, across: Sequence[str], *, by: Caller, as_of: datetime
) -> None:
    """Tell what has begun or got worse by it. across: what `kind.save` returned; by: a clerk.

    Where nothing crosses a border, the database is asked nothing. Imports store without it and tell nobody.
    """
    if not across:
        return
    town = get_town(session, require_desk(by).town or "")
    place = None if kind.place is None else kind.place(thing)
    tell_neighbours(session, town, kind.id_of(thing), across, as_of=as_of, place=place)
