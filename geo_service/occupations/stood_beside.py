"""Who stood beside an occupation before it was written anew.

What it hid from others (it was narrower than they) comes to light when it moves away or shrinks, and then
nothing stored names it any more. So whoever writes an occupation notes its neighbours first, and whoever
recomputes the findings in the same transaction asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from geo_service.db.prepared import prepared_rows
from geo_service.sql.loader import statements

_BESIDE = statements("occupations")["neighbours_in_street"]
_KEY = "stood_beside"


def note_neighbours(session: Session, occupations: Sequence[int]) -> None:
    """To be called before these occupations change."""
    noted: dict[int, set[int]] = session.info.setdefault(_KEY, {})
    for row in prepared_rows(session, _BESIDE, {"occupations": list(occupations)}):
        noted.setdefault(row.occupation_id, set()).add(row.neighbour_id)


def stood_beside(session: Session, occupation_id: int) -> set[int]:
    """The neighbours noted for it since it was asked last; none where it did not change."""
    noted: dict[int, set[int]] = session.info.get(_KEY, {})
    return noted.pop(occupation_id, set())
