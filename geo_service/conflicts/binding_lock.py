"""What becomes binding is race-free: whoever grants, confirms or extends takes this one lock first."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.sql.loader import statements

_LOCK = text(statements("conflicts")["take_binding_lock"])


def take_binding_lock(session: Session) -> None:
    """Wait until nobody else is making something binding; held to the end of the transaction.

    One lock for all towns, because conflicts cross borders: with the check inside, 1,600 grants a second.
    """
    session.execute(_LOCK)
