"""A layer of lines in a vector tile (Mapbox Vector Tile 2.1), written from arrays: all its lines at once.

For what lies in memory already; the database does the same with ST_AsMVTGeom and ST_AsMVT, shape by shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

EXTENT = 4096
_SEVEN_BITS, _SHIFT = np.uint8(127), np.uint8(7)
_MOVE, _LINE, _LINESTRING = 1, 2, 2  # commands and a kind of geometry (4.3 of the specification)

Numbers = NDArray[np.int64]
Units = NDArray[np.int32]
Whole = NDArray[Any]  # of 32 or 64 bits


@dataclass(frozen=True, slots=True)
class Lines:
    """One for each feature, its points one after the other. lengths: points of each line."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    lengths: Numbers


@dataclass(frozen=True, slots=True)
class Told:
    """A property of all features. codes: place of each value, -1 for none. values: from `written_value`."""

    key: str
    codes: Numbers
    values: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class _Parts:
    """What is left of the lines in a tile. feature: of each part; those of one stand together."""

    x: Units
    y: Units
    lengths: Numbers
    feature: Numbers


def written_value(text: bytes) -> bytes:
    """A text (UTF-8) as an entry of a layer's values."""
    value = b"\x0a" + _varint(len(text)) + text
    return b"\x22" + _varint(len(value)) + value


def write_layer(name: str, ids: Numbers, lines: Lines, told: Sequence[Told], margin: int) -> bytes:
    """The layer, as a part of a tile; nothing where no line is left.

    lines: in units of the tile, rows from the north. What reaches over the margin is cut off; a line that is
    no longer than a unit is left out, and so is a feature without a line.
    """
    parts = _in_units(lines, margin)
    if not len(parts.lengths):
        return b""
    firsts = np.flatnonzero(np.diff(parts.feature, prepend=-1))
    shown = parts.feature[firsts]
    keys, values, tags, tag_counts = _tags(shown, told)
    sizes = 2 * parts.lengths + 2
    features = _features(
        ids[shown], tags, tag_counts, _commands(parts, sizes, firsts), np.add.reduceat(sizes, firsts)
    )
    layer = b"".join(
        (
            b"\x0a", _varint(len(name.encode())), name.encode(), features, *keys, *values,
            b"\x28", _varint(EXTENT), b"\x78\x02",
        )
    )  # fmt: skip
    return b"\x1a" + _varint(len(layer)) + layer


def _in_units(lines: Lines, margin: int) -> _Parts:
    """The lines in whole units, without what is beyond the margin, and no point that follows itself."""
    low, high = -margin, EXTENT + margin
    x, y, lengths, feature = lines.x, lines.y, lines.lengths, np.arange(len(lines.lengths))
    owner = np.repeat(feature, lengths)
    beyond = (x < low) | (x > high) | (y < low) | (y > high)
    if beyond.any():
        cut = np.zeros(len(lengths), bool)
        cut[owner[beyond]] = True
        of_cut = cut[owner]
        drawn = shapely.linestrings(x[of_cut], y[of_cut], indices=(np.cumsum(cut) - 1)[owner[of_cut]])
        left, source = shapely.get_parts(shapely.clip_by_rect(drawn, low, low, high, high), return_index=True)
        is_line = (shapely.get_type_id(left) == 1) & ~shapely.is_empty(left)  # what only touches is a point
        left, source = left[is_line], source[is_line]
        stays = ~of_cut
        more_x, more_y = shapely.get_coordinates(left).T
        x, y = np.concatenate((x[stays], more_x)), np.concatenate((y[stays], more_y))
        lengths = np.concatenate((lengths[~cut], shapely.get_num_coordinates(left)))
        feature = np.concatenate((feature[~cut], feature[cut][source]))
        owner = np.repeat(np.arange(len(lengths)), lengths)
    whole_x, whole_y = np.rint(x).astype(np.int32), np.rint(y).astype(np.int32)
    moves = np.ones(len(owner), bool)
    moves[1:] = (whole_x[1:] != whole_x[:-1]) | (whole_y[1:] != whole_y[:-1]) | (owner[1:] != owner[:-1])
    if not moves.all():
        lengths = np.bincount(owner[moves], minlength=len(lengths))
        long = lengths > 1
        moves &= long[owner]
        whole_x, whole_y, lengths, feature = whole_x[moves], whole_y[moves], lengths[long], feature[long]
    return _Parts(whole_x, whole_y, lengths, feature)


