"""One question with published data answered: 304, from what is kept ready, or made anew and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from geo_service import __version__
from geo_service.ogc.answers import (
    CACHING,
    OPEN_ACCESS,
    VARY,
    WORTH_ENCODING,
    encoded,
    encoding_of,
    fingerprint,
    not_modified,
)
from geo_service.ogc.memory.kept_answers import LARGE, KeptAnswer, Question, kept_answers_of
from geo_service.ogc.states import states_of

_TOGETHER = 250  # pieces that are sent at once


@dataclass(frozen=True, slots=True)
class Start:
    """The start of a body: a head, and pieces behind it with commas between them."""

    head: bytes
    pieces: Sequence[bytes] = ()

    @property
    def length(self) -> int:
        """Bytes of all."""
        return len(self.head) + sum(map(len, self.pieces)) + max(len(self.pieces) - 1, 0)

    def whole(self) -> bytes:
        """All of it in one."""
        first, *others = self.pieces or (b"",)
        return b",".join((self.head + first, *others))

    def parts(self) -> Iterator[bytes]:
        """The same in parts of some hundred pieces, each put together when it is asked for."""
        before = self.head
        for at in range(0, len(self.pieces), _TOGETHER):
            first, *others = self.pieces[at : at + _TOGETHER]
            yield b",".join((before + first, *others))
            before = b","
        if not self.pieces:
            yield before


class InParts(Response):
    """A large body sent part by part: to put it together first takes as long as to send it.

    The client reads the first while the next is put together, and no megabyte of memory is needed for it.
    """

    def __init__(self, parts: Iterable[bytes], end: bytes, length: int, headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(length)})
        self.parts, self.end, self.length = parts, end, length

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        end = self.end
        if self.length > LARGE:
            for part in self.parts:
                await send({"type": "http.response.body", "body": part, "more_body": True})
        else:  # to join less is cheaper than to send once more
            end = b"".join((*self.parts, end))
        await send({"type": "http.response.body", "body": end, "more_body": False})


def nothing_more() -> bytes:
    """The end of what is whole already."""
    return b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An answer just made. state: of its collections, as the rows were read. end: makes the last bytes."""

    state: tuple[int, ...]
    start: Start
    end: Callable[[], bytes] = nothing_more
    headers: Mapping[str, str] = field(default_factory=dict)


async def ready_answer(
    request: Request, question: Question, collections: tuple[str, ...], make: Callable[[], Awaitable[Made]]
) -> Response:
    """The answer to a question about published collections; `make` is called if none is ready.

    The state is only asked for where it can save something: a validator to compare, an answer that is kept.
    """
    keeps = kept_answers_of(request)
    kept = keeps.find(question) if request.method == "GET" else None
    compares = "if-none-match" in request.headers
    if kept is not None or compares:
        state = await states_of(request).get(*collections)
        if compares and not_modified(request, etag_of(question, state)):
            return Response(status_code=304, headers=_validating(question, state))
        if kept is not None and kept.state == state:
            return _answer(question, kept)
    made = await make()
    length = made.start.length
    encoding = question.encoding if length >= WORTH_ENCODING else None
    headers = {**OPEN_ACCESS, "Cache-Control": CACHING, "Vary": VARY, **made.headers}
    if encoding is None and length > LARGE and kept is None and not keeps.asked_before(question):
        end, headers["ETag"] = made.end(), etag_of(question, made.state)
        return InParts(made.start.parts(), end, length + len(end), headers)
    body = await encoded(encoding, made.start.whole())
    if encoding is not None:
        headers["Content-Encoding"] = encoding
    answer = KeptAnswer(made.state, body, made.end, headers)
    if request.method == "GET":
        keeps.keep(question, answer)
    return _answer(question, answer)


def question_of(request: Request, address: str, shown: str, language: str) -> Question:
    """The question a request asks; address: what tells it from others, parameters in the order of names."""
    return Question(address, shown, language, encoding_of(request))


def etag_of(question: Question, state: tuple[int, ...]) -> str:
    """A strong validator: the same question about the same state gives the same, timeStamp aside.

    Of a tile a weak one: what memory and what the database makes of it says the same in other bytes.
    """
    parts = (__version__, question.address, question.shown, question.language, str(state))
    strong = f'"{fingerprint(*(part.encode() for part in parts))}-{question.encoding or "plain"}"'
    return f"W/{strong}" if question.shown == "mvt" else strong


def _validating(question: Question, state: tuple[int, ...]) -> dict[str, str]:
    return {**OPEN_ACCESS, "ETag": etag_of(question, state), "Cache-Control": CACHING, "Vary": VARY}


def _answer(question: Question, answer: KeptAnswer) -> Response:
    headers = {**answer.headers, "ETag": etag_of(question, answer.state)}
    if not answer.body.plain_length:
        return Response(status_code=204, headers=headers)
    data, end = answer.body.parts(answer.end())
    return InParts((data,), end, len(data) + len(end), headers)
