"""What an import of roads and facilities means for what stands in the street; in the import's transaction.

Where an occupation lies is brought up to date at once, for what is granted next reads it; the findings that
follow are made anew in the background (recompute_due.py). What a desk changes on its map: recompute_near.py.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.measured import CLOSURES
from geo_service.conflicts.recompute_due import recompute_occupations
from geo_service.conflicts.recompute_near import occupations_near
from geo_service.facilities.facility_changes import NOTHING_CHANGED, Changed
from geo_service.occupations.refresh_places import refresh_places
from geo_service.sql.loader import statements, text

_NAMED = statements("refresh")


def follow_import(session: Session, changed: Changed = NOTHING_CHANGED) -> int | None:
    """After an import in this transaction: the streets of what stands in changed ones, then the findings.

    What this transaction has stored of segments is seen by itself; of facilities and bus routes `changed`
    tells. Concerned is what stands in a segment that is new, changed, or one on which buses drive now or no
    more; what closes a street near a changed one; what is in reach of a facility that came, moved or went.
    Returns the work in the background, None if nothing is concerned. The session speaks as the operator.
    """
    take_binding_lock(session)
    by_roads = _on_changed_roads(session)
    by_facilities = _near_facilities(session, changed)
    concerned = sorted(by_roads | by_facilities)
    return recompute_occupations(session, concerned, reason="roads" if by_roads else "facilities")


def _on_changed_roads(session: Session) -> set[int]:
    touched = list(session.execute(text(_NAMED["occupations_on_changed_roads"])).scalars())
    refresh_places(session, touched)
    closures = session.execute(
        text(_NAMED["closures_near_changed_roads"]), {"restrictions": sorted(CLOSURES)}
    ).scalars()
    return {*touched, *closures}


def _near_facilities(session: Session, changed: Changed) -> set[int]:
    found: set[int] = set()
    if changed.places is not None:
        found.update(occupations_near(session, changed.places, as_of=datetime.now(UTC)))
    if changed.bus_segments:
        asked = {"segments": list(changed.bus_segments)}
        found.update(session.execute(text(_NAMED["occupations_on_segments"]), asked).scalars())
    return found
