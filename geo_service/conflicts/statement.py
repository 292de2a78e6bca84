"""Composes the one statement of a check from the frame in sql/conflicts.sql and the rule files.

Only text that ships with the service goes into it; every value is a bound parameter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from geo_service.conflicts.measured import MEASURED_KINDS, subject_of
from geo_service.conflicts.pair_streets import COURSE_PARTS, UNKNOWN_BECAUSE, of_course, street_facts
from geo_service.conflicts.rule_file import SEVERITIES, RuleFile, facts_in
from geo_service.conflicts.strip_tests import asked_kinds, asked_limits, missing_of_strip, with_answers
from geo_service.sql.loader import statements

_PARAMETER = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
# When it is this fact that is missing, where NULL alone does not say so: without an end the end is missing.
_UNKNOWN = {"school.school_time": "school.school_time IS NULL AND mine.end_known"}
_TABLE = "FROM occupation\n"  # as the probes read it
_WHOM = "SELECT " + ", ".join(
    f"occupation.{name}"
    for name in ("occupation_id", "case_group", "source_id", "counts", "excavation", "period")
)
# What a shape says of each of the two: a dig is an area that is dug up, a street the segments it stands in.
_HAS = {
    "area": "«who».area IS NOT NULL",
    "detour": "«who».detour IS NOT NULL",
    "street": "«who».area IS NOT NULL",
    "dig": "«who».area IS NOT NULL AND «who».excavation",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Near:
    """What there is to be asked: shape pairs that found somebody, kinds of objects there, the own rules."""

    pairs: frozenset[str]
    objects: frozenset[str]
    own: bool = True


def parameter_key(name: str) -> str:
    """Bound name of a rule's parameter; a prefix of its own keeps it apart from the frame's."""
    return f"p_{name}"


def _sql(expression: str) -> str:
    """A rule's expression with its parameters as bound numbers."""
    return _PARAMETER.sub(lambda found: f"CAST(:{parameter_key(found[1])} AS double precision)", expression)


def fill(text: str, **parts: str) -> str:
    """`text` with its «slots» filled."""
    for name, part in parts.items():
        text = text.replace(f"«{name}»", part)
    return text


def part(name: str, subject: str = "conflicts") -> str:
    """A statement of the frame without its comments, to stand inside another one."""
    return _plain(statements(subject)[name])


def _plain(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("--"))


def _place_branch(objects: str, numbered: Sequence[tuple[int, RuleFile]]) -> str:
    """All rules about one kind of fixed object; its rows and the branch stand in sql/places.sql."""
    named = statements("places")
    return fill(
        _plain(named["place_branch"]),
        object_rows=_plain(named[f"{objects}_rows"]),
        place_facts=_plain(named["place_facts"]),
        objects=objects,
        rules=rule_values(numbered),
    )


