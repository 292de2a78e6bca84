"""Stored features kept in memory, by the row version they are of.

Maps ask for the same streets by ever other boxes. The database then only says which row versions a page has;
what is known of them is not sent again. A row version never changes: a changed row has another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

MOST_BYTES = 96 * 2**20  # in each process
KEY_BYTES = 18  # gid, the transaction that wrote the row, where it lies
_OVERHEAD_BYTES = 180  # of an entry: its key, two objects, its place in the table

Kind = tuple[str, str]  # collection and the column of its features
Kept = dict[Kind, dict[bytes, bytes]]


@dataclass
class KeptFeatures:
    """The features used last: a young half and an old one, which goes when the young one is full."""

    most_bytes: int = MOST_BYTES
    young_bytes: int = 0
    _young: Kept = field(default_factory=dict)
    _old: Kept = field(default_factory=dict)

    def find(self, kind: Kind, keys: Sequence[bytes]) -> list[bytes | None]:
        """What is kept of each row version, in the order of the keys."""
        young, old = self._young.get(kind, {}), self._old.get(kind, {})
        found = list(map(young.get, keys))
        if old:
            for place, feature in enumerate(found):
                if feature is None and (feature := old.pop(keys[place], None)) is not None:
                    found[place] = feature
                    self.keep(kind, [(keys[place], feature)])
        return found

    def keep(self, kind: Kind, features: Iterable[tuple[bytes, bytes]]) -> None:
        """Keep features; when half the memory is full, those not used since then are forgotten."""
        for key, feature in features:
            self._young.setdefault(kind, {})[key] = feature
            self.young_bytes += len(feature) + _OVERHEAD_BYTES
            if self.young_bytes > self.most_bytes // 2:
                self._young, self._old, self.young_bytes = {}, self._young, 0


def kept_features_of(request: Request) -> KeptFeatures:
    """The features this process keeps."""
    state = request.app.state
    if not hasattr(state, "kept_features"):
        state.kept_features = KeptFeatures()
    kept: KeptFeatures = state.kept_features
    return kept


def place_of(key: bytes) -> str:
    """Where a row lies, as PostgreSQL writes a tid."""
    return f"({int.from_bytes(key[12:16], 'big')},{int.from_bytes(key[16:18], 'big')})"


def split_keys(joined: bytes) -> list[bytes]:
    """Keys of row versions out of the bytes the database joined them in."""
    return [joined[start : start + KEY_BYTES] for start in range(0, len(joined), KEY_BYTES)]
