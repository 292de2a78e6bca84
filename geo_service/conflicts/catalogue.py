"""The rules with the values in force for a town on a day; files are read once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, TextClause
from sqlalchemy.orm import Session

from geo_service.conflicts.measured import MEASURED_KINDS, parameters_measured_with
from geo_service.conflicts.rule_file import RuleFile, names_in, read_rules
from geo_service.conflicts.statement import (
    candidate_towns_statement,
    check_statement,
    measured_statements,
    object_kinds,
    parameter_key,
    shape_pairs,
)
from geo_service.errors import BadRuleFile
from geo_service.occupations.parameters import (
    Parameter,
    TownParameter,
    ValueInForce,
    parameters,
    values_in_force,
)
from geo_service.sql import loader
from geo_service.sql.loader import statements, text

RULES_FOLDER = loader.FOLDER / "rules"
CHECK_EVERY_S = 1.0  # how long another process' change of a town's values may stay unseen
_VERSION = text(statements("conflicts")["configuration_version"])
_OVERRIDES = text(statements("conflicts")["town_parameters"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Rulebook:
    """The rule files with their parameters and the statements made of them; the same for every town."""

    rules: tuple[RuleFile, ...]
    parameters: Mapping[str, Parameter]
    check: TextClause
    check_among_requests: TextClause
    check_swapped: TextClause
    check_known_others: TextClause
    candidate_towns: TextClause
    pairs: tuple[str, ...]
    objects: tuple[str, ...]
    measured: Mapping[str, TextClause]
    memo: dict[Any, Any] = field(default_factory=dict)  # what follows from the rules, when first needed

    @property
    def compares(self) -> bool:
        """False if all rules are measuring ones: then there is no statement for the others."""
        return any(rule.kind not in MEASURED_KINDS for rule in self.rules)


@dataclass(frozen=True, kw_only=True, slots=True)
class Catalogue:
    """A rulebook with the values in force for `town` (None: the general ones) on `day`.

    reach_m: how far the rules look, by shape pair and by kind of fixed object.
    """

    book: Rulebook
    town: str | None
    day: date
    values: Mapping[str, ValueInForce]
    versions: tuple[str, ...]
    binds: Mapping[str, float] = field(default_factory=dict)
    reach_m: Mapping[str, float] = field(default_factory=dict)
    reach_days: Mapping[str, int] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)  # what else follows from town and day, kept as long

    @property
    def rules(self) -> tuple[RuleFile, ...]:
        """The rules in the order of their numbers."""
        return self.book.rules


def read_rulebook(folder: Path, known: Mapping[str, Parameter]) -> Rulebook:
    """All rules of a folder. Raises BadRuleFile with file and line for an unknown parameter, too."""
    return make_rulebook(read_rules(folder), known)


def parameters_of(rule: RuleFile) -> tuple[str, ...]:
    """Every parameter that a rule rests on, those its kind is measured with included, by name."""
    return tuple(sorted(rule.parameter_names() | parameters_measured_with(rule.kind)))


def make_rulebook(rules: tuple[RuleFile, ...], known: Mapping[str, Parameter]) -> Rulebook:
    """The statements made of some rules. Raises BadRuleFile for an unknown parameter."""
    for rule in rules:
        for key, expression in rule.expressions().items():
            for name in names_in(expression):
                if name not in known:
                    raise BadRuleFile(f"{rule.at(key)}: unknown parameter {name!r}.")
        for name in parameters_measured_with(rule.kind) - known.keys():
            raise BadRuleFile(f"{rule.at('kind')}: unknown parameter {name!r}.")
    return Rulebook(
        rules=rules,
        parameters=known,
        check=text(check_statement(rules)),
        check_among_requests=text(check_statement(rules, among_requests=True)),
        check_swapped=text(check_statement(rules, swapped=True)),
        check_known_others=text(check_statement(rules, known_others=True)),
        candidate_towns=text(candidate_towns_statement(rules)),
        pairs=shape_pairs(rules),
        measured={kind: text(statement) for kind, statement in measured_statements(rules).items()},
        objects=object_kinds(rules),
    )


@cache
def rulebook() -> Rulebook:
    """The rules of this installation, read once."""
    return read_rulebook(RULES_FOLDER, parameters())


def catalogue_of(
    book: Rulebook, overrides: Sequence[TownParameter], town: str | None, day: date
) -> Catalogue:
    """The values in force and what follows. Raises BadRuleFile when a rule has no value on that day."""
    values = values_in_force(book.parameters, overrides, town, day)
    versions, reach_days = [], dict.fromkeys(book.pairs, 0)
    reach_m = dict.fromkeys((*book.pairs, *book.objects), 0.0)
    for rule in book.rules:
        for name in parameters_of(rule):
            if name not in values:
                raise BadRuleFile(f"{rule.file}: the parameter {name!r} has no value in force on {day}.")
        versions.append(_version(rule, values))
        for pair in rule.shapes:
            reach_m[pair] = max(reach_m[pair], _widest(rule.reach_m, values, overrides))
            reach_days[pair] = max(reach_days[pair], int(_widest(rule.reach_days, values, overrides)))
        if rule.objects:
            reach_m[rule.objects] = max(reach_m[rule.objects], _widest(rule.reach_m, values, overrides))
    return Catalogue(
        book=book,
        town=town,
        day=day,
        values=values,
        versions=tuple(versions),
        binds={parameter_key(name): value.value for name, value in values.items() if _is_read(book, name)},
        reach_m=reach_m,
        reach_days=reach_days,
    )


def _is_read(book: Rulebook, name: str) -> bool:
    return any(name in parameters_of(rule) for rule in book.rules)


def _widest(expression: str, values: Mapping[str, ValueInForce], overrides: Sequence[TownParameter]) -> float:
    """The largest value any town has ever had: the probe finds the neighbour whose own town looks further."""
    if not expression.startswith(":"):
        return float(expression)
    name = expression[1:]
    return max(values[name].value, *(o.value for o in overrides if o.parameter == name), 0.0)


def _version(rule: RuleFile, values: Mapping[str, ValueInForce]) -> str:
    read = ",".join(f"{name}={values[name].value!r}" for name in parameters_of(rule))
    return hashlib.sha256(f"{rule.text}\n{read}".encode()).hexdigest()[:12]


class _Kept:
    """What one database says about the towns' values, kept for CHECK_EVERY_S."""

    def __init__(self) -> None:
        self.looked_at = -1e9
        self.version = -1
        self.overrides: tuple[TownParameter, ...] = ()
        self.catalogues: dict[tuple[str | None, date], Catalogue] = {}


_kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()


def catalogue(session: Session, town: str | None, day: date) -> Catalogue:
    """The catalogue of this installation for a town and day."""
    bind = session.get_bind()
    kept = _kept.setdefault(bind if isinstance(bind, Engine) else bind.engine, _Kept())
    now = time.monotonic()
    if now - kept.looked_at > CHECK_EVERY_S:
        version = session.execute(_VERSION).scalar_one()
        if version != kept.version:
            kept.overrides = tuple(TownParameter(**row) for row in session.execute(_OVERRIDES).mappings())
            kept.catalogues = {}
            kept.version = version
        kept.looked_at = now
    found = kept.catalogues.get((town, day))
    if found is None:
        found = kept.catalogues[(town, day)] = catalogue_of(rulebook(), kept.overrides, town, day)
    return found


def forget_values(session: Session) -> None:
    """Look at the towns' values again at the next question; for whoever has just changed them."""
    bind = session.get_bind()
    _kept.pop(bind if isinstance(bind, Engine) else bind.engine, None)


def rule_documents(found: Catalogue) -> list[dict[str, Any]]:
    """The whole catalogue as plain data, for `GET /api/v1/rules` and the page `/rules`."""
    return [
        _rule_document(rule, version, found)
        for rule, version in zip(found.rules, found.versions, strict=True)
    ]


def _rule_document(rule: RuleFile, version: str, found: Catalogue) -> dict[str, Any]:
    names = parameters_of(rule)
    return {
        "rule": rule.name,
        "number": rule.number,
        "kind": rule.kind,
        "title": dict(rule.title),
        "legal_source": rule.legal_source,
        "explanation": {severity: dict(words) for severity, words in rule.explain.items()},
        "advice": dict(rule.advice),
        "wrong_when": dict(rule.wrong_when),
        "conditions": dict(rule.conditions),
        "severities": [severity for severity in rule.conditions if severity != "applies"],
        "needed_for_grant": rule.needed_for_grant,
        "measured": rule.measured,
        "unit": rule.unit,
        "limit": rule.limit,
        "unverified": any(found.values[name].unverified for name in names),
        "parameters": [_value_document(found.values[name]) for name in names],
        "rule_version": version,
    }


def _value_document(value: ValueInForce) -> dict[str, Any]:
    return {
        "name": value.name,
        "title": dict(value.title),
        "value": value.value,
        "unit": value.unit,
        "first_day": value.first_day.isoformat(),
        "legal_source": value.legal_source,
        "unverified": value.unverified,
        "of_town": value.of_town,
    }
