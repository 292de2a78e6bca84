"""K13 and K14 against networkx on random networks and on a real town: the same ratios, the same streets."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
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


class Network:
    """The graphs of a set of streets, one for each mode, that can be closed in part for a moment."""

    def __init__(self, streets: Iterable[Street]) -> None:
        self.streets = list(streets)
        self.lengths = {street.gid: street.length_m for street in self.streets}
        self.graphs = {mode: graph_of(self.streets, mode) for mode in ("car", "foot")}
        self.whole = {mode: main_part(graph) for mode, graph in self.graphs.items()}

    @contextmanager
    def closed(self, mode: str, closed: frozenset[int]) -> Iterator[nx.MultiDiGraph[int]]:
        graph = self.graphs[mode]
        gone = [
            (a, b, street.gid, street.length_m)
            for street in self.streets
            if street.gid in closed
            for a, b in ((street.start, street.end), (street.end, street.start))
            if graph.has_edge(a, b, street.gid)
        ]
        graph.remove_edges_from({(a, b, gid) for a, b, gid, _ in gone})
        yield graph
        graph.add_edges_from((a, b, gid, {"m": length_m}) for a, b, gid, length_m in gone)


def graph_of(streets: Iterable[Street], mode: str) -> nx.MultiDiGraph[int]:
    graph: nx.MultiDiGraph[int] = nx.MultiDiGraph()
    for street in streets:
        if mode not in street.modes:
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


def cut_off(network: Network, mine: frozenset[int], closed: frozenset[int], mode: str) -> set[int]:
    """The segments that belong to the main network with `closed` alone and not with mine."""
    with network.closed(mode, closed) as graph:
        before = main_part(graph, network.whole[mode])
    with network.closed(mode, closed | mine) as graph:
        after = main_part(graph, before)

    def belongs(street: Street, shut: frozenset[int], nodes: set[int]) -> bool:
        ends = (street.start in nodes, street.end in nodes)
        return any(ends) if street.gid in shut else all(ends)

    return {
        street.gid
        for street in network.streets
        if mode in street.modes
        and belongs(street, closed, before)
        and not belongs(street, closed | mine, after)
    }


def worst_cut_off(network: Network, mine: Closure, others: Sequence[Closure], mode: str) -> float:
    sets = {frozenset[int](), *simultaneous(mine, others)}
    return max(
        sum(network.lengths[gid] for gid in cut_off(network, mine.segments, shut, mode)) for shut in sets
    )


def simultaneous(mine: Closure, others: Sequence[Closure]) -> set[frozenset[int]]:
    """What the others close on one of the days of mine, each combination once."""
    return {
        frozenset().union(*(other.segments for other in others if other.first <= day <= other.last))
        for day in range(mine.first, mine.last + 1)
    }


def worst_factor(network: Network, mine: Closure, others: Sequence[Closure]) -> float | None:
    """The largest ratio between the ends of the closed runs, inf where no way is left; None = nothing to compare."""
    closed = [s for s in network.streets if s.gid in mine.segments and "car" in s.modes and s.start != s.end]
    run = graph_of(closed, "car")
    shape = nx.MultiGraph([(street.start, street.end) for street in closed])
    tips = [node for node in shape if shape.degree(node) == 1]
    factors = []
    for source, target in itertools.permutations(tips, 2):
        alone = way_m(network, mine.segments, source, target) if nx.has_path(run, source, target) else None
        for shut in simultaneous(mine, others) if alone is not None else ():
            together = way_m(network, mine.segments | shut, source, target)
            factors.append(float("inf") if together is None else together / alone)
    return max(factors, default=None)


def way_m(network: Network, closed: frozenset[int], source: int, target: int) -> float | None:
    with network.closed("car", closed) as graph:
        if not nx.has_path(graph, source, target):
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
        "closed_segments": [streets[gid].segment_id for gid in closure.segments],
        "pedestrian_guidance": "diverted",
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
    session: Session, scenery: Any, network: Network, mine: Closure, others: Sequence[Closure]
) -> set[str]:
    """The rules say what networkx says; returns the rules that found something."""
    streets = {street.gid: street for street in network.streets}
    findings: dict[str, Finding] = {}
    for finding in found_by_rules(session, scenery, streets, mine, others):
        findings.setdefault(finding.rule, finding)  # the worst comes first; there may be one K13 for each run
    for rule, mode in (("cut_off", "car"), ("cut_off_on_foot", "foot")):
        expected_m = worst_cut_off(network, mine, others, mode)
        cut = findings.get(rule)
        seen_m = 0.0 if cut is None or cut.measured is None else cut.measured
        assert seen_m == pytest.approx(expected_m, abs=0.01), (rule, mine, others)
        if cut is not None:
            assert cut.severity == "block"
            assert line_length_m(cut) == pytest.approx(expected_m, rel=0.001)
    factor = worst_factor(network, mine, others)
    ways, no_way = findings.get("parallel_closure"), findings.get("no_way_around")
    if factor == float("inf"):
        assert no_way is not None, (mine, others)
        assert no_way.severity == "block", (mine, others)
        return set(findings)
    assert no_way is None, (factor, mine, others)
    if factor is None or factor <= FACTOR:
        assert ways is None, (factor, mine, others)
    else:
        assert ways is not None, (factor, mine, others)
        assert (ways.severity, ways.measured) == ("warn", pytest.approx(factor, abs=0.001))
    return set(findings)


def line_length_m(finding: Finding) -> float:
    assert finding.ewkb is not None
    return float(shapely.from_wkb(finding.ewkb).length)


def read_network(session: Session) -> Network:
    rows = session.execute(
        text(
            "SELECT gid, segment_id, start_node, end_node, length_m, one_way, modes,"
            " ST_X(ST_LineInterpolatePoint(axis, 0.5)) AS x, ST_Y(ST_LineInterpolatePoint(axis, 0.5)) AS y"
            " FROM road_segment WHERE in_service AND start_node IS NOT NULL AND end_node IS NOT NULL"
        )
    )
    return Network(
        Street(
            row.gid, row.segment_id, row.start_node, row.end_node, row.length_m, row.one_way,
            frozenset(row.modes), shapely.Point(row.x, row.y),
        )
        for row in rows
    )  # fmt: skip


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


def random_closures(dice: random.Random, streets: Sequence[int]) -> tuple[Closure, list[Closure]]:
    def some() -> frozenset[int]:
        return frozenset(dice.sample(streets, dice.choice([1, 1, 1, 2])))

    mine = Closure(some(), 0, 6)
    others = []
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        first = dice.randrange(-3, 7)
        other = Closure(some() - mine.segments, first, first + dice.randrange(5))
        others += [other] if other.segments else []
    return mine, others


@pytest.mark.parametrize("seed", range(8))
def test_random_networks(empty_session: Session, scenery: Any, seed: int) -> None:
    speak_as(empty_session, actor="operator")
    dice = random.Random(seed)
    build_grid(empty_session, scenery, dice)
    network = read_network(empty_session)
    seen: set[str] = set()
    for _ in range(15):
        closures = random_closures(dice, [street.gid for street in network.streets])
        seen |= assert_agrees(empty_session, scenery, network, *closures)
    assert {"cut_off", "cut_off_on_foot"} & seen  # else nothing was compared


def on_the_way_around(dice: random.Random, network: Network, mine: Street) -> frozenset[int]:
    """A segment of the shortest way around another one, if there is a way."""
    with network.closed("car", frozenset({mine.gid})) as graph:
        if not nx.has_path(graph, mine.start, mine.end):
            return frozenset()
        way = nx.dijkstra_path(graph, mine.start, mine.end, weight="m")
        a, b = dice.choice(list(itertools.pairwise(way)))
        return frozenset({min(graph[a][b], key=lambda gid: graph[a][b][gid]["m"])})


@pytest.mark.shared_data
def test_a_real_town(limburg_database: Database, scenery: Any) -> None:
    """One closure on the way around another one, and random ones near by."""
    dice = random.Random(20260601)
    engine = limburg_database.app_engine()
    seen: set[str] = set()
    with Session(engine) as session:
        speak_as(session, actor="operator")
        network = read_network(session)
        drivable = [street for street in network.streets if "car" in street.modes and street.length_m > 20]
        places = shapely.STRtree([street.middle for street in drivable])
        for _ in range(20):
            mine = dice.choice([street for street in drivable if street.start != street.end])
            near = [drivable[i].gid for i in places.query(mine.middle.buffer(300))]
            shut = [on_the_way_around(dice, network, mine), frozenset(dice.sample(near, 1))]
            others = [Closure(one - {mine.gid}, 2, 4) for one in shut if one - {mine.gid}]
            seen |= assert_agrees(session, scenery, network, Closure(frozenset({mine.gid}), 0, 6), others)
        session.rollback()
    engine.dispose()
    assert seen >= {"parallel_closure", "cut_off"}
