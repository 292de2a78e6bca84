"""Stores many occupations at once; what `save_occupation` does one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import Location, located
from geo_service.occupations.match_detour import match_detours
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_row
from geo_service.occupations.stood_beside import note_neighbours
from geo_service.sql.loader import statements, text


def save_occupations(
    session: Session, occupations: Sequence[Occupation], locations: Sequence[Location]
) -> list[Occupation]:
    """Insert or update by source_id; returns them as stored, in their order, with id, town, takes
    and the segments of their detours.
    """
    named = statements("occupations")
    known = _ids(session, [occupation.source_id for occupation in occupations])
    placed = [
        replace(located(occupation, location), occupation_id=known.get(occupation.source_id))
        for occupation, location in zip(occupations, locations, strict=True)
    ]
    if placed:  # one delivery is filed at one moment
        placed = match_detours(session, placed, day=placed[0].filed_at.astimezone(TOWN_ZONE).date())
    new = [occupation_row(each) for each in placed if each.occupation_id is None]
    old = [occupation_row(each) for each in placed if each.occupation_id is not None]
    if new:
        rows = session.execute(text(named["insert_occupations"]), {"rows": orjson.dumps(new).decode()})
        known |= {row.source_id: row.occupation_id for row in rows}
    if old:
        note_neighbours(session, [each["occupation_id"] for each in old])
        session.execute(text(named["update_occupations"]), {"rows": orjson.dumps(old).decode()})
        session.execute(
            text(named["remove_segments_of_occupations"]),
            {"occupations": [each["occupation_id"] for each in old]},
        )
    stored = [replace(each, occupation_id=known[each.source_id]) for each in placed]
    streets = [
        {"occupation_id": each.occupation_id, **street.row()}
        for each, location in zip(stored, locations, strict=True)
        for street in location.streets
    ]
    if streets:
        session.execute(
            text(named["insert_segments_of_occupations"]), {"streets": orjson.dumps(streets).decode()}
        )
    return stored


def _ids(session: Session, sources: Sequence[UUID]) -> dict[UUID, int]:
    rows = session.execute(
        text(statements("occupations")["occupations_of_sources"]),
        {"sources": [str(source) for source in sources]},
    )
    return {row.source_id: row.occupation_id for row in rows}
