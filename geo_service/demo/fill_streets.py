"""Brings the generated streets of the demo towns into the database."""

from __future__ import annotations

import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.demo.build_streets import SOURCE, build_streets
from geo_service.demo.plan import read_plan
from geo_service.roads.save_segments import SavedSegments, save_segments
from geo_service.sql.loader import statements

DEMO_TOWNS = ("bensheim", "viernheim")


def fill_streets(session: Session) -> SavedSegments:
    """All generated segments of all demo towns, as an update; the session speaks as the operator."""
    segments = []
    for slug in DEMO_TOWNS:
        plan = read_plan(slug)
        rows = session.execute(text(statements("demo")["list_borders"]), {"town": plan.town})
        borders = [shapely.from_wkb(bytes(row.border)) for row in rows]
        segments += build_streets(plan, borders)
    return save_segments(session, segments, SOURCE)
