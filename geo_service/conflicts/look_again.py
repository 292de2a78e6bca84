"""What the measuring rules find for occupations that did not change themselves: somebody beside them did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import Asked, ask_again, asked_by, chunks
from geo_service.conflicts.catalogue import Catalogue, rulebook
from geo_service.conflicts.check import CheckQuestion, finding_of_row
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.measured import concerns
from geo_service.conflicts.stored_questions import by_town, stored_questions
from geo_service.conflicts.write_findings import write_findings
from geo_service.db.database import speaking_as_operator
from geo_service.sql.loader import statements, text

CHUNK = 500
# Questions in one statement, so that none comes near the longest time that one may take. A free width takes
# some milliseconds, where hundreds stand on one spot some hundred; ways around many closures take seconds.
MEASURED_CHUNK = {"strip": 20, "network": 1}
_REMOVE = text(statements("conflicts")["remove_measured_findings"])


def look_again(
    session: Session, occupation_ids: Sequence[int], kinds: Sequence[str], *, as_of: datetime
) -> list[Finding]:
    """Recompute what the measuring rules of `kinds` find for stored occupations, whosever they are.

    Returns these findings.

    A free width belongs to everybody who stands in the street, so this is written as the service itself and
    not as the clerk or applicant whose change it follows from.
    """
    again: list[Finding] = []
    if not occupation_ids:
        return again
    rules = [rule.name for rule in rulebook().rules if rule.kind in kinds]
    with speaking_as_operator(session):
        for part in chunks(occupation_ids, CHUNK):
            findings = []
            for found, questions in by_town(session, stored_questions(session, part, as_of=as_of), as_of):
                asked = asked_by(found, questions, as_of=as_of)
                for kind in kinds:
                    findings += [finding for _, finding in measured_of_many(session, found, kind, asked)]
            write_findings(session, findings, as_of=as_of)
            kept = [finding.finding_id for finding in findings]
            session.execute(_REMOVE, {"occupations": part, "rules": rules, "found": kept})
            again += findings
    return again


def measured_of_many(
    session: Session, found: Catalogue, kind: str, asked: Sequence[Asked]
) -> Iterator[tuple[CheckQuestion, Finding]]:
    """What the rules of one measuring kind find for those that they concern."""
    statement = found.book.measured.get(kind)
    if statement is None:
        return
    concerned = [each for each in asked if concerns(kind, each.question.mine, each.question.location)]
    for part in chunks(concerned, MEASURED_CHUNK[kind]):
        for question, row in ask_again(session, found, statement.text, part):
            yield question, finding_of_row(row, found)
