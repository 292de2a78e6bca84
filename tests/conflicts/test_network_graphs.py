"""K13 and K14 against networkx on random networks and on a real town: the same ratios, the same streets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import networkx as nx
import pytest
import shapely
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.check import CheckQuestion, check_with
from geo_service.conflicts.finding import Finding
from geo_service.db.database import Database, speak_as
from geo_service.occupations.locate import locate
from geo_service.occupations.parameters import parameters
from geo_service.occupations.write_occupation import save_occupation

FACTOR = 2.0
FIRST = date(2026, 6, 1)


@dataclass(frozen=True)
class Street:
    """A segment as the test sees it."""

    gid: int
    segment_id: str
    start: int
    end: int
    length_m: float
    one_way: str
    modes: frozenset[str]
    middle: shapely.Point


@dataclass(frozen=True)
class Closure:
    """What one occupation closes, and on which days (numbers, both included)."""

    segments: frozenset[int]
    first: int
    last: int
    binding: bool = True


def graph_without(streets: Sequence[Street], closed: frozenset[int], mode: str) -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for street in streets:
        if mode not in street.modes or street.gid in closed:
            continue
        if mode != "car" or street.one_way != "backward":
            graph.add_edge(street.start, street.end, key=street.gid, m=street.length_m)
        if mode != "car" or street.one_way != "forward":
            graph.add_edge(street.end, street.start, key=street.gid, m=street.length_m)
    return graph


def main_part(graph: nx.MultiDiGraph[int], inside: set[int] | None = None) -> set[int]:
    """The largest strong component, or the one that keeps most of `inside`; ties by the smallest node."""
    parts = [part if inside is None else part & inside for part in nx.strongly_connected_components(graph)]
    return max((part for part in parts if part), key=lambda part: (len(part), -min(part)), default=set())


def cut_off(streets: Sequence[Street], mine: frozenset[int], closed: frozenset[int], mode: str) -> set[int]:
    """The segments that belong to the main network with `closed` alone and not with mine."""
    whole = main_part(graph_without(streets, frozenset(), mode))
    before = main_part(graph_without(streets, closed, mode), whole)
    after = main_part(graph_without(streets, closed | mine, mode), before)

    def belongs(street: Street, shut: frozenset[int], nodes: set[int]) -> bool:
        ends = (street.start in nodes, street.end in nodes)
        return any(ends) if street.gid in shut else all(ends)

    return {
        street.gid
        for street in streets
        if mode in street.modes
        and belongs(street, closed, before)
        and not belongs(street, closed | mine, after)
    }


def worst_cut_off(streets: Sequence[Street], mine: Closure, others: Sequence[Closure], mode: str) -> float:
    sets = {frozenset[int]()} | {shut for _, shut in simultaneous(mine, others)}
    lengths = {street.gid: street.length_m for street in streets}
    return max(sum(lengths[gid] for gid in cut_off(streets, mine.segments, shut, mode)) for shut in sets)


def simultaneous(mine: Closure, others: Sequence[Closure]) -> Iterator[tuple[int, frozenset[int]]]:
    """For each day of mine, what the others close on it."""
    for day in range(mine.first, mine.last + 1):
        there = [other.segments for other in others if other.first <= day <= other.last]
        yield day, frozenset().union(*there)


def worst_factor(streets: Sequence[Street], mine: Closure, others: Sequence[Closure]) -> float | None:
    """The largest ratio between the ends of the closed runs, inf where no way is left; None = nothing to compare."""
    closed = [s for s in streets if s.gid in mine.segments and "car" in s.modes and s.start != s.end]
    run: nx.MultiDiGraph[int] = graph_without(closed, frozenset(), "car")
    shape = nx.MultiGraph([(street.start, street.end) for street in closed])
    tips = [node for node in shape if shape.degree(node) == 1]
    factors = []
    for source, target in itertools.permutations(tips, 2):
        if not nx.has_path(run, source, target):
            continue
        alone = way_m(streets, mine.segments, source, target)
        for _, shut in simultaneous(mine, others):
            together = way_m(streets, mine.segments | shut, source, target)
            if alone is not None:
                factors.append(float("inf") if together is None else together / alone)
    return max(factors, default=None)


def way_m(streets: Sequence[Street], closed: frozenset[int], source: int, target: int) -> float | None:
    graph = graph_without(streets, closed, "car")
    if source not in graph or target not in graph or not nx.has_path(graph, source, target):
        return None
    return float(nx.dijkstra_path_length(graph, source, target, weight="m"))


def network_rules() -> Catalogue:
    rules = tuple(rule for rule in rulebook().rules if rule.kind == "network")
    return catalogue_of(make_rulebook(rules, parameters()), (), None, date(2026, 5, 1))


def words_of(streets: dict[int, Street], closure: Closure, scenery: Any) -> dict[str, Any]:
    """A closure that lists its segments, standing on the first of them."""
    at = streets[min(closure.segments)].middle
    east, north = scenery.fixed_point
    return {
        "restriction": "full_closure",
        "rect": [at.x - east - 0.5, at.y - north - 0.5, 1, 1],
        "closes": [streets[gid].segment_id for gid in closure.segments],
        "on_foot": "diverted",
        "days": [FIRST + timedelta(days=closure.first), FIRST + timedelta(days=closure.last)],
        "state": "granted" if closure.binding else "submitted",
    }


def found_by_rules(
    session: Session, scenery: Any, streets: dict[int, Street], mine: Closure, others: Sequence[Closure]
) -> list[Finding]:
    with session.begin_nested() as trial:
        for other in others:
            save_occupation(session, scenery.occupation(words_of(streets, other, scenery), state="granted"))
        asked = scenery.occupation(words_of(streets, mine, scenery), state="submitted")
        question = CheckQuestion(mine=asked, location=locate(session, asked.area, day=scenery.today))
        findings = check_with(session, network_rules(), question, as_of=scenery.as_of).findings
        trial.rollback()
    return list(findings)


def assert_agrees(
    session: Session, scenery: Any, streets: dict[int, Street], mine: Closure, others: Sequence[Closure]
) -> tuple[bool, bool]:
    """The rules say what networkx says; returns whether there was a K13 and a K14."""
    every = list(streets.values())
    findings: dict[str, Finding] = {}
    for finding in found_by_rules(session, scenery, streets, mine, others):
        findings.setdefault(finding.rule, finding)  # the worst comes first; there may be one K13 for each run
    for rule, mode in (("cut_off", "car"), ("cut_off_on_foot", "foot")):
        expected_m = worst_cut_off(every, mine, others, mode)
        cut = findings.get(rule)
        seen_m = 0.0 if cut is None or cut.measured is None else cut.measured
        assert seen_m == pytest.approx(expected_m, abs=0.01), (rule, mine, others)
        if cut is not None:
            assert cut.severity == "block"
            assert line_length_m(cut) == pytest.approx(expected_m, rel=0.001)
    factor = worst_factor(every, mine, others)
    ways = findings.get("parallel_closure")
    if factor is None or factor <= FACTOR:
        assert ways is None, (factor, mine, others)
    elif factor == float("inf"):
        assert ways is not None, (mine, others)
        assert ways.severity == "block", (mine, others)
    else:
        assert ways is not None, (factor, mine, others)
        assert (ways.severity, ways.measured) == ("warn", pytest.approx(factor, abs=0.001))
    return ways is not None, "cut_off" in findings


def line_length_m(finding: Finding) -> float:
    assert finding.ewkb is not None
    return float(shapely.from_wkb(finding.ewkb).length)


def read_streets(session: Session) -> dict[int, Street]:
    rows = session.execute(
        text(
            "SELECT gid, segment_id, start_node, end_node, length_m, one_way, modes,"
            " ST_X(ST_LineInterpolatePoint(axis, 0.5)) AS x, ST_Y(ST_LineInterpolatePoint(axis, 0.5)) AS y"
            " FROM road_segment WHERE in_service AND start_node IS NOT NULL AND end_node IS NOT NULL"
        )
    )
    return {
        row.gid: Street(
            row.gid, row.segment_id, row.start_node, row.end_node, row.length_m, row.one_way,
            frozenset(row.modes), shapely.Point(row.x, row.y),
        )
        for row in rows
    }  # fmt: skip


def build_grid(session: Session, scenery: Any, dice: random.Random) -> None:
    """Some 5 × 5 junctions 100 m apart: a third of the pieces missing, some one-way, some for people on foot only."""
    side = 5
    for row, column in itertools.product(range(side), repeat=2):
        for down, right in ((0, 1), (1, 0)):
            if row + down >= side or column + right >= side or dice.random() < 0.33:
                continue
            bend = dice.uniform(0, 40)
            a, b = (100 * column, 100 * row), (100 * (column + right), 100 * (row + down))
            middle = ((a[0] + b[0]) / 2 + bend * down, (a[1] + b[1]) / 2 + bend * right)
            scenery.add_road(
                session,
                {
                    "line": [a, middle, b],
                    "nodes": [side * row + column + 1, side * (row + down) + column + right + 1],
                    "one_way": dice.choice(["no", "no", "no", "forward", "backward"]),
                    "modes": dice.choice([["car", "foot"], ["car", "foot"], ["car", "foot"], ["foot"], ["car"]]),
                },
            )  # fmt: skip
    scenery.add_road(session, {"line": [[0, -50], [30, -80], [0, -110]], "nodes": [900, 900]})
    scenery.add_road(session, {"line": [[50, -50], [80, -80]]})


def random_closures(
    dice: random.Random, streets: dict[int, Street], near: Sequence[int]
) -> tuple[Closure, list[Closure]]:
    def some() -> frozenset[int]:
        count = dice.choice([1, 1, 1, 2])
        return frozenset(dice.sample(list(near), count))

    mine = Closure(some(), 0, 6)
    others = []
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        first = dice.randrange(-3, 7)
        other = Closure(some() - mine.segments, first, first + dice.randrange(5))
        others += [other] if other.segments else []
    return mine, others


@pytest.mark.parametrize("seed", range(12))
def test_random_networks(empty_session: Session, scenery: Any, seed: int) -> None:
    speak_as(empty_session, actor="operator")
    dice = random.Random(seed)
    build_grid(empty_session, scenery, dice)
    streets = read_streets(empty_session)
    for _ in range(15):
        assert_agrees(empty_session, scenery, streets, *random_closures(dice, streets, list(streets)))


@pytest.mark.shared_data
def test_a_real_town(limburg_database: Database, scenery: Any) -> None:
    dice = random.Random(20260601)
    engine = limburg_database.app_engine()
    seen = []
    with Session(engine) as session:
        speak_as(session, actor="operator")
        streets = read_streets(session)
        drivable = [gid for gid, street in streets.items() if "car" in street.modes]
        places = shapely.STRtree([streets[gid].middle for gid in drivable])
        for _ in range(25):
            centre = streets[dice.choice(drivable)].middle
            near = [drivable[i] for i in places.query(centre.buffer(300))]
            if len(near) >= 4:
                seen.append(assert_agrees(session, scenery, streets, *random_closures(dice, streets, near)))
        session.rollback()
    engine.dispose()
    assert any(way for way, _ in seen)
    assert any(cut for _, cut in seen)
