"""Stored features kept in memory, by what they say.

Maps ask for the same streets by ever other boxes. The database then only says which features a page has, and
by a hash with which content; what is known of it is not sent again. A changed row has another hash.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

MOST_BYTES = 128 * 2**20  # in each process
_OVERHEAD_BYTES = 300  # of an entry: its numbers and places in two tables

Kind = tuple[str, str]  # collection, fragment


@dataclass(frozen=True, slots=True)
class _Known:
    """Two tables by gid: a page has gids that lie together, and so do their entries in a table of numbers."""

    features: dict[int, bytes] = field(default_factory=dict)
    contents: dict[int, int] = field(default_factory=dict)


@dataclass
class KeptFeatures:
    """The features read last, at most so many bytes of them; of each the content read last.

    Not those used last: to note every use of a thousand features takes longer than to find them, and one that
    is used much is read again once in many pages.
    """

    most_bytes: int = MOST_BYTES
    taken_bytes: int = 0
    _known: dict[Kind, _Known] = field(default_factory=dict)
    _read: deque[tuple[Kind, Sequence[int], Sequence[int], int]] = field(default_factory=deque)  # and bytes

    def find(self, kind: Kind, gids: Sequence[int], contents: Sequence[int]) -> list[bytes | None]:
        """What is kept of each feature, if it has that content. contents: hashes, as long as gids."""
        known = self._known.get(kind)
        if known is None:
            return [None] * len(gids)
        found = list(map(known.features.get, gids))
        kept = list(map(known.contents.get, gids))
        if kept == contents:
            return found
        each = zip(found, kept, contents, strict=True)
        return [feature if has == wanted else None for feature, has, wanted in each]

    def keep(
        self, kind: Kind, gids: Sequence[int], contents: Sequence[int], features: Sequence[bytes]
    ) -> None:
        """Keep features just read, all as long; those read first make room."""
        known = self._known.setdefault(kind, _Known())
        there = list(map(known.contents.get, gids))
        if there.count(None) < len(there):  # of other contents, or another page has read some meanwhile
            each = zip(there, gids, contents, features, strict=True)
            new = [(gid, content, feature) for has, gid, content, feature in each if has != content]
            if not new:
                return
            gids, contents, features = zip(*new, strict=True)
        known.features.update(zip(gids, features, strict=True))
        known.contents.update(zip(gids, contents, strict=True))
        size = sum(map(len, features)) + _OVERHEAD_BYTES * len(gids)
        self._read.append((kind, gids, contents, size))
        self.taken_bytes += size
        while self.taken_bytes > self.most_bytes:
            self._drop_first()

    def _drop_first(self) -> None:
        kind, gids, contents, size = self._read.popleft()
        known = self._known[kind]
        for gid, content in zip(gids, contents, strict=True):
            if known.contents.get(gid) == content:  # else it says something else by now
                del known.features[gid], known.contents[gid]
        self.taken_bytes -= size


def kept_features_of(request: Request) -> KeptFeatures:
    """The features this process keeps."""
    state = request.app.state
    if not hasattr(state, "kept_features"):
        state.kept_features = KeptFeatures()
    kept: KeptFeatures = state.kept_features
    return kept