def _tags(shown: Numbers, told: Sequence[Told]) -> tuple[list[bytes], list[bytes], Units, Numbers]:
    """Keys and values of the layer, the tags of all features in turn, and how many each has."""
    keys: list[bytes] = []
    values: list[bytes] = []
    table = np.empty((len(shown), len(told), 2), np.int32)
    unsaid = False
    for place, each in enumerate(told):
        codes = each.codes[shown]
        if (codes[1:] > codes[:-1]).all():  # as an id
            used, index = codes, np.arange(len(codes))
        else:
            used, index = np.unique(codes, return_inverse=True)
        first = int(used[0] < 0)  # what has no value comes first
        table[:, place, 0] = place
        table[:, place, 1] = index + (len(values) - first)
        if first:
            table[codes < 0, place, 1] = -1
            unsaid = True
        values += map(each.values.__getitem__, used[first:].tolist())
        key = each.key.encode()
        keys.append(b"\x1a" + _varint(len(key)) + key)
    if not unsaid:
        return keys, values, table.ravel(), np.full(len(shown), 2 * len(told))
    has = table[:, :, 1] >= 0
    return keys, values, table[has].ravel(), 2 * has.sum(axis=1)


def _commands(parts: _Parts, sizes: Numbers, firsts: Numbers) -> Units:
    """The commands of all parts in turn. sizes: numbers of each. firsts: parts that begin a feature."""
    begins, points = np.cumsum(sizes) - sizes, np.cumsum(parts.lengths) - parts.lengths
    commands = np.empty(int(sizes.sum()), np.int32)
    # Two numbers for each point behind the first command, but the second command comes after the first point.
    at = 2 * np.arange(len(parts.x)) + np.repeat(begins - 2 * points + 2, parts.lengths)
    at[points] -= 1
    for shift, coordinates in enumerate((parts.x, parts.y)):
        # Each point is told from the one before; the first of a feature from the tile's corner.
        steps = np.empty_like(coordinates)
        steps[1:] = coordinates[1:] - coordinates[:-1]
        leads = points[firsts]
        steps[leads] = coordinates[leads]
        commands[at + shift] = (steps << 1) ^ (steps >> 31)
    commands[begins] = 1 << 3 | _MOVE
    commands[begins + 3] = (parts.lengths - 1) << 3 | _LINE
    return commands


def _features(ids: Numbers, tags: Units, tag_counts: Numbers, commands: Units, counts: Numbers) -> bytes:
    """All features: id, tags, type and geometry, each behind its number of field and kind."""
    sizes = 10 + tag_counts + counts
    begins = np.cumsum(sizes) - sizes
    tags_end = begins + 6 + tag_counts
    numbers: Whole = np.zeros(int(sizes.sum()), np.int64 if ids.max() >> 31 else np.int32)
    heads = ((begins, 0x12), (begins + 2, 0x08), (begins + 3, ids), (begins + 4, 0x12))
    tail = ((tags_end, 0x18), (tags_end + 1, _LINESTRING), (tags_end + 2, 0x22))
    for places, value in (*heads, *tail):
        numbers[places] = value
    numbers[spans(begins + 6, tag_counts)] = tags
    numbers[spans(tags_end + 4, counts)] = commands
    width = _width(numbers)
    # The lengths, in bytes, from the innermost out; each takes itself more than the byte of a nought.
    reached = np.concatenate(([0], np.cumsum(width, dtype=np.int64)))
    tag_bytes, line_bytes = (
        reached[tags_end] - reached[begins + 6],
        reached[begins + sizes] - reached[tags_end + 4],
    )
    whole = reached[begins + sizes] - reached[begins + 2]
    for places, value in ((begins + 5, tag_bytes), (tags_end + 3, line_bytes)):
        numbers[places], width[places] = value, _width(value)
        whole += width[places] - 1
    numbers[begins + 1], width[begins + 1] = whole, _width(whole)
    return _written(numbers, width)


def spans(begins: Numbers, counts: Numbers) -> Numbers:
    """Indices of runs: counts[i] numbers from begins[i] on, one run after the other."""
    before = np.cumsum(counts) - counts
    indices: Numbers = np.arange(int(counts.sum())) + np.repeat(begins - before, counts)
    return indices


def _width(numbers: Whole) -> Units:
    """Bytes that each takes as a varint."""
    width = np.ones(len(numbers), np.int32)
    for bits in range(7, int(numbers.max(initial=0)).bit_length(), 7):
        width += numbers >> bits > 0
    return width


def _written(numbers: Whole, width: Units) -> bytes:
    """The numbers as varints, one after the other."""
    ends = np.cumsum(width, dtype=np.int64)
    out = np.empty(int(ends[-1]), np.uint8)
    at = ends - width
    while len(at):
        more = width > 1
        out[at] = (numbers.astype(np.uint8) & _SEVEN_BITS) | more.view(np.uint8) << _SHIFT
        rest = np.flatnonzero(more)
        at, numbers, width = at[rest] + 1, numbers[rest] >> 7, width[rest] - 1
    return out.tobytes()


def _varint(number: int) -> bytes:
    if number < 128:
        return bytes((number,))
    numbers = np.array([number])
    return _written(numbers, _width(numbers))
