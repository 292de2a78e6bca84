"""The first of many candidates, in their order, that no rule blocks: exact, and within a budget of time.

A candidate is the occupation under test at another time or place. Nothing here knows which rules there are:

1. Candidates are dropped in batches, set-based, by the statement of the check itself: first against the few
   others that stood in the way before, then against all. What it finds, the whole check finds too, so that
   nothing free is ever dropped. It says nothing about rules that are asked beside it.
2. What is left is asked of the whole check, one after the other; the first that passes is the answer.

Free means without a blocking finding and without one that could be blocking: what is not known is no pass.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

import psycopg
from sqlalchemy import TextClause
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import ask_many
from geo_service.conflicts.catalogue import Rulebook
from geo_service.conflicts.check import CheckQuestion, check_question
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.stored_questions import by_town
from geo_service.sql.loader import statements, text

FIRST_BATCH, LARGEST_BATCH = 4, 64
_NAMED = 4  # so many known others are asked first
_LEARNED = 4  # so many new ones are learned from one candidate
_ALLOWED = text(statements("alternatives")["time_allowed"])
_ALLOW = text(statements("alternatives")["allow_time"])
T = TypeVar("T")


class OutOfTime(Exception):
    """The budget is used up before the search came to an end."""


def blocks(finding: Finding) -> bool:
    """It blocks, or it is not known that it does not."""
    return "block" in (finding.severity, finding.could_be)


@dataclass(kw_only=True, slots=True)
class Search:
    """One search. deadline: of time.monotonic(). known: others that stood in the way, the likeliest first.

    holds_everywhere: which blocking finding of one candidate all candidates have; it ends the search.
    """

    session: Session
    as_of: datetime
    deadline: float
    known: list[int] = field(default_factory=list)
    holds_everywhere: Callable[[Finding], bool] = lambda _: False

    def first_free(
        self, candidates: Sequence[T], questions: Callable[[Sequence[T]], Mapping[T, CheckQuestion]]
    ) -> tuple[T, CheckQuestion] | None:
        """The first candidate without a block, None when there is none. Raises OutOfTime.

        `questions` asks for some candidates at once and leaves out those that cannot be.
        """
        with self._bounded():
            size, begin = FIRST_BATCH, 0
            while begin < len(candidates):
                self._mind_the_clock()
                asked = questions(candidates[begin : begin + size])
                left = self._without_blocked(list(asked.values()))
                for candidate, question in asked.items():
                    if id(question) not in left:
                        continue
                    blocking = self._blocking(question)
                    if not blocking:
                        return candidate, question
                    if any(self.holds_everywhere(finding) for finding in blocking):
                        return None
                begin, size = begin + size, min(2 * size, LARGEST_BATCH)
        return None

    def _without_blocked(self, questions: list[CheckQuestion]) -> set[int]:
        """Which questions (by identity) the statement of the check leaves open."""
        blocked: set[int] = set()
        if self.known:
            by_whomever = [replace(question, max_findings=1) for question in questions]
            named = {"known_others": self.known[:_NAMED]}
            blocked = self._blocked(by_whomever, lambda book: book.check_known_others, named)
        rest = [question for place, question in enumerate(questions) if place not in blocked]
        worst = [replace(question, max_findings=_LEARNED) for question in rest]
        of_the_rest = self._blocked(worst, lambda book: book.check, {}) if rest else set()
        return {id(question) for place, question in enumerate(rest) if place not in of_the_rest}

    def _blocked(
        self,
        questions: list[CheckQuestion],
        statement: Callable[[Rulebook], TextClause],
        also: Mapping[str, list[int]],
    ) -> set[int]:
        """The places of the questions that one statement of the rulebook finds blocked."""
        self._mind_the_clock()
        places = {id(question): place for place, question in enumerate(questions)}
        found = set()
        for catalogue, asked in by_town(self.session, questions, self.as_of):
            if not catalogue.book.compares:
                continue
            answers = ask_many(
                self.session, catalogue, statement(catalogue.book), asked, as_of=self.as_of, also=also
            )
            for question, row in answers:
                if row.could == 1:
                    found.add(places[id(question)])
                    self._learn(row.other_id)
        return found

    def _blocking(self, question: CheckQuestion) -> list[Finding]:
        """What blocks by the whole check, every rule of every kind."""
        self._mind_the_clock()
        result = check_question(self.session, question, as_of=self.as_of)
        found = [finding for finding in result.findings if blocks(finding)]
        for finding in found:
            self._learn(None if finding.other is None else finding.other.occupation_id)
        return found

    def _learn(self, other_id: int | None) -> None:
        """Whoever stood in the way last is asked first."""
        if other_id is not None and other_id not in self.known[:_NAMED]:
            self.known.insert(0, other_id)

    def _mind_the_clock(self) -> None:
        left_ms = int((self.deadline - time.monotonic()) * 1000)
        if left_ms <= 0:
            raise OutOfTime
        self.session.execute(_ALLOW, {"timeout": str(left_ms)})

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """A transaction, or a savepoint inside one, in which statements end with the budget."""
        connection = self.session.connection().connection.driver_connection
        assert isinstance(connection, psycopg.Connection)
        late: OutOfTime | None = None
        try:
            # Not rolled back at the end: after that the driver would prepare every statement of a check anew.
            with connection.transaction():
                before = self.session.execute(_ALLOWED).scalar_one()
                try:
                    yield
                except OutOfTime as error:
                    late = error
                self.session.execute(_ALLOW, {"timeout": before})
        except OperationalError as error:
            if isinstance(error.orig, psycopg.errors.QueryCanceled):
                raise OutOfTime from error
            raise
        if late is not None:
            raise late
