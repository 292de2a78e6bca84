"""Runs the mutants inside one pytest session, so that cluster, template and filled databases stay up for all."""

from __future__ import annotations

import copy
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy.exc
from _pytest.runner import runtestprotocol

from geo_service.conflicts.catalogue import rulebook
from geo_service.db.local_cluster import LocalCluster
from tests.mutation.install import installed
from tests.mutation.pieces import FRAME, Mutant
from tests.mutation.whole_cases import Wanted

HERE = Path(__file__).resolve().parent
CONFLICTS = HERE.parent / "conflicts"
# Tests of the frame and its functions, by the kinds of rules that they are about; those that take long come last.
FRAME_TESTS: dict[str, tuple[str, ...]] = {
    "test_cross_section.py": ("strip",),
    "test_strip_shape.py": ("strip",),
    "test_strip_widths.py": ("strip",),
    "test_junctions.py": ("strip",),
    "test_network_functions.py": ("network",),
    "test_network_answers.py": ("network",),
    "test_network_ways.py": ("network",),
    "test_worst_first.py": ("pair", "place", "own", "strip", "network"),
    "test_frame.py": ("pair", "place", "own"),
    "test_places.py": ("place",),
    "test_surroundings.py": ("pair", "place"),
    "test_own_look.py": ("own",),
    "test_strip_findings.py": ("strip",),
    "test_strip_scenes.py": ("strip",),
    "test_network_graphs.py": ("network",),
    "test_network_findings.py": ("network",),
    "test_detours.py": ("pair",),
    "test_values_of_two_towns.py": ("pair",),
    "test_check_together.py": ("pair", "strip", "network"),
    "test_stored_findings.py": ("pair", "place", "own"),
    "test_screening.py": ("pair",),
    "test_sentences.py": ("pair", "place", "own", "strip", "network"),
}
NEAR, BOTH = ("near",), ("far", "near")
# What the probes leave out must not save a condition of a rule, nor of a fact that rules ask.
BESIDE_RULES = {"pair_facts", "place_facts", *FRAME["pair_streets"]}
_NO_PLAN = (psycopg.errors.SyntaxErrorOrAccessRuleViolation,)

# Who is a candidate, in which order findings are told, which strips a street has: the tests of the frame know, the cases seldom do.
BESIDE_CASES = {
    "check_frame", "level", "stored_candidates", "requested_candidates", "candidates_of_town", "near_candidates",
    *(name for name in FRAME["conflicts"] if name.endswith("_probe")),
}  # fmt: skip


@dataclass
class Fate:
    """by: the test that noticed the mutant. unfit: the database would not even plan it."""

    mutant: Mutant
    by: str | None = None
    unfit: bool = False


