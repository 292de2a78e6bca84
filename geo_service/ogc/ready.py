"""One question with published data answered: 304, from what is kept ready, or made anew and kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
from geo_service.ogc.kept_answers import KeptAnswer, Question, kept_answers_of
from geo_service.ogc.states import states_of

_LARGE = 200_000  # bytes; to join less is cheaper than to send once more


class InParts(Response):
    """A large body sent in parts as they are: to join them would be one more copy of a megabyte."""

    def __init__(self, parts: Sequence[bytes], headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(sum(map(len, parts)))})
        self.parts = parts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        *others, last = self.parts if sum(map(len, self.parts)) > _LARGE else [b"".join(self.parts)]
        for part in others:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": last, "more_body": False})


def nothing_more() -> bytes:
    """The end of what is whole already."""
    return b""


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An answer just made. state: of its collections, as the rows were read. end: makes the last bytes."""

    state: tuple[int, ...]
    start: bytes
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
    encoding = question.encoding if len(made.start) >= WORTH_ENCODING else None
    body = await encoded(encoding, made.start)
    headers = {**OPEN_ACCESS, "Cache-Control": CACHING, "Vary": VARY, **made.headers}
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
    """A strong validator: the same question about the same state gives the same, timeStamp aside."""
    parts = (__version__, question.address, question.shown, question.language, str(state))
    return f'"{fingerprint(*(part.encode() for part in parts))}-{question.encoding or "plain"}"'


def _validating(question: Question, state: tuple[int, ...]) -> dict[str, str]:
    return {**OPEN_ACCESS, "ETag": etag_of(question, state), "Cache-Control": CACHING, "Vary": VARY}


def _answer(question: Question, answer: KeptAnswer) -> Response:
    headers = {**answer.headers, "ETag": etag_of(question, answer.state)}
    if not answer.body.plain_length:
        return Response(status_code=204, headers=headers)
    return InParts(answer.body.parts(answer.end()), headers)
