"""What an occupation says about a segment that is gone moves to the segments that lie in its place."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text

# An axis drawn anew from better pictures moves by a metre or two; the next street is 20 m away.
REACH_M = 6.0
TURN_DEGREES = 30.0
# What may be missing at the ends of a stretch: the size of a junction that was drawn anew.
END_M = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stranded:
    """An occupation whose segment is gone and was not found again; `occupation` is its reference or title."""

    segment_id: str
    street_name: str | None
    collection: str
    occupation: str


def rematch_occupations(session: Session, source: str) -> int:
    """Move what points at the staged gone segments to delivered ones near by; returns how many moved.

    Needs the staging tables of `save_segments`, after the new rows are stored. A stretch is moved only where
    nearly all of it is found again; what is not, still points at the old segment.
    """
    named = statements("roads")
    session.execute(text(named["drop_pointers"]))
    session.execute(text(named["stage_pointers"]))
    if not session.execute(text("SELECT EXISTS (SELECT FROM gone_pointer)")).scalar_one():
        return 0
    session.execute(
        text(named["match_pointers"]),
        {"source": source, "reach_m": REACH_M, "turn_degrees": TURN_DEGREES, "end_m": END_M},
    )
    session.execute(text(named["move_pointers"]))
    moved = session.execute(text(named["drop_moved_pointers"]))
    session.execute(text(named["move_detours"]))
    places = session.execute(text(named["count_moved_detour_places"])).scalar_one()
    session.execute(text(named["mark_still_pointed_at"]))
    return int(getattr(moved, "rowcount", 0)) + int(places)


def list_stranded(session: Session) -> tuple[Stranded, ...]:
    """Occupations that still point at a gone segment, by segment."""
    rows = session.execute(text(statements("roads")["list_stranded"])).mappings()
    return tuple(Stranded(**row) for row in rows)
