"""Readings into memory that go on beside what is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import structlog

# What changes all the time is read again for a twentieth of the time at most.
_REST = 20
_AFTER_FAILURE_S = 5.0
_log = structlog.get_logger(__name__)


@dataclass
class Beside:
    """One reading of each name at a time, and a rest of twenty times as long after it."""

    _running: dict[Any, asyncio.Task[None]] = field(default_factory=dict)
    _not_before: dict[Any, float] = field(default_factory=dict)

    def start(self, name: Any, read: Callable[[], Awaitable[None]]) -> None:
        """Begin, unless it runs or rests."""
        if name not in self._running and time.monotonic() >= self._not_before.get(name, 0):
            self._running[name] = asyncio.create_task(self._run(name, read))

    async def _run(self, name: Any, read: Callable[[], Awaitable[None]]) -> None:
        began, least = time.monotonic(), 0.0
        try:
            await read()
        except Exception:  # whatever it is: it is wanted again with a later question
            _log.exception("not_read_into_memory", what=str(name))
            least = _AFTER_FAILURE_S
        finally:
            ended = time.monotonic()
            self._not_before[name] = ended + max(_REST * (ended - began), least)
            self._running.pop(name, None)

    async def settled(self) -> None:
        """Wait until nothing runs."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def close(self) -> None:
        """Give up what runs."""
        for task in self._running.values():
            task.cancel()
        await self.settled()
        self._running.clear()  # one that was given up before it began
