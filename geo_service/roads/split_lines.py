"""Cuts lines at their junctions: nodes that two lines share, or that one line passes twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line between two junctions (or ends): the line's id and at least two node ids in order."""

    line_id: int
    nodes: tuple[int, ...]


def split_lines(lines: Iterable[tuple[int, Sequence[int]]]) -> list[Piece]:
    """Pieces of `lines` (id, node ids in order), line by line; together they are exactly the lines.

    Crossing without a shared node (a bridge) is no junction. Lines with fewer than two nodes give nothing.

    >>> [piece.nodes for piece in split_lines([(1, [10, 11, 12]), (2, [11, 13])])]
    [(10, 11), (11, 12), (11, 13)]
    """
    kept = [(line_id, tuple(nodes)) for line_id, nodes in lines if len(nodes) > 1]
    visits = Counter(node for _, nodes in kept for node in nodes)
    pieces: list[Piece] = []
    for line_id, nodes in kept:
        last = len(nodes) - 1
        begin = 0
        for position in range(1, last + 1):
            if position == last or visits[nodes[position]] > 1:
                pieces.append(Piece(line_id, nodes[begin : position + 1]))
                begin = position
    return pieces


def name_pieces(pieces: Sequence[Piece], source: str) -> list[str]:
    """A unique id for each piece: `source:start:end`, by the junctions and not by the line.

    So it survives what editors do most: cutting a line in two, joining lines, bending the axis, renaming.
    Where several pieces join the same junctions, the one of the oldest line has the plain id, the others add
    their line, and a line that does so twice adds a number.

    >>> name_pieces([Piece(7, (1, 2, 3)), Piece(5, (1, 3)), Piece(7, (1, 4, 3))], "osm")
    ['osm:1:3:7', 'osm:1:3', 'osm:1:3:7.2']
    """
    names = [""] * len(pieces)
    taken: set[str] = set()
    for index in sorted(range(len(pieces)), key=lambda i: pieces[i].line_id):
        piece = pieces[index]
        plain = f"{source}:{piece.nodes[0]}:{piece.nodes[-1]}"
        by_line = f"{plain}:{piece.line_id}"
        candidates = chain((plain, by_line), (f"{by_line}.{number}" for number in count(2)))
        names[index] = next(name for name in candidates if name not in taken)
        taken.add(names[index])
    return names
