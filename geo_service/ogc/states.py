"""The state of each published collection: a number that changes with every commit that changes it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request

from geo_service.ogc.pieces import bare
from geo_service.ogc.reading import Pool, read_tuples


@dataclass
class CollectionStates:
    """Asks one database, one question at a time: whoever comes before it is asked shares the answer."""

    pool: Pool
    _next: asyncio.Task[Mapping[str, int]] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, *collections: str) -> tuple[int, ...]:
        """States as they are now, or later. Raises Unavailable."""
        return await self.begin(*collections)

    def begin(self, *collections: str) -> Awaitable[tuple[int, ...]]:
        """The same; the question is on its way with the next turn of the loop."""
        if self._next is None:
            self._next = asyncio.create_task(self._ask())
        return _of(self._next, collections)

    async def _ask(self) -> Mapping[str, int]:
        async with self._turn:
            self._next = None  # who comes from here on may have seen a commit that this question does not see
            rows = await read_tuples(self.pool, bare("collections", "states"), {})
        return {name.decode(): state for name, state in rows}


async def _of(asked: asyncio.Task[Mapping[str, int]], collections: tuple[str, ...]) -> tuple[int, ...]:
    states = await asyncio.shield(asked)
    return tuple(states.get(one, 0) for one in collections)


def states_of(request: Request) -> CollectionStates:
    """The states as this process asks for them."""
    state = request.app.state
    if not hasattr(state, "collection_states"):
        state.collection_states = CollectionStates(state.pool)
    asked: CollectionStates = state.collection_states
    return asked
