"""Stored features kept in memory, by what they say.

Maps ask for the same streets by ever other boxes. The database then only says which features a page has, and
by a hash with which content; what is known of it is not sent again. A changed row has another hash.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

MOST_BYTES = 128 * 2**20  # in each process
_OVERHEAD_BYTES = 300  # of an entry: its key, four objects, its place in the table

Key = tuple[int, int]  # gid, hash of the content
Kind = tuple[str, str]  # collection, fragment

_NONE: Mapping[Key, bytes] = {}


@dataclass
class KeptFeatures:
    """The features read last, at most so many bytes of them.

    Not those used last: to note every use of a thousand features takes longer than to find them, and one that
    is used much is read again once in many pages.
    """

    most_bytes: int = MOST_BYTES
    taken_bytes: int = 0
    _features: dict[Kind, dict[Key, bytes]] = field(default_factory=dict)
    _read: deque[tuple[Kind, Sequence[Key], int]] = field(default_factory=deque)  # and their bytes

    def find(self, kind: Kind, keys: Sequence[Key]) -> list[bytes | None]:
        """What is kept of each content, in the order of the keys."""
        return list(map(self._features.get(kind, _NONE).get, keys))

    def keep(self, kind: Kind, read: Mapping[Key, bytes]) -> None:
        """Keep features just read; those read first make room."""
        features = self._features.setdefault(kind, {})
        if not features.keys().isdisjoint(read):  # another page has read some of them meanwhile
            read = {key: feature for key, feature in read.items() if key not in features}
        if not read:
            return
        features.update(read)
        size = sum(map(len, read.values())) + _OVERHEAD_BYTES * len(read)
        self._read.append((kind, tuple(read), size))
        self.taken_bytes += size
        while self.taken_bytes > self.most_bytes:
            first, keys, size = self._read.popleft()
            for key in keys:
                del self._features[first][key]
            self.taken_bytes -= size


def kept_features_of(request: Request) -> KeptFeatures:
    """The features this process keeps."""
    state = request.app.state
    if not hasattr(state, "kept_features"):
        state.kept_features = KeptFeatures()
    kept: KeptFeatures = state.kept_features
    return kept
