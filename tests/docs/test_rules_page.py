"""The page about rules names only what a rule can use, and all of it that the frame offers."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import make_rulebook, rulebook
from geo_service.conflicts.rule_file import _KEYS, OBJECTS, RuleFile
from geo_service.conflicts.verify import verify_rules
from geo_service.errors import BadRuleFile
from geo_service.occupations.parameters import parameters

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "rules.md").read_text(encoding="utf-8")
SECTIONS = {
    "Facts of mine, and of the other in pair rules": "area_overlap", "Facts of a pair": "area_overlap",
    "Facts of a place": "fire_access", "Facts of a segment": "closure_on_rescue_axis", "Facts of a school": "school_way",
    "Facts of a bus stop": "bus_stop", "Facts of a hydrant": "hydrant_access", "Facts of a fire area": "fire_access",
    "Facts of a blackout": "blackout", "Facts of a no-dig period": "no_dig_period",
    "Facts of a reinstatement": "warranty",
    "Facts of a border": "competence", "Facts of a road": "road_owner_consent", "Facts of mine alone": "traffic_order",
    "Facts of a strip": "footway_width",
    "Facts of the network": "cut_off",
}  # fmt: skip


def facts(section: str) -> list[str]:
    """The names at the beginning of the section's lines; of mine and other each with its owner."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("- ")]
    if "of mine, and" in section:
        names = [name for line in lines for name in re.findall(r"`([a-z_0-9]+)`", line)]
        return [f"{who}.{name}" for name in names for who in ("mine", "other")]
    return [re.findall(r"`([a-z_0-9.]+)`", line)[0] for line in lines]


def asking(rule: RuleFile, names: list[str]) -> RuleFile:
    condition = " AND ".join(f"({name} IS NOT NULL)" for name in names)
    return replace(rule, conditions={"applies": condition, "warn": "true"})


@pytest.mark.parametrize("section", SECTIONS)
def test_every_fact_named_can_be_asked(empty_session: Session, section: str) -> None:
    rules = {rule.name: rule for rule in rulebook().rules}
    named = facts(section)
    assert len(named) >= 3
    rules[SECTIONS[section]] = asking(rules[SECTIONS[section]], named)
    verify_rules(empty_session, make_rulebook(tuple(rules.values()), parameters()))


def test_a_fact_that_is_not_there_would_be_noticed(empty_session: Session) -> None:
    rules = {rule.name: rule for rule in rulebook().rules}
    rules["area_overlap"] = asking(rules["area_overlap"], ["mine.colour"])
    with pytest.raises(BadRuleFile):
        verify_rules(empty_session, make_rulebook(tuple(rules.values()), parameters()))


def test_every_kind_of_object_stands_in_the_table() -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith("| `objects`"))
    assert set(OBJECTS) <= set(re.findall(r"`([a-z_]+)`", line))


def test_every_key_stands_in_the_table() -> None:
    known = {key for key in _KEYS if not key.startswith("explain_")}
    assert known <= set(re.findall(r"`([a-z_]+)`", PAGE))