class Mutating:
    """A plugin that runs, instead of every test once, for each mutant the tests able to notice it."""

    def __init__(self, mutants: Sequence[Mutant]) -> None:
        self.fates = [Fate(mutant) for mutant in mutants]
        self.raised: BaseException | None = None
        self.wanted = Wanted()
        self.faults: list[str] = []
        self.cluster: LocalCluster | None = None

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Any:
        """Knows the cluster of the tests that run: each group of them has its own."""
        made = yield
        if fixturedef.argname == "cluster":
            self.cluster = made
        return made

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
        if call.excinfo is not None and self.raised is None:
            self.raised = call.excinfo.value
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        by_module: dict[str, list[pytest.Item]] = {}
        for item in session.items:
            by_module.setdefault(item.path.name, []).append(item)
        (cases,) = by_module.pop("whole_cases.py")
        self.wanted = cases.module.WANTED  # type: ignore[attr-defined]  # pytest imports test files under its own names
        kinds = {rule.name: rule.kind for rule in rulebook().rules}
        # Functions have tests of their own, too, which take a tenth of the time.
        by_cases_first = [
            f for f in self.fates
            if f.mutant.piece.how != "function" and f.mutant.piece.name not in BESIDE_CASES
        ]  # fmt: skip
        self.ask_cases(by_cases_first, cases, kinds)
        session._setupstate.teardown_exact(None)
        for name, items in by_module.items():
            about = FRAME_TESTS.get(name, ())
            left = [f for f in self.fates if f.by is None and f.mutant.piece.how != "rule"]
            left = [f for f in left if {*about} & {*f.mutant.piece.kinds}]
            items.sort(key=lambda item: "index" not in item.name)  # what tests plans knows the probes
            if left and self.unchanged(items, frozenset(), items[0]):
                for fate in left:
                    self.ask(fate, items, items[0], everywhere=True)
                    items.sort(key=lambda item: item.nodeid != fate.by)  # who noticed goes first
                session._setupstate.teardown_exact(None)
        self.ask_cases([f for f in self.fates if f.by is None and f not in by_cases_first], cases, kinds)
        return True

    def ask_cases(self, fates: Sequence[Fate], cases: pytest.Item, kinds: Mapping[str, str]) -> None:
        if not fates or not self.unchanged([cases], frozenset(kinds), cases):  # their databases are there now
            return
        for fate in fates:
            piece = fate.mutant.piece
            self.wanted.reaches = BOTH if piece.how == "rule" or piece.name in BESIDE_RULES else NEAR
            self.wanted.rules = frozenset(
                name
                for name, kind in kinds.items()
                if (name == piece.name if piece.how == "rule" else kind in piece.kinds)
            )
            self.ask(fate, [cases], cases, everywhere=False)

    def unchanged(self, items: Sequence[pytest.Item], rules: frozenset[str], after: pytest.Item) -> bool:
        self.wanted.rules = rules or self.wanted.rules
        self.wanted.reaches = ("near",)
        failed = self.first_failure(items, after)
        if failed is not None:
            self.faults.append(f"fails without any mutant: {failed}: {self.raised!r}")
        return failed is None

    def ask(self, fate: Fate, items: Sequence[pytest.Item], after: pytest.Item, *, everywhere: bool) -> None:
        began = time.monotonic()
        assert self.cluster is not None
        try:
            with installed(fate.mutant, self.cluster, everywhere=everywhere):
                fate.by = self.first_failure(items, after)
        except psycopg.Error as error:
            fate.by, self.raised = "not taken by the database", error
        cause = self.raised.orig if isinstance(self.raised, sqlalchemy.exc.DBAPIError) else self.raised
        if isinstance(cause, psycopg.OperationalError) and cause.sqlstate is None:
            fate.by = None
            self.faults.append(f"no database was there to ask about {fate.mutant}: {cause}")
        fate.unfit = fate.by is not None and isinstance(cause, _NO_PLAN)
        took = time.monotonic() - began
        print(
            f"{'.' if fate.by else 'S'} {took:5.1f} s  {fate.mutant}  {repr(cause)[:160]}",
            file=sys.stderr,
            flush=True,
        )

    def first_failure(self, items: Sequence[pytest.Item], after: pytest.Item) -> str | None:
        """after: what is run next; what both need stays up."""
        self.raised = None
        for item, following in zip(items, [*items[1:], after], strict=True):
            # A copy: what is torn down is what the next one does not need, and it may be the same one.
            reports = runtestprotocol(item, nextitem=copy.copy(following), log=False)
            if any(report.failed for report in reports):
                # After a failure the next item may be another one than was announced.
                return item.nodeid
        return None


def run(mutants: Sequence[Mutant]) -> Mutating:
    plugin = Mutating(mutants)
    kinds = {kind for mutant in mutants if mutant.piece.how != "rule" for kind in mutant.piece.kinds}
    frame = [str(CONFLICTS / name) for name, about in FRAME_TESTS.items() if kinds & {*about}]
    pytest.main(
        ["-p", "no:cacheprovider", "-p", "no:xdist", "--tb=no", "-q", str(HERE / "whole_cases.py"), *frame],
        plugins=[plugin],
    )
    return plugin
