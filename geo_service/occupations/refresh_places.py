"""Where stored occupations lie, brought up to date with a network that has changed under them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy.orm import Session

from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate_many
from geo_service.occupations.row import get_occupations
from geo_service.occupations.write_many import save_occupations

CHUNK = 500


def refresh_places(session: Session, occupation_ids: Sequence[int]) -> None:
    """Make the streets of stored occupations anew, and what they take where nobody stated it; set-based.

    Areas only: a detour is led along the segments it was drawn on. The session speaks as the operator.
    """
    day = datetime.now(TOWN_ZONE).date()
    left = iter(occupation_ids)
    while part := list(islice(left, CHUNK)):
        lying = [one for one in get_occupations(session, part) if one.area is not None]
        if lying:
            places = locate_many(session, [one.area for one in lying if one.area is not None], day=day)
            save_occupations(session, lying, places)
