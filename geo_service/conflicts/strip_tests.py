"""What strip rules ask of a strip: `passes(:width)` with everything that counts, `binding_passes(:width)`
with what is binding only. Each width is tested once for a strip, whichever rules ask for it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from geo_service.conflicts.rule_file import RuleFile

_PASSES = re.compile(r"\b(binding_)?passes\(:([a-z][a-z0-9_]*)\)")
# What a condition asks that is not known before the strip is measured, and the limits it is held against.
_NOT_YET = re.compile(r"\b(?:binding_)?passes\(:[a-z0-9_]+\)|\bstrip\.[a-z_]+|(?<!:):[a-z][a-z0-9_]*")
# What makes something of NULL; and where it cannot meet one of those: of mine and what is written out.
_MAKES_OF_NULL = re.compile(r"\b(?:IS|coalesce|nullif|greatest|least|CASE)\b", re.IGNORECASE)
_OF_MINE_ONLY = re.compile(
    r"mine\.[a-z_]+ IS (?:NOT )?(?:NULL|TRUE|FALSE|DISTINCT FROM '[^']*')|coalesce\(mine\.[a-z_]+, '[^']*'\)",
    re.IGNORECASE,
)
# Why a strip is not known, and the name under which people learn it.
_UNKNOWN = [
    ("strip.source IS NULL", "cross_section"),
    ("NOT mine.end_known", "mine.until"),
    ("strip.end_open", "other.until"),
    ("strip.source IS NOT NULL AND strip.complete IS NOT TRUE", "strip.instants"),
]


def asked_kinds(rules: Sequence[RuleFile]) -> str:
    """The kinds of strips that any rule asks about, as SQL; NULL for one where no rule has to do with mine.

    What is not measured costs nothing: a rescue corridor is asked of events and closures only.
    """
    return ", ".join(
        f"CASE WHEN {_may_apply(kind, rules)} THEN '{kind}' END" for kind in sorted(_limits(rules))
    )


def _may_apply(kind: str, rules: Sequence[RuleFile]) -> str:
    """False only if mine itself, whatever the strip, makes `applies` false in every rule of that kind.

    What is not known yet of the strip is NULL there, and what is false with NULL is false with any value;
    unless the condition asks for NULL itself.
    """
    found = []
    for rule in rules:
        if rule.kind == "strip" and rule.strip == kind:
            condition = rule.conditions["applies"]
            if _MAKES_OF_NULL.search(_OF_MINE_ONLY.sub("", condition)):
                return "true"
            found.append(f"({_NOT_YET.sub('NULL', condition).replace('mine.', 'given.')})")
    return f"({' OR '.join(found)}) IS NOT FALSE"


def asked_limits(rules: Sequence[RuleFile]) -> str:
    """For each kind of strip the widths that its rules ask, as the arms of a CASE."""
    return " ".join(
        f"WHEN '{kind}' THEN CAST(ARRAY[{', '.join(f':{each}' for each in names)}] AS double precision[])"
        for kind, names in sorted(_limits(rules).items())
    )


def with_answers(rule: RuleFile, rules: Sequence[RuleFile]) -> RuleFile:
    """The rule with its questions replaced by the statement's answers, and about its kind of strip only."""
    names = _limits(rules)[rule.strip or ""]

    def answered(expression: str) -> str:
        return _PASSES.sub(
            lambda found: f"(strip.{found[1] or ''}passed)[{names.index(found[2]) + 1}]", expression
        )

    conditions = {key: answered(condition) for key, condition in rule.conditions.items()}
    conditions["applies"] = f"(strip.kind = '{rule.strip}') AND ({conditions['applies']})"
    return replace(
        rule,
        conditions=conditions,
        measured=None if rule.measured is None else answered(rule.measured),
        limit=None if rule.limit is None else answered(rule.limit),
    )


def missing_of_strip(condition: str, asked: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Test and name of each fact that may be missing: of a strip its cross-section stands for all others.

    Where the condition itself says what an absent fact means, its absence leaves nothing open.
    """
    own = [
        (test, fact)
        for test, fact in asked
        if not fact.startswith("strip.") and not re.search(rf"(coalesce\({fact}\b|\b{fact} IS\b)", condition)
    ]
    bounded = [
        (f"strip.source IS NOT NULL AND {test}", fact) for test, fact in asked if fact == "strip.bounded"
    ]
    return [*own, *_UNKNOWN, *bounded]


def _limits(rules: Sequence[RuleFile]) -> dict[str, list[str]]:
    """By kind of strip the parameters in `passes(…)`, each once, in the order of their names."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        if rule.kind == "strip":
            names = (name for part in rule.expressions().values() for _, name in _PASSES.findall(part))
            found.setdefault(rule.strip or "", set()).update(names)
    return {kind: sorted(names) for kind, names in found.items()}
