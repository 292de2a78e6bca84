"""Start-up plans every statement, so that a faulty rule stops the service and not a citizen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from shapely.geometry import box
from sqlalchemy import TextClause
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Rulebook, catalogue_of, rulebook
from geo_service.conflicts.check import CheckQuestion, OtherRequest, check_binds
from geo_service.conflicts.rule_file import RuleFile
from geo_service.conflicts.statement import check_statement, measured_statements
from geo_service.errors import BadRuleFile
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import NOWHERE
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.parameters import TownParameter, refuse_unknown_overrides
from geo_service.sql.loader import statements, text

_NOBODY = UUID(int=0)


def verify_rules(session: Session, book: Rulebook | None = None, day: date | None = None) -> None:
    """Raises BadRuleFile, with file and line, for a condition that does not plan or an unknown override."""
    book = book or rulebook()
    day = day or datetime.now(TOWN_ZONE).date()
    rows = session.execute(text(statements("conflicts")["town_parameters"])).mappings()
    refuse_unknown_overrides([TownParameter(**row) for row in rows], book.parameters)
    compared = (
        book.check,
        book.check_among_requests,
        book.check_swapped,
        book.check_known_others,
        book.candidate_towns,
    )
    for statement in (*(compared if book.compares else ()), *book.measured.values()):
        try:
            _plan(session, book, statement, day)
        except DBAPIError as error:
            _name_the_culprit(session, book, day)
            raise BadRuleFile(
                f"{book.rules[0].file}: the rules do not plan together: {_reason(error)}"
            ) from error


def _plan(session: Session, book: Rulebook, statement: TextClause, day: date) -> None:
    found = catalogue_of(book, (), None, day)
    start = datetime(day.year, day.month, day.day, tzinfo=TOWN_ZONE)
    somebody = Occupation(
        collection="permits", source_id=_NOBODY, case_group=_NOBODY, state="submitted", counts=True,
        binding=False, published=False, period=Interval(start, start + timedelta(days=1)), exclusive=True,
        filed_at=start.astimezone(UTC), area=box(480000, 5500000, 480010, 5500010),
    )  # fmt: skip
    question = CheckQuestion(mine=somebody, location=NOWHERE, others=(OtherRequest(occupation=somebody),))
    binds = {**check_binds(found, question, as_of=start), "candidate_town": None, "known_others": []}
    wanted = {name: value for name, value in binds.items() if name in statement._bindparams}
    with session.begin_nested():
        session.execute(text(f"EXPLAIN {statement.text}"), wanted)


def _name_the_culprit(session: Session, book: Rulebook, day: date) -> None:
    for rule in book.rules:
        try:
            _plan(session, book, _alone(rule), day)
        except DBAPIError as error:
            raise BadRuleFile(
                f"{rule.at(_faulty_key(session, book, rule, day))}: {_reason(error)}"
            ) from error


def _faulty_key(session: Session, book: Rulebook, rule: RuleFile, day: date) -> str:
    """The key of the first expression that plans no more when it alone is put into the rule."""
    expressions = rule.expressions()
    for key in expressions:
        alone = _only(rule, key)
        try:
            _plan(session, book, _alone(alone), day)
        except DBAPIError:
            return key
    return "applies"


def _alone(rule: RuleFile) -> TextClause:
    """The statement of one rule alone."""
    measured = measured_statements([rule])
    return text(measured[rule.kind] if rule.kind in measured else check_statement([rule]))


def _only(rule: RuleFile, key: str) -> RuleFile:
    conditions = {"applies": "true", "warn": "true"}
    if key in rule.conditions:
        conditions[key] = rule.conditions[key]
    return replace(
        rule,
        conditions=conditions,
        measured=rule.measured if key == "measured" else None,
        limit=rule.limit if key == "limit" else None,
    )


def _reason(error: DBAPIError) -> str:
    return str(error.orig).splitlines()[0]
