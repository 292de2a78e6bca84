"""The questions that stored occupations ask anew, with where they lie now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import NOWHERE, locate, locate_many
from geo_service.occupations.row import get_occupations

KEPT_AT_MOST = 10_000  # findings stored for one occupation; an answer shows the 50 worst
_FEW = 3  # the statement for one is planned already, the one for many is planned anew


def stored_questions(
    session: Session, occupation_ids: Sequence[int], *, as_of: datetime
) -> list[CheckQuestion]:
    """Those of the occupations that are still there and count, by id."""
    mine = [one for one in get_occupations(session, occupation_ids) if one.counts]
    areas = [one.area for one in mine if one.area is not None]
    day = as_of.astimezone(TOWN_ZONE).date()
    if len(areas) <= _FEW:
        places = iter([locate(session, area, day=day) for area in areas])
    else:
        places = iter(locate_many(session, areas, day=day))
    return [
        CheckQuestion(
            mine=one, location=NOWHERE if one.area is None else next(places), max_findings=KEPT_AT_MOST
        )
        for one in mine
    ]


def by_town(
    session: Session, questions: Sequence[CheckQuestion], as_of: datetime
) -> Iterator[tuple[Catalogue, list[CheckQuestion]]]:
    """The questions of each town with the catalogue in force there."""
    towns: dict[str | None, list[CheckQuestion]] = defaultdict(list)
    for question in questions:
        towns[question.mine.town].append(question)
    for town, asked in towns.items():
        yield catalogue(session, town, as_of.astimezone(TOWN_ZONE).date()), asked
