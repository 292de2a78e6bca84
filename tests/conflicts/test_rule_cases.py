"""Every case of tests/rules/*.yaml, and the proof that each condition of a rule is needed by one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.rule_file import RuleFile
from geo_service.occupations.parameters import parameters
from tests.conflicts.rule_cases import FILES, TODAY, agrees, cases_of, outcome

ALL = [(name, case["name"]) for name in FILES for case in cases_of(name)["cases"]]


def only(rule: RuleFile) -> Catalogue:
    """A catalogue with one rule: a case is about one rule only."""
    return catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)


def far(found: Catalogue) -> Catalogue:
    """The same, looking for candidates everywhere and at any time."""
    return replace(
        found,
        reach_m=dict.fromkeys((*found.book.pairs, *found.book.objects), 1e6),
        reach_days=dict.fromkeys(found.book.pairs, 3000),
    )


def rule_named(name: str) -> RuleFile:
    return next(rule for rule in rulebook().rules if rule.name == name)


@pytest.mark.parametrize(("file", "name"), ALL)
def test_case(engines: dict[str, Any], scenery: Any, file: str, name: str) -> None:
    case = next(case for case in cases_of(file)["cases"] if case["name"] == name)
    found = only(rule_named(cases_of(file)["rule"]))
    assert agrees(outcome(engines, scenery, file, case, found), case["expect"]) is None
    if found.book.pairs or found.book.objects:
        # Reach is only a way to find candidates sooner: looking at everything must change nothing.
        assert agrees(outcome(engines, scenery, file, case, far(found)), case["expect"]) is None


def split(condition: str, word: str) -> list[str]:
    """The parts of a condition at its outermost AND or OR."""
    parts, depth, start = [], 0, 0
    for token in re.finditer(rf"\(|\)|\s{word}\s", condition):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token[0].strip() == word:
            parts.append(condition[start : token.start()])
            start = token.end()
    return [part.strip() for part in (*parts, condition[start:])]


def grouped(condition: str) -> Iterator[str]:
    """What stands in parentheses that group (those of a function or a list have a word before them), at any depth."""
    opened = []
    for token in re.finditer(r"[()]", condition):
        if token[0] == "(":
            before = re.search(r"(\w+) ?$", condition[: token.start()])
            opened.append(token.end() if before is None or before[1] in ("AND", "OR", "NOT") else None)
        elif (start := opened.pop()) is not None:
            yield condition[start : token.start()]


def mutants(rule: RuleFile) -> Iterator[tuple[str, RuleFile]]:
    """The rule with one condition left out: a part of an AND, a part of an OR, a whole severity."""
    for key, condition in rule.conditions.items():
        if key != "applies":
            yield f"{key} left out", replace(rule, conditions={**rule.conditions, key: "false"})
        for word in ("AND", "OR"):
            parts = split(condition, word)
            if len(parts) == 1 and word == "AND" and condition != "true":
                yield f"{key}: always", replace(rule, conditions={**rule.conditions, key: "true"})
            for i, part in enumerate(parts if len(parts) > 1 else ()):
                rest = f" {word} ".join(p for j, p in enumerate(parts) if j != i)
                yield f"{key}: without {part}", replace(rule, conditions={**rule.conditions, key: rest})
        for inner in grouped(condition):
            for word in ("AND", "OR"):
                parts = split(inner, word)
                for i, part in enumerate(parts if len(parts) > 1 else ()):
                    rest = f" {word} ".join(p for j, p in enumerate(parts) if j != i)
                    changed = {**rule.conditions, key: condition.replace(f"({inner})", f"({rest})")}
                    yield f"{key}: inner, without {part}", replace(rule, conditions=changed)


MUTANTS = [(rule.name, what) for rule in rulebook().rules for what, _ in mutants(rule)]


@pytest.mark.parametrize(("rule_name", "what"), MUTANTS)
def test_each_condition_is_needed_by_a_case(
    engines: dict[str, Any], scenery: Any, rule_name: str, what: str
) -> None:
    mutant = dict(mutants(rule_named(rule_name)))[what]
    found = far(only(mutant))  # a condition must not be saved by what the probes leave out
    for file in FILES:
        if cases_of(file)["rule"] != rule_name:
            continue
        for case in cases_of(file)["cases"]:
            if agrees(outcome(engines, scenery, file, case, found), case["expect"]) is not None:
                return
    pytest.fail(f"no case of {rule_name} notices: {what}")


def test_no_case_hides_another_of_the_same_name() -> None:
    assert len(set(ALL)) == len(ALL)


def test_every_rule_has_cases() -> None:
    assert {cases_of(file)["rule"] for file in FILES} == {rule.name for rule in rulebook().rules}
