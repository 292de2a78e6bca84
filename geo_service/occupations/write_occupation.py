"""Stores the one space-time fact of a permit, site, event or detour."""

from __future__ import annotations

from dataclasses import replace

import orjson
from sqlalchemy.orm import Session

from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate, located
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_row
from geo_service.occupations.stood_beside import note_neighbours
from geo_service.sql.loader import statements, text


def save_occupation(session: Session, occupation: Occupation) -> int:
    """Insert or update by source_id, see `store_occupation`; the occupation_id."""
    stored = store_occupation(session, occupation).occupation_id
    assert stored is not None
    return stored


def store_occupation(session: Session, occupation: Occupation) -> Occupation:
    """Insert or update by source_id; town, takes (where not stated) and the streets follow from the area, the
    segments of the detour from its line.

    Returns it as it is stored now, as `get_occupation` would read it. Findings are a matter of
    conflicts/stored_findings.py, in the same transaction.
    """
    named = statements("occupations")
    day = occupation.filed_at.astimezone(TOWN_ZONE).date()
    location = locate(session, occupation.area, day=day)
    placed = match_detour(session, located(occupation, location), day=day)
    row = orjson.dumps(occupation_row(placed)).decode()
    occupation_id = (
        occupation.occupation_id
        or session.execute(
            text(named["find_occupation_of_source"]), {"source_id": occupation.source_id}
        ).scalar_one_or_none()
    )
    if occupation_id is None:
        occupation_id = session.execute(text(named["insert_occupation"]), {"row": row}).scalar_one()
    else:
        note_neighbours(session, [int(occupation_id)])
        session.execute(text(named["update_occupation"]), {"occupation_id": occupation_id, "row": row})
        session.execute(text(named["remove_occupation_segments"]), {"occupation_id": occupation_id})
    if location.streets:
        session.execute(
            text(named["insert_occupation_segments"]),
            {
                "occupation_id": occupation_id,
                "streets": orjson.dumps([street.row() for street in location.streets]).decode(),
            },
        )
    return replace(placed, occupation_id=int(occupation_id))
