"""Stored findings follow the fixed objects that place rules look at: a blackout, a school, a fire area …"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from shapely.geometry.base import BaseGeometry
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import chunks
from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.recompute_many import CHUNK, Counted, nobody_watches, recompute_many
from geo_service.conflicts.stored_questions import stored_questions
from geo_service.crs import ewkb
from geo_service.db.database import speaking_as_operator
from geo_service.interval import TOWN_ZONE
from geo_service.sql.loader import statements, text

_NEAR = text(statements("places")["occupations_near"])


def recompute_near(
    session: Session, area: BaseGeometry, *, as_of: datetime, counted: Counted = nobody_watches
) -> Mapping[int, tuple[Finding, ...]]:
    """Compute the findings of everything anew that a changed object in `area` may concern; by occupation.

    area: EPSG:25832, of any type, not empty; of an object that moved, the old place and the new one together;
    of many objects a collection.
    To be called in the transaction that stores, changes or cancels the object, after that is written.
    A clerk's object may concern the cases of a neighbour town, whose findings only the operator may write:
    so the session speaks as the operator meanwhile, and as before afterwards.
    """
    found: dict[int, tuple[Finding, ...]] = {}
    take_binding_lock(session)  # what becomes binding meanwhile sees the object, or is seen here
    with speaking_as_operator(session):
        for part in chunks(occupations_near(session, area, as_of=as_of), CHUNK):
            questions = stored_questions(session, part, as_of=as_of)
            found |= recompute_many(session, questions, as_of=as_of, counted=counted)
    return found


def occupations_near(session: Session, area: BaseGeometry, *, as_of: datetime) -> list[int]:
    """What counts and stands where a place rule of any town could look at an object in `area`."""
    found = catalogue(session, None, as_of.astimezone(TOWN_ZONE).date())
    reaches = {kind: found.reach_m[kind] for kind in found.book.objects}
    return list(
        session.execute(
            _NEAR,
            {
                "area": ewkb(area),
                "reach_m": max(reaches.values(), default=0.0),
                "reach_segment_m": reaches.get("segment", 0.0),
            },
        ).scalars()
    )
