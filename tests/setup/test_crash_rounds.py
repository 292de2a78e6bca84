"""Filing and deciding survive `kill -9` of the worker, the server and PostgreSQL under load; `make soak` has fifty."""

from __future__ import annotations

from pathlib import Path

from tests.soak.crash import survive
from tests.soak.crash_world import running_world


def test_three_rounds_lose_nothing_and_leave_nothing_by_half(initialised_home: Path) -> None:
    with running_world(initialised_home) as world:
        told = survive(world, [["server"], ["worker", "postgres"], ["postgres", "server"]])
    assert told.wrong == []
    assert told.rounds == 3
    assert told.filed > 10 and told.granted > 0
    assert told.repeated > 0, "nobody noticed that anything was killed"