def object_kinds(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The kinds of fixed objects that any place rule asks for."""
    return tuple(sorted({rule.objects for rule in rules if rule.objects}))


def shape_pairs(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The shape pairs that any pair rule compares."""
    return tuple(sorted({pair for rule in rules if rule.kind == "pair" for pair in rule.shapes}))


def check_statement(
    rules: Sequence[RuleFile],
    *,
    swapped: bool = False,
    among_requests: bool = False,
    known_others: bool = False,
) -> str:
    """The check of one occupation by pair, place and own rules.

    swapped: the given one is `other` and every candidate of one town is `mine`; pair rules only.
    among_requests: other requests of the same check are candidates too.
    known_others: only a few others that are named, pair rules only; what is found, the whole check finds too.
    """
    candidates = _candidates(rules, among_requests)
    if swapped:
        candidates = fill(part("candidates_of_town"), candidates=candidates)
    if known_others:
        # The probes' own conditions stay: who stands beyond their reach is no candidate here either.
        candidates = candidates.replace(_TABLE, f"FROM ({part('known_occupations')}) AS occupation\n")
    numbered = list(enumerate(rules))
    branches = _pair_branches(numbered, swapped=swapped, among_requests=among_requests)
    if not (swapped or known_others):
        branches += [*_place_branches(numbered, object_kinds(rules)), *_own_branches(numbered)]
    return _framed(candidates, "\nUNION ALL\n".join(branches))


def check_near_statement(rules: Sequence[RuleFile], near: Near) -> str | None:
    """The same check, cut to what `look_around` found near; None where no rule is left to ask.

    A rule about a shape pair that found nobody has nobody to speak of; equal to the whole check.
    """
    numbered = list(enumerate(rules))
    spoken = [(i, rule) for i, rule in numbered if not near.pairs.isdisjoint(rule.shapes)]
    kinds = [kind for kind in object_kinds(rules) if kind in near.objects]
    branches = [
        *_pair_branches(spoken, swapped=False, among_requests=False),
        *_place_branches(numbered, kinds),
        *(_own_branches(numbered) if near.own else ()),
    ]
    if not branches:
        return None
    candidates = fill(part("stored_candidates"), probes=part("near_candidates"))
    return _framed(candidates if spoken else part("no_candidates"), "\nUNION ALL\n".join(branches))


def look_around_statement(rules: Sequence[RuleFile], pairs: Sequence[str], objects: Sequence[str]) -> str:
    """Who is found through these shape pairs, which of these kinds of fixed objects are there, and `own`."""
    named = statements("places")
    looks = []
    for pair in pairs:
        candidates = fill(part("stored_candidates"), probes=_narrow(_probe(pair)))
        looks.append(fill(part("look_for_others"), candidates=candidates) + f" AS {pair.replace('-', '_')}")
    looks += [
        fill(part("look_for_objects"), object_rows=_plain(named[f"{kind}_rows"]), objects=kind)
        + f" AS {kind}"
        for kind in objects
    ]
    looks.append(_own_look([rule for rule in rules if rule.kind == "own"]) + " AS own")
    return fill(part("look_around"), looks=",\n    ".join(looks))


def given_streets(look: str) -> str:
    """A statement of `look_around_statement` for an occupation whose streets are known."""
    return fill(look, streets="CAST(:streets AS jsonb)")


def located_streets(look: str) -> str:
    """The same for one whose place is asked in the same round trip."""
    streets = "coalesce(CAST(located.streets AS jsonb), '[]')"
    located = part("locate_area", "occupations")
    return fill(part("locate_and_look"), locate_area=located, look_around=fill(look, streets=streets))


def _pair_branches(
    numbered: Sequence[tuple[int, RuleFile]], *, swapped: bool, among_requests: bool
) -> list[str]:
    pairs = [(i, rule) for i, rule in numbered if rule.kind == "pair"]
    if not pairs:
        return []
    mine, other = ("candidate", "given") if swapped else ("given", "candidate")
    asked = [expression for _, rule in pairs for expression in rule.expressions().values()]
    branch = fill(
        part("pair_branch"),
        mine=mine,
        other=other,
        pair_facts=part("pair_facts"),
        street_facts=street_facts(asked, swapped=swapped, among_requests=among_requests),
        **{name: of_course(suffix) for name, suffix in COURSE_PARTS.items()},
        rules=rule_values(pairs),
    )
    return [branch]


def _place_branches(numbered: Sequence[tuple[int, RuleFile]], kinds: Sequence[str]) -> list[str]:
    def about(kind: str) -> list[tuple[int, RuleFile]]:
        return [(i, rule) for i, rule in numbered if rule.objects == kind]

    return [_place_branch(kind, about(kind)) for kind in kinds]


def _own_branches(numbered: Sequence[tuple[int, RuleFile]]) -> list[str]:
    own = [(i, rule) for i, rule in numbered if rule.kind == "own"]
    return [fill(part("own_branch"), own_facts=part("own_facts"), rules=rule_values(own))] if own else []


def _own_look(own: Sequence[RuleFile]) -> str:
    applies = [f"({_sql(rule.conditions['applies'])}) IS DISTINCT FROM false" for rule in own]
    return fill(
        part("look_at_own"), own_facts=part("own_facts"), one_applies="\n        OR ".join(applies) or "false"
    )


def _framed(candidates: str, branches: str) -> str:
    parts = {"level": part("level"), "link": part("link")}
    return fill(part("check_frame"), candidates=candidates, branches=branches, **parts)


def measured_statements(rules: Sequence[RuleFile]) -> dict[str, str]:
    """The statement of each measuring kind that has rules; its rows are those of the check."""
    found = {}
    for kind in MEASURED_KINDS:
        there = [(i, rule) for i, rule in enumerate(rules) if rule.kind == kind]
        if there:
            branch = statements(subject_of(kind))[f"{kind}_branch"]
            if kind == "strip":
                asked = {"kinds": asked_kinds(rules), "limits": _sql(asked_limits(rules))}
                branch = fill(branch, level=part("level"), **asked)
                there = [(i, with_answers(rule, rules)) for i, rule in there]
            found[kind] = _framed(part("no_candidates"), fill(branch, rules=rule_values(there)))
    return found


def candidate_towns_statement(rules: Sequence[RuleFile]) -> str:
    """The towns whose occupations one occupation meets."""
    return fill(part("candidate_towns"), candidates=_candidates(rules, among_requests=False))


def _candidates(rules: Sequence[RuleFile], among_requests: bool) -> str:
    if not shape_pairs(rules):
        return part("no_candidates")
    probes = [_probe(pair) for pair in shape_pairs(rules)]
    # UNION would compare whole rows, geometries too: a candidate found twice is kept once by its key.
    several = fill(part("each_once"), found="\nUNION ALL\n".join(probes))
    together = probes[0] if shape_pairs(rules) == ("area-area",) else several
    stored = fill(part("stored_candidates"), probes=together)
    return f"{stored}\nUNION ALL\n{part('requested_candidates')}" if among_requests else stored


def _probe(pair: str) -> str:
    return part(f"{pair.replace('-', '_')}_probe")


def _narrow(probe: str) -> str:
    """A probe only asked whom it finds: getting fifty columns ready takes longer than finding nobody."""
    return probe.replace("SELECT occupation.*", _WHOM)


def rule_values(numbered: Sequence[tuple[int, RuleFile]]) -> str:
    """The rules as rows of conditions, each with its place in the rulebook."""
    return "VALUES\n" + ",\n".join(_rule_row(i, rule) for i, rule in numbered)


def _rule_row(index: int, rule: RuleFile) -> str:
    applies = _sql(rule.conditions["applies"])
    if rule.shapes:
        # A candidate found through one shape pair says nothing to a rule about another one.
        there = " OR ".join(
            f"({fill(_HAS[left], who='mine')} AND {fill(_HAS[right], who='other')})"
            for left, right in (pair.split("-") for pair in rule.shapes)
        )
        applies = f"({there}) AND ({applies})"
    parts = [
        str(index),
        f"text '{rule.geometry or 'own_area'}'",
        f"text '{rule.worse or 'greater'}'",
        f"({applies})",
        *(f"({_sql(rule.conditions.get(severity, 'false'))})" for severity in SEVERITIES),
        f"CAST({_sql(rule.measured)} AS double precision)"
        if rule.measured
        else "CAST(NULL AS double precision)",
        f"CAST({_sql(rule.limit)} AS double precision)" if rule.limit else "CAST(NULL AS double precision)",
        _missing(rule),
    ]
    return "    (" + ",\n     ".join(parts) + ")"


def _missing(rule: RuleFile) -> str:
    """The facts that are NULL in a condition that is NULL, under the names people know."""
    found = []
    for condition in rule.conditions.values():
        asked = [(_UNKNOWN.get(fact, f"{fact} IS NULL"), fact) for fact in facts_in(condition)]
        if re.search(r"\b(same_time|gap_days|school_time)\b", condition):
            both = ("mine", "other") if rule.kind == "pair" else ("mine",)
            asked += [(f"NOT {who}.end_known", f"{who}.until") for who in both]
        for fact, reasons in UNKNOWN_BECAUSE.items():
            if re.search(rf"\b{fact}\b", condition):
                asked += [(f"{fact} IS NULL AND ({test})", name) for test, name in reasons]
        if rule.kind == "strip":
            asked = missing_of_strip(condition, asked)
        cases = ", ".join(f"CASE WHEN {test} THEN text '{name}' END" for test, name in asked)
        if cases:
            found.append(f"CASE WHEN ({_sql(condition)}) IS NULL THEN array_remove(ARRAY[{cases}], NULL) END")
    return " || ".join(found) if found else "CAST(NULL AS text[])"
