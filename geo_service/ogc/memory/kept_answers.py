"""Answers with published data, kept ready in memory while their collections stay as they are.

What is kept is found by the whole question (address, format, language, encoding) and used only for the very
state of the collection it was made of. Only what is marked public is taken in: nothing that depends on who
asks can be found here. A large page is kept when it is asked for once more: maps ask for the same streets by
ever other boxes, and a megabyte of fresh memory for each would be a sixth of the time it takes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from geo_service.ogc.open_ended import OpenEnded

MOST_BYTES = 128 * 2**20  # in each process
_LARGEST_PART = 8  # an answer larger than this part of all is not kept: it would push out too many
_OVERHEAD_BYTES = 2_000  # of an entry beside its body: address, headers
LARGE = 200_000  # bytes; what is as large and was not compressed is kept when it is asked for once more
_MOST_ASKED = 10_000  # questions for large pages


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer is found by. address: with the query in the order of its names. shown: the format."""

    address: str
    shown: str
    language: str
    encoding: str | None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """state: of the collections it was made of. end: makes the last bytes. headers: all but the validator."""

    state: tuple[int, ...]
    body: OpenEnded
    end: Callable[[], bytes]
    headers: Mapping[str, str]

    @property
    def size(self) -> int:
        """Bytes it takes, about."""
        return len(self.body.data) + _OVERHEAD_BYTES


@dataclass
class KeptAnswers:
    """The answers used last, at most so many bytes of them."""

    most_bytes: int = MOST_BYTES
    taken_bytes: int = 0
    _answers: OrderedDict[Question, KeptAnswer] = field(default_factory=OrderedDict)
    _asked: OrderedDict[int, None] = field(default_factory=OrderedDict)  # hashes of questions

    def find(self, question: Question) -> KeptAnswer | None:
        """The answer kept for a question, of whatever state."""
        found = self._answers.get(question)
        if found is not None:
            self._answers.move_to_end(question)
        return found

    def keep(self, question: Question, answer: KeptAnswer) -> None:
        """Keep an answer, unless it is not public or too large; the ones not used for longest make room."""
        self.forget(question)
        cached_by_anybody = answer.headers.get("Cache-Control", "").startswith("public")
        if not cached_by_anybody or answer.size > self.most_bytes // _LARGEST_PART:
            return
        self._answers[question] = answer
        self.taken_bytes += answer.size
        while self.taken_bytes > self.most_bytes:
            _, oldest = self._answers.popitem(last=False)
            self.taken_bytes -= oldest.size

    def asked_before(self, question: Question) -> bool:
        """True if this was called with the question before, among the last ones."""
        mark = hash(question)
        if mark in self._asked:
            return True
        self._asked[mark] = None
        if len(self._asked) > _MOST_ASKED:
            self._asked.popitem(last=False)
        return False

    def forget(self, question: Question) -> None:
        """Drop what is kept for a question."""
        old = self._answers.pop(question, None)
        if old is not None:
            self.taken_bytes -= old.size


def kept_answers_of(request: Request) -> KeptAnswers:
    """The answers this process keeps."""
    state = request.app.state
    if not hasattr(state, "kept_answers"):
        state.kept_answers = KeptAnswers()
    kept: KeptAnswers = state.kept_answers
    return kept
