"""The cases of tests/rules as one test, asked anew for each mutant; not collected by the normal run."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.occupations.parameters import parameters
from tests.conflicts.rule_cases import FILES, TODAY, agrees, cases_of, outcome


@dataclass
class Wanted:
    """What the next run of the test asks. first: the cases that noticed something lately, the last one first."""

    rules: frozenset[str] = frozenset()
    reaches: tuple[str, ...] = ("near",)
    first: list[tuple[str, int]] = field(default_factory=list)


WANTED = Wanted()


def reaching(found: Catalogue, reach: str) -> Catalogue:
    """far: looking for candidates everywhere and at any time; what the probes leave out saves no condition."""
    if reach == "near":
        return found
    return replace(
        found,
        reach_m=dict.fromkeys((*found.book.pairs, *found.book.objects), 1e6),
        reach_days=dict.fromkeys(found.book.pairs, 3000),
    )


def test_the_cases_of_the_wanted_rules(engines: dict[str, Any], scenery: Any) -> None:
    composed: dict[str, Catalogue] = {}
    every = [
        (file, number)
        for file in FILES
        if cases_of(file)["rule"] in WANTED.rules
        for number in range(len(cases_of(file)["cases"]))
    ]
    ordered = dict.fromkeys([*(one for one in WANTED.first if one in every), *every])
    for reach in WANTED.reaches:
        for file, number in ordered:
            name, case = cases_of(file)["rule"], cases_of(file)["cases"][number]
            if name not in composed:
                rule = next(rule for rule in rulebook().rules if rule.name == name)
                composed[name] = catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)
            try:
                found = outcome(engines, scenery, file, case, reaching(composed[name], reach))
                assert agrees(found, case["expect"]) is None, f"{file}: {case['name']}"
            except BaseException:
                WANTED.first[:0] = [(file, number)]
                del WANTED.first[40:]
                raise
