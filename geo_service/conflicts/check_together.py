"""Several planned uses checked at once: against what is stored and against each other, in few round trips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import ask_many
from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import CheckQuestion, CheckResult, finding_of_row
from geo_service.conflicts.finding import Finding, verdict_of
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.row import occupation_row


def check_together(
    session: Session, questions: Sequence[CheckQuestion], *, as_of: datetime
) -> list[CheckResult]:
    """One result for each question, in their order; nothing is stored.

    Equal to one check each with all the others beside it. One round trip for each town among them, because
    its values are in force there. All requests travel once: nobody is compared with itself or its case group.
    """
    requests = orjson.dumps([occupation_row(question.mine) for question in questions]).decode()
    towns: dict[str | None, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        towns[question.mine.town].append(place)
    findings: list[list[Finding]] = [[] for _ in questions]
    totals = [0] * len(questions)
    for town, places in towns.items():
        found = catalogue(session, town, as_of.astimezone(TOWN_ZONE).date())
        asked = [replace(questions[place], others=()) for place in places]
        place_of = {id(question): place for question, place in zip(asked, places, strict=True)}
        statement = found.book.check_among_requests
        for question, row in ask_many(
            session, found, statement, asked, as_of=as_of, also={"requests": requests}
        ):
            place = place_of[id(question)]
            findings[place].append(finding_of_row(row, found))
            totals[place] = row.findings_total
    return [
        CheckResult(verdict=verdict_of(mine), findings=tuple(mine), findings_total=total)
        for mine, total in zip(findings, totals, strict=True)
    ]
