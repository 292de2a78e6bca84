"""Several planned uses checked at once: against what is stored and against each other, in few round trips."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson
from sqlalchemy import TextClause
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import ask_many, chunks
from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.check import CheckQuestion, CheckResult, check_result, finding_of_row
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.measured import concerns
from geo_service.conflicts.recompute_many import MEASURED_CHUNK
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.row import occupation_row

_PORTION = 50  # questions in one statement, so that none comes near the longest time a statement may take


def check_together(
    session: Session, questions: Sequence[CheckQuestion], *, as_of: datetime
) -> list[CheckResult]:
    """One result for each question, in their order; nothing is stored.

    Equal to one check each with all the others beside it. Few round trips for each town among them, because
    its values are in force there. All requests travel once: nobody is compared with itself or its case group.
    """
    beside = _beside(questions)
    towns: dict[str | None, list[int]] = defaultdict(list)
    for place, question in enumerate(questions):
        towns[question.mine.town].append(place)
    results: list[CheckResult | None] = [None] * len(questions)
    for town, places in towns.items():
        found = catalogue(session, town, as_of.astimezone(TOWN_ZONE).date())
        asked = [replace(questions[place], others=()) for place in places]
        answers = _answers(session, found, asked, as_of=as_of, beside=beside)
        for place, question in zip(places, asked, strict=True):
            results[place] = check_result(*answers[id(question)], max_findings=question.max_findings)
    return [result for result in results if result is not None]


def _beside(questions: Sequence[CheckQuestion]) -> dict[str, str]:
    """All requests and the streets they stand in, as the statements read those beside their own."""
    requests = [occupation_row(question.mine) for question in questions]
    streets = [
        {"source_id": str(question.mine.source_id), **street.row()}
        for question in questions
        for street in question.location.streets
    ]
    return {"requests": orjson.dumps(requests).decode(), "request_streets": orjson.dumps(streets).decode()}


def _answers(
    session: Session,
    found: Catalogue,
    asked: Sequence[CheckQuestion],
    *,
    as_of: datetime,
    beside: Mapping[str, str],
) -> dict[int, tuple[list[Finding], int]]:
    """Findings and their number by id() of the question, statement after statement as in a single check."""
    answers: dict[int, tuple[list[Finding], int]] = {id(question): ([], 0) for question in asked}
    parts: list[tuple[TextClause, Sequence[CheckQuestion], int]] = (
        [(found.book.check_among_requests, asked, _PORTION)] if found.book.compares else []
    )
    for kind, statement in found.book.measured.items():
        concerned = [one for one in asked if concerns(kind, one.mine, one.location)]
        parts.append((statement, concerned, MEASURED_CHUNK[kind]))
    for statement, about, size in parts:
        counted: dict[int, int] = {}
        for portion in chunks(about, size):
            for question, row in ask_many(session, found, statement, portion, as_of=as_of, also=beside):
                answers[id(question)][0].append(finding_of_row(row, found))
                counted[id(question)] = row.findings_total
        for key, total in counted.items():
            answers[key] = (answers[key][0], answers[key][1] + total)
    return answers
