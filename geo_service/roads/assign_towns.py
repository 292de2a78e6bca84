"""Streets that were there before their town: when a town is added or its border moves, they follow."""

from __future__ import annotations

from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text


def assign_towns(session: Session, ags: str) -> int:
    """Look again which town holds the segments that touch the town `ags`; returns how many moved.

    Runs as the operator, in the transaction that changed the boundary.
    """
    result = session.execute(text(statements("roads")["assign_stored_towns"]), {"town": ags})
    return int(getattr(result, "rowcount", 0))
