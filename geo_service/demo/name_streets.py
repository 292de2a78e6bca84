"""Gives generated streets their names: what runs on across a junction is one street."""

from __future__ import annotations

import math
from collections.abc import Sequence

from shapely import LineString, Point, STRtree

from geo_service.demo.curves import heading

STRAIGHT_ON_RAD = math.radians(28)
MEET_M = 0.5


def name_streets(streets: Sequence[LineString], names: Sequence[str]) -> list[str]:
    """One name for each line. Long streets choose first; when the names run out, a street is named like
    the one it leaves, as short side streets are.
    """
    if not streets:
        return []
    tree = STRtree(streets)
    groups = _run_on(streets, tree)
    members: dict[int, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)
    by_length = sorted(
        members, key=lambda g: (-sum(round(streets[i].length) for i in members[g]), members[g][0])
    )
    given = dict(zip(by_length, names, strict=False))
    for group in by_length[len(names) :]:
        given[group] = _neighbour(group, members, groups, given, streets) or names[-1]
    return [given[group] for group in groups]


def _run_on(streets: Sequence[LineString], tree: STRtree) -> list[int]:
    """Group number of each street; two that meet end to end and go straight on share one."""
    group = list(range(len(streets)))

    def root(i: int) -> int:
        while group[i] != i:
            i = group[i]
        return i

    for i, street in enumerate(streets):
        for at_start in (True, False):
            end = Point(street.coords[0] if at_start else street.coords[-1])
            for j in sorted(int(n) for n in tree.query(end, predicate="dwithin", distance=MEET_M)):
                if j <= i:
                    continue
                for other_start in (True, False):
                    meets = Point(streets[j].coords[0 if other_start else -1]).distance(end) < MEET_M
                    turn = heading(street, at_start=at_start) - heading(streets[j], at_start=other_start)
                    if meets and abs(math.remainder(turn - math.pi, math.tau)) < STRAIGHT_ON_RAD:
                        group[root(j)] = root(i)
    return [root(i) for i in range(len(streets))]


def _neighbour(
    group: int,
    members: dict[int, list[int]],
    groups: Sequence[int],
    given: dict[int, str],
    streets: Sequence[LineString],
) -> str | None:
    tree = STRtree(streets)
    for i in members[group]:
        for j in sorted(int(n) for n in tree.query(streets[i], predicate="dwithin", distance=MEET_M)):
            if groups[j] != group and groups[j] in given:
                return given[groups[j]]
    return None
