"""Lets the database work on while what it has found already is written."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")

_AHEAD = 4  # items that may wait: enough to bridge a slow moment, few enough to keep memory flat
_PATIENCE_S = 0.1


class _End:
    """What comes after the last item: the error that ended it, if any."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def read_ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in the same order, fetched in a thread; its errors are raised here.

    Until the iterator is exhausted or closed, nobody else may use what `items` reads from.
    """
    waiting: Queue[T | _End] = Queue(maxsize=_AHEAD)
    stopped = threading.Event()
    thread = threading.Thread(target=_fetch, args=(items, waiting, stopped), name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := waiting.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped.set()
        thread.join()


def _fetch(items: Iterator[T], waiting: Queue[T | _End], stopped: threading.Event) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not _put(item, waiting, stopped):
                break
    except BaseException as raised:
        error = raised
    finally:
        if isinstance(items, Generator):
            items.close()
    _put(_End(error), waiting, stopped)


def _put(item: T | _End, waiting: Queue[T | _End], stopped: threading.Event) -> bool:
    """False when nobody reads any more."""
    while not stopped.is_set():
        try:
            waiting.put(item, timeout=_PATIENCE_S)
        except Full:
            continue
        return True
    return False
