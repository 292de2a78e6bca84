"""What `strip_widths` says of one strip, beside every company written out: who is there at which day, and how wide it stays.

Everything stands on the same metre of a straight strip, so that the free width is the widest gap across it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from shapely import MultiPolygon, box, to_wkb
from sqlalchemy import text
from sqlalchemy.orm import Session

WIDE_M = 3.0
FIRST = datetime(2026, 6, 1, tzinfo=UTC)
MOST_SETS, MOST_INSTANTS = 100, 2000
Spans = tuple[tuple[int, int], ...]  # hours since the first day, upper bounds excluded
Taken = tuple[float, float]  # from one edge of the strip to the other, metres
_ASK = text(
    "SELECT found.* FROM strip_widths(CAST(:strip AS geometry), CAST(:head AS geometry), CAST(:tail AS geometry),"
    " CAST(:mine AS geometry), CAST(:mine_states_m AS float), CAST(:mine_times AS tstzmultirange),"
    " CAST(:mine_known AS tstzmultirange), "
    " ARRAY(SELECT CAST(one AS geometry) FROM unnest(CAST(:others AS text[])) AS one), CAST(:others_state_m AS float[]),"
    " CAST(:binding AS boolean[]), CAST(:times AS tstzmultirange[]), CAST(:known AS tstzmultirange[]),"
    " CAST(:limits AS float[]), CAST(:must_take_m AS float)) AS found"
)


@dataclass(frozen=True, kw_only=True)
class Stands:
    """Somebody in the strip. known: the part of `there` that is certain; states_m: what shall remain, if said."""

    takes: Taken
    there: Spans
    known: Spans
    states_m: float | None = None
    binding: bool = True


@dataclass(frozen=True, kw_only=True)
class Scene:
    mine: Stands
    others: tuple[Stands, ...] = ()
    limits: tuple[float | None, ...] = (1.5,)
    must_take_m: float = 0.0


@dataclass(frozen=True)
class Answer:
    passed: list[bool | None] | None
    binding_passed: list[bool | None] | None
    measured_m: float | None
    worst_at: int | None
    complete: bool = True


@dataclass
class Worst:
    """What one company does: which limits it breaks, how narrow it is at its narrowest and since when."""

    failed: list[bool]
    narrowest_m: float | None = None
    worst_at: int | None = None
    seen: list[tuple[float, int, int]] = field(default_factory=list)


def wkb(*boxes: tuple[float, float, float, float]) -> bytes:
    return bytes(to_wkb(MultiPolygon([box(*one) for one in boxes])))


def multirange(spans: Spans) -> str:
    told = [[(FIRST + timedelta(hours=hour)).isoformat() for hour in span] for span in spans]
    return "{" + ",".join(f"[{low},{high})" for low, high in told) + "}"


def ask(session: Session, scene: Scene) -> Answer:
    mine, others = scene.mine, scene.others
    row: Any = session.execute(
        _ASK,
        {
            "strip": wkb((-5, 0, 105, WIDE_M)), "head": wkb((-5, 0, 0, WIDE_M)), "tail": wkb((100, 0, 105, WIDE_M)),
            "mine": wkb((50, mine.takes[0], 51, mine.takes[1])), "mine_states_m": mine.states_m,
            "mine_times": multirange(mine.there), "mine_known": multirange(mine.known),
            "others": [wkb((50, one.takes[0], 51, one.takes[1])).hex() for one in others],
            "others_state_m": [one.states_m for one in others], "binding": [one.binding for one in others],
            "times": [multirange(one.there) for one in others],
            "known": [multirange(one.known) for one in others],
            "limits": list(scene.limits), "must_take_m": max(scene.must_take_m - 1e-6, 0),  # as strips.sql asks
        },
    ).one()  # fmt: skip
    at = None if row.worst_at is None else round((row.worst_at - FIRST) / timedelta(hours=1))
    measured_m = None if row.measured_m is None else round(row.measured_m, 6)
    return Answer(row.passed, row.binding_passed, measured_m, at, row.complete)


def gap_m(taken: Sequence[Taken]) -> float:
    edges = sorted([(0.0, 0.0), *taken, (WIDE_M, WIDE_M)])
    reached, widest = 0.0, 0.0
    for _, (low, high) in pairwise(edges):
        widest, reached = max(widest, low - reached), max(reached, high)
    return round(widest, 6)


def width_m(taken: Sequence[Taken], stated: Sequence[float | None]) -> float:
    return min([gap_m(taken), *(one for one in stated if one is not None)])


def worst(scene: Scene, company: Sequence[Stands], *, certainly: bool) -> Worst:
    """Every moment at which somebody comes, and who is there then."""
    mine, limits = scene.mine, scene.limits
    own = mine.known if certainly else mine.there
    times = [one.known if certainly else one.there for one in company]
    found = Worst([False] * len(limits))
    widest = max((limit for limit in limits if limit is not None), default=None)
    for hour in sorted({low for spans in (own, *times) for low, _ in spans}):
        there = [
            one for one, spans in zip(company, times, strict=True) if any(a <= hour < b for a, b in spans)
        ]
        taken, stated = [one.takes for one in there], [one.states_m for one in there]
        width = width_m([*taken, mine.takes], [*stated, mine.states_m])
        if widest is None or width >= widest:
            continue
        if scene.must_take_m and width_m(taken, stated) < round(width + scene.must_take_m, 6):
            continue
        found.failed = [
            broken or (limit is not None and width < limit)
            for broken, limit in zip(found.failed, limits, strict=True)
        ]
        found.seen.append((width, -len(there), hour))
    if found.seen:
        found.narrowest_m, _, found.worst_at = min(found.seen)
    return found


def written_out(scene: Scene) -> Answer:
    binding = [one for one in scene.others if one.binding]
    may, may_bind = (worst(scene, who, certainly=False) for who in (scene.others, binding))
    surely, surely_bind = (worst(scene, who, certainly=True) for who in (scene.others, binding))
    passed: list[bool | None] = []
    binding_passed: list[bool | None] = []
    for i in range(len(scene.limits)):
        broken = surely.failed[i] or surely_bind.failed[i]
        passed.append(False if broken else None if may.failed[i] or may_bind.failed[i] else True)
        binding_passed.append(False if surely_bind.failed[i] else None if may_bind.failed[i] else True)
    narrowest = [each for each in (may, may_bind) if each.narrowest_m is not None]
    if not narrowest:
        return Answer(passed, binding_passed, None, None)
    at_its_worst = min(narrowest, key=lambda each: (each.narrowest_m, each is not may))
    return Answer(passed, binding_passed, at_its_worst.narrowest_m, at_its_worst.worst_at)


def within(spans: Spans, inside: Spans) -> Spans:
    parts = [(max(a, c), min(b, d)) for a, b in spans for c, d in inside]
    return tuple((low, high) for low, high in parts if low < high)


def drawn(random: Random) -> Scene:
    """Up to four others; all measures in steps of five centimetres, so that no answer hangs on a rounding."""

    def steps(low: float, high: float) -> float:
        return round(random.randint(round(low * 20), round(high * 20)) / 20, 6)

    def takes() -> Taken:
        deep = steps(0.05, 1.4)
        at = random.choice([0.0, WIDE_M - deep, steps(0, WIDE_M - deep)])
        return round(at, 6), round(at + deep, 6)

    def states() -> float | None:
        return random.choice([None, None, None, 1.0, 1.5, steps(0.3, 2.5)])

    there: Spans = random.choice([((0, 240),), ((0, 72), (120, 240))])
    known = within(there, ((0, random.choice([240, 240, 240, 100, 60])),))
    mine = Stands(takes=takes(), there=there, known=known, states_m=states())
    others = []
    for _ in range(random.randint(0, 4)):
        begins = random.randrange(0, 200, 24)
        spans = within(((begins, begins + random.randrange(24, 200, 24)),), there)
        sure = within(spans, ((0, random.choice([240, 240, begins, begins + 24])),))
        others.append(
            Stands(
                takes=takes(), there=spans, known=within(sure, known), states_m=states(),
                binding=random.random() < 0.6,
            )
        )  # fmt: skip
    limits = random.choice([(1.5,), (1.0, 2.0), (2.0, None, 0.5), (None, 1.3), (None,)])
    return Scene(
        mine=mine, others=tuple(one for one in others if one.there), limits=limits,
        must_take_m=random.choice([0.0, 0.05, 0.3]),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_any_company_is_told_as_written_out(asking: Session, seed: int) -> None:
    random = Random(seed)
    for _ in range(150):
        scene = drawn(random)
        assert ask(asking, scene) == written_out(scene), scene


DAYS: Spans = ((0, 24 * 400),)
ALONE = Stands(takes=(0.0, 1.0), there=DAYS, known=DAYS)


def test_a_centimetre_of_grace_on_each_side_and_no_more(asking: Session) -> None:
    for left_m, passes in ((1.479, False), (1.481, True)):
        mine = Stands(takes=(0.0, WIDE_M - left_m), there=DAYS, known=DAYS)
        assert ask(asking, Scene(mine=mine)).passed == [passes], left_m


def everybody_with_everybody(sets: int, **who: Any) -> tuple[Stands, ...]:
    """Seven who are there in so many different companies, an hour each; all of them together come first."""
    orders = sorted(range(1, 128), key=lambda order: -order.bit_count())[:sets]
    return tuple(
        Stands(
            takes=(0.1 * i, 0.1 * i + 0.1), states_m=None, **who,
            there=tuple((2 * at + 2, 2 * at + 3) for at, order in enumerate(orders) if order >> i & 1),
            known=tuple((2 * at + 2, 2 * at + 3) for at, order in enumerate(orders) if order >> i & 1),
        )
        for i in range(7)
    )  # fmt: skip


def hidden(sets: int, **who: Any) -> Scene:
    """Mine takes nothing that any of these companies leaves, and nothing that is left without them."""
    small = Stands(takes=(0.0, 0.1), there=DAYS, known=DAYS)
    return Scene(mine=small, others=everybody_with_everybody(sets, **who), limits=(2.95,), must_take_m=0.2)


def test_a_hundred_companies_are_looked_at_and_no_more(asking: Session) -> None:
    # One more is mine alone.
    assert ask(asking, hidden(MOST_SETS - 1)) == Answer([True], [True], None, None)
    assert ask(asking, hidden(MOST_SETS)) == Answer([None], [None], None, None, complete=False)


def test_what_is_binding_may_be_known_where_the_rest_is_not(asking: Session) -> None:
    found = ask(asking, hidden(MOST_SETS, binding=False))
    assert found == Answer([None], [True], None, None, complete=False)


def test_parts_of_a_company_that_keeps_the_limit_are_not_looked_at(asking: Session) -> None:
    one_too_many = Stands(takes=(1.0, 2.9), there=((9000, 9001),), known=((9000, 9001),), binding=False)
    scene = Scene(mine=ALONE, others=(*everybody_with_everybody(127), one_too_many), limits=(1.5,))
    assert ask(asking, scene) == Answer([False], [True], 0.1, 9000)


@pytest.mark.parametrize("binding", [True, False])
def test_nothing_is_narrower_than_nothing(asking: Session, binding: bool) -> None:
    """Nine leave what mine takes at hour 0: worse is nobody, so the companies around somebody who closes all are not asked.

    Where the nine are not binding, they are asked about for what is, and are too many.
    """
    mine = Stands(takes=(2.5, WIDE_M), there=DAYS, known=DAYS)
    nine = tuple(
        Stands(takes=(0.0, 2.5 - i / 10), there=((0, 1),), known=((0, 1),), binding=binding) for i in range(9)
    )
    others = everybody_with_everybody(127)
    hours = tuple(span for one in others for span in one.there)
    closes_all = Stands(takes=(0.0, WIDE_M), there=hours, known=hours)
    scene = Scene(mine=mine, others=(*nine, *others, closes_all), limits=(0.5,), must_take_m=0.4)
    told = Answer([False], [False if binding else None], 0.0, 0, complete=binding)
    assert ask(asking, scene) == told


def test_what_is_hidden_for_certain_may_come_to_light_in_the_time_that_is_not(asking: Session) -> None:
    sure: Spans = ((0, 72),)
    mine = Stands(takes=(0.0, 2.0), there=(*sure, (120, 240)), known=sure)
    as_wide = Stands(takes=(0.0, 2.0), there=sure, known=sure)
    scene = Scene(mine=mine, others=(as_wide,), must_take_m=0.05)
    assert ask(asking, scene) == Answer([None], [None], 1.0, 120)


@pytest.mark.parametrize(("more", "complete"), [(0, True), (1, False)])
def test_two_thousand_moments_are_looked_at_and_no_more(asking: Session, more: int, complete: bool) -> None:
    hours = tuple(
        (2 * i + 1, 2 * i + 2) for i in range(MOST_INSTANTS - 1 + more)
    )  # and the one where mine begins
    comes = Stands(takes=(1.0, 2.0), there=hours, known=hours)
    found = ask(asking, Scene(mine=ALONE, others=(comes,), limits=(1.5,)))
    assert (found.passed, found.measured_m, found.complete) == ([False], 1.0, complete)
    for states_m in (None, 1.5):  # kept whoever is there: the moments need not be counted
        small = Stands(takes=(0.0, 0.1), there=DAYS, known=DAYS, states_m=states_m)
        comes = Stands(takes=(0.1, 0.2), there=hours, known=hours)
        found = ask(asking, Scene(mine=small, others=(comes,), limits=(1.5,)))
        assert found == Answer([True], [True], None, None)
