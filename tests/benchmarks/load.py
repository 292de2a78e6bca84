"""A plain HTTP/1.1 load generator: keep-alive connections, raw sockets, whole bodies read, nothing parsed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from urllib.parse import urlsplit

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
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        while taken < at_most and time.perf_counter() - start < seconds:
            request = requests[taken % len(requests)]
            taken += 1
            began = time.perf_counter()
            writer.write(request)
            size = await _read_answer(reader)
            times.append((time.perf_counter() - began) * 1000)
        writer.close()

    await asyncio.gather(*(one_connection() for _ in range(connections)))
    return Measured(tuple(times), time.perf_counter() - start, size)


async def _read_answer(reader: asyncio.StreamReader) -> int:
    """Length of the body of one answer. Raises RuntimeError unless it is a 200."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise RuntimeError(f"not 200: {head[:200]!r} {await reader.read(500)!r}")
    if b"transfer-encoding: chunked" not in head:
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        return length
    total = 0
    while length := int(await reader.readuntil(b"\r\n"), 16):
        await reader.readexactly(length + 2)
        total += length
    await reader.readexactly(2)
    return total
