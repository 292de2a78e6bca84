"""A plain HTTP/1.1 load generator: keep-alive connections, raw sockets, whole bodies read, nothing parsed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any
from urllib.parse import urlsplit

import httptools
import uvloop


@dataclass(frozen=True, slots=True)
class Measured:
    """milliseconds of every request, in the order they ended; seconds of the whole run; bytes of the last body."""

    milliseconds: tuple[float, ...]
    seconds: float
    body_bytes: int

    @property
    def median_ms(self) -> float:
        return median(self.milliseconds)

    @property
    def p99_ms(self) -> float:
        return quantiles(self.milliseconds, n=100)[98] if len(self.milliseconds) > 1 else self.milliseconds[0]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.milliseconds) / self.seconds


def together(rounds: Sequence[Measured]) -> Measured:
    """Several measurements of the same as one."""
    times = tuple(ms for each in rounds for ms in each.milliseconds)
    return Measured(times, sum(each.seconds for each in rounds), rounds[-1].body_bytes)


def request_bytes(address: str, body: bytes | None = None) -> bytes:
    """One request as it goes over the wire; POST of JSON when there is a body."""
    parts = urlsplit(address)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [
        f"{'GET' if body is None else 'POST'} {target} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Accept: application/json, application/geo+json",
    ]
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + (body or b"")


def run_load(
    port: int, requests: Sequence[bytes], *, connections: int, at_most: int, seconds: float
) -> Measured:
    """Send `requests` in turn over so many connections, until `at_most` are answered or the time is over."""
    # uvloop, so that the client's own time is small beside what it measures.
    return uvloop.run(_run(port, requests, connections, at_most, seconds))


async def _run(
    port: int, requests: Sequence[bytes], connections: int, at_most: int, seconds: float
) -> Measured:
    taken, times, size = 0, [], 0
    start = time.perf_counter()

    async def one_connection() -> None:
        nonlocal taken, size
        _, answers = await asyncio.get_running_loop().create_connection(_Answers, "127.0.0.1", port)
        while taken < at_most and time.perf_counter() - start < seconds:
            request = requests[taken % len(requests)]
            taken += 1
            began = time.perf_counter()
            size = await answers.ask(request)
            times.append((time.perf_counter() - began) * 1000)
        answers.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return Measured(tuple(times), time.perf_counter() - start, size)


class _Answers(asyncio.BufferedProtocol):
    """The answers on one connection, read into one piece of memory and counted; nothing of a body is kept."""

    def __init__(self) -> None:
        self._room = memoryview(bytearray(2**18))
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """Length of the body of the answer. Its exception is a RuntimeError unless it is a 200."""
        self._size, self._start = 0, b""
        self._answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def close(self) -> None:
        """Close the connection."""
        self._transport.close()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        self._parser.feed_data(self._room[:nbytes])

    def on_body(self, body: bytes) -> None:
        """Called by the parser for every piece."""
        self._start = self._start or body[:500]
        self._size += len(body)

    def on_message_complete(self) -> None:
        """Called by the parser at the end of an answer."""
        status = self._parser.get_status_code()
        if status == 200:
            self._answer.set_result(self._size)
        else:
            self._answer.set_exception(RuntimeError(f"{status}: {self._start!r}"))

    def connection_lost(self, exc: Exception | None) -> None:
        if hasattr(self, "_answer") and not self._answer.done():
            self._answer.set_exception(ConnectionError("The server closed the connection."))
