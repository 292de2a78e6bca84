"""What an import of roads means for what stands in the street; in the import's transaction.

Where an occupation lies is brought up to date at once, for what is granted next reads it; the findings that
follow are made anew in the background (recompute_due.py). Fixed objects: recompute_near.py.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.measured import CLOSURES
from geo_service.conflicts.recompute_due import recompute_occupations
from geo_service.occupations.refresh_places import refresh_places
from geo_service.sql.loader import statements

_NAMED = statements("refresh")


def follow_roads(session: Session) -> int | None:
    """After segments were stored in this transaction: the streets of what stands in them, then the findings.

    Only for what stands in a segment that is new or changed, and for what closes a street near one. Returns
    the work in the background, None if nothing is concerned. The session speaks as the operator.
    """
    take_binding_lock(session)
    touched = list(session.execute(text(_NAMED["occupations_on_changed_roads"])).scalars())
    refresh_places(session, touched)
    closures = session.execute(
        text(_NAMED["closures_near_changed_roads"]), {"restrictions": sorted(CLOSURES)}
    ).scalars()
    return recompute_occupations(session, sorted({*touched, *closures}), reason="roads")
