"""Stored features kept in memory, by the row version they are of.

Maps ask for the same streets by ever other boxes. The database then only says which row versions a page has;
what is known of them is not sent again. A row version never changes: a changed row has another one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

MOST_BYTES = 128 * 2**20  # in each process
KEY_BYTES = 18  # gid, the transaction that wrote the row, where it lies
_OVERHEAD_BYTES = 250  # of an entry: its key, two objects, its place in the table


@dataclass
class KeptFeatures:
    """The features used last, at most so many bytes of them."""

    most_bytes: int = MOST_BYTES
    taken_bytes: int = 0
    _features: OrderedDict[bytes, bytes] = field(default_factory=OrderedDict)

    def find(self, keys: Sequence[bytes]) -> list[bytes | None]:
        """What is kept of each row version, in the order of the keys."""
        found = list(map(self._features.get, keys))
        for key, feature in zip(keys, found, strict=True):
            if feature is not None:
                self._features.move_to_end(key)
        return found

    def keep(self, features: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep features; those not used for longest make room."""
        for key, feature in features:
            if key not in self._features:
                self._features[key] = feature
                self.taken_bytes += len(feature) + _OVERHEAD_BYTES
        while self.taken_bytes > self.most_bytes:
            _, oldest = self._features.popitem(last=False)
            self.taken_bytes -= len(oldest) + _OVERHEAD_BYTES


def kept_features_of(request: Request) -> KeptFeatures:
    """The features this process keeps."""
    state = request.app.state
    if not hasattr(state, "kept_features"):
        state.kept_features = KeptFeatures()
    kept: KeptFeatures = state.kept_features
    return kept


def place_of(key: bytes) -> str:
    """Where a row lies, as PostgreSQL writes a tid."""
    return f"({int.from_bytes(key[-6:-2], 'big')},{int.from_bytes(key[-2:], 'big')})"


def split_keys(kind: bytes, joined: bytes) -> list[bytes]:
    """Keys of row versions out of the bytes the database joined them in; kind: collection and fragment."""
    return [kind + joined[start : start + KEY_BYTES] for start in range(0, len(joined), KEY_BYTES)]
