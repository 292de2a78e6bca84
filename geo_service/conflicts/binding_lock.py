"""What becomes binding is race-free: whoever grants, confirms or extends takes this lock first."""

from __future__ import annotations

from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue
from geo_service.conflicts.measured import CLOSURES
from geo_service.conflicts.surroundings import pairs_of
from geo_service.crs import ewkb
from geo_service.db.prepared import prepared_rows
from geo_service.occupations.occupation import Occupation
from geo_service.sql.loader import statements, text

_LOCK = text(statements("conflicts")["take_binding_lock"])
_LOCK_NEAR = text(statements("conflicts")["take_binding_lock_near"])
_IN_STREET = statements("conflicts")["stands_in_street"]
_CELL_M = 16.0
_MOST_CELLS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Vicinity:
    """Whom an occupation can have to do with. area: EPSG:25832; reach_m: how far its pair rules look."""

    area: BaseGeometry
    reach_m: float


def take_binding_lock(session: Session, vicinity: Vicinity | None = None) -> None:
    """Wait until nobody else is making something binding; held to the end of the transaction.

    Without a vicinity it is one lock for all towns, because conflicts cross borders and one closed street
    changes the ways through a whole quarter. With one, only those wait for each other who are near each
    other, and whoever takes the whole lock waits for all of them.
    """
    if vicinity is None:
        session.execute(_LOCK)
        return
    area = ewkb(vicinity.area)
    session.execute(_LOCK_NEAR, {"area": area, "half_reach_m": vicinity.reach_m / 2, "cell_m": _CELL_M})


def vicinity_of(session: Session, found: Catalogue, stored: Occupation) -> Vicinity | None:
    """Where a stored occupation meets others by its area alone; None if it stands in a street, leads a detour
    or closes something: then what is found of it depends on more than its neighbours.

    found: a catalogue; every one looks as far as any town does. Where a street is imported at this moment,
    the job after the import looks at it again.
    """
    if (
        stored.area is None
        or stored.detour is not None
        or stored.closed_segments
        or stored.restriction in CLOSURES
    ):
        return None
    ((in_street,),) = prepared_rows(session, _IN_STREET, {"occupation_id": stored.occupation_id})
    if in_street:
        return None
    reach_m = max(found.reach_m[pair] for pair in pairs_of(found.book, stored, in_street=False))
    west, south, east, north = stored.area.bounds
    cells = ((east - west + reach_m) / _CELL_M + 2) * ((north - south + reach_m) / _CELL_M + 2)
    return Vicinity(area=stored.area, reach_m=reach_m) if cells <= _MOST_CELLS else None
