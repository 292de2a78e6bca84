"""Every case of tests/rules/*.yaml, and the proof that each condition of a rule is needed by one of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.rule_file import RuleFile
from geo_service.db.database import Database, speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.occupations.parameters import parameters

FOLDER = Path(__file__).resolve().parent.parent / "rules"
TODAY = date(2026, 5, 1)
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))


@cache
def cases_of(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


ALL = [(name, case["name"]) for name in FILES for case in cases_of(name)["cases"]]


@pytest.fixture(scope="module")
def databases(cluster: LocalCluster, template: str, scenery: Any) -> Iterator[dict[str, Database]]:
    """One database for each file that has towns of its own, one for all others."""
    made: dict[str, Database] = {}
    for name in ("", *(name for name in FILES if "towns" in cases_of(name))):
        dbname = f"rules_{len(made)}"
        cluster.create_database(dbname, template=template)
        made[name] = cluster.database(dbname)
        for town in cases_of(name).get("towns", []) if name else []:
            scenery.add_town(made[name], **town)
    yield made
    for number in range(len(made)):
        cluster.drop_database(f"rules_{number}")


@pytest.fixture(scope="module")
def engines(databases: dict[str, Database]) -> Iterator[dict[str, Any]]:
    made = {name: database.app_engine() for name, database in databases.items()}
    yield made
    for engine in made.values():
        engine.dispose()


def only(rule: RuleFile) -> Catalogue:
    """A catalogue with one rule: a case is about one rule only."""
    return catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)


def rule_named(name: str) -> RuleFile:
    return next(rule for rule in rulebook().rules if rule.name == name)


def outcome(
    engines: dict[str, Any], scenery: Any, file: str, case: dict[str, Any], found: Catalogue
) -> list[Finding]:
    with Session(engines.get(file, engines[""])) as session:
        speak_as(session, actor="operator")
        for road in cases_of(file).get("roads", []):
            scenery.add_road(session, road)
        for words in (*cases_of(file).get("places", []), *case.get("places", [])):
            scenery.add_place(session, words)
        stage = scenery.Scene(session)
        for words in [*([case["other"]] if "other" in case else []), *case.get("others", [])]:
            for one in scenery.each_day(words):
                other = stage.store(one)
                if one.get("takes") == "unknown":
                    stage.set_takes_unknown(other)
        result = stage.check(case["mine"], found)
        session.rollback()
    return list(result.findings)


def agrees(findings: list[Finding], expected: Any) -> str | None:
    """None, or what is different."""
    if expected == "quiet":
        return None if not findings else f"expected quiet, found {findings[0].severity}"
    wanted = {"severity": expected} if isinstance(expected, str) else expected
    if len(findings) != 1:
        return f"expected one finding, found {len(findings)}"
    found = findings[0]
    seen = {"severity": found.severity, "could_be": found.could_be, "missing": list(found.missing)}
    if "measured" in wanted:
        seen["measured"] = pytest.approx(found.measured, abs=0.002)
    if "says" in wanted:
        seen["says"] = (
            wanted["says"] if wanted["says"] in found.explanation["de"] else found.explanation["de"]
        )
    different = {key: seen[key] for key in wanted if seen[key] != wanted[key]}
    return f"expected {wanted}, found {different}" if different else None


@pytest.mark.parametrize(("file", "name"), ALL)
def test_case(engines: dict[str, Any], scenery: Any, file: str, name: str) -> None:
    case = next(case for case in cases_of(file)["cases"] if case["name"] == name)
    found = only(rule_named(cases_of(file)["rule"]))
    assert agrees(outcome(engines, scenery, file, case, found), case["expect"]) is None
    if found.book.pairs or found.book.objects:
        # Reach is only a way to find candidates sooner: looking at everything must change nothing.
        everything = replace(
            found,
            reach_m=dict.fromkeys((*found.book.pairs, *found.book.objects), 1e6),
            reach_days=dict.fromkeys(found.book.pairs, 3000),
        )
        assert agrees(outcome(engines, scenery, file, case, everything), case["expect"]) is None


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
    found = only(mutant)
    for file in FILES:
        if cases_of(file)["rule"] != rule_name:
            continue
        for case in cases_of(file)["cases"]:
            if agrees(outcome(engines, scenery, file, case, found), case["expect"]) is not None:
                return
    pytest.fail(f"no case of {rule_name} notices: {what}")


def test_every_rule_has_cases() -> None:
    assert {cases_of(file)["rule"] for file in FILES} == {rule.name for rule in rulebook().rules}
