"""Composes the one statement of a check from the frame in sql/conflicts.sql and the rule files.

Only text that ships with the service goes into it; every value is a bound parameter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geo_service.conflicts.measured import MEASURED_KINDS
from geo_service.conflicts.rule_file import SEVERITIES, RuleFile, facts_in
from geo_service.sql.loader import statements

_PARAMETER = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
# When it is this fact that is missing, where NULL alone does not say so: without an end the end is missing.
_UNKNOWN = {"school.school_time": "school.school_time IS NULL AND mine.end_known"}
_HAS = {"area": ("mine.area", "other.area"), "detour": ("mine.detour", "other.detour")}


def parameter_key(name: str) -> str:
    """Bound name of a rule's parameter; a prefix of its own keeps it apart from the frame's."""
    return f"p_{name}"


def _sql(expression: str) -> str:
    """A rule's expression with its parameters as bound numbers."""
    return _PARAMETER.sub(lambda found: f"CAST(:{parameter_key(found[1])} AS double precision)", expression)


def _fill(text: str, **parts: str) -> str:
    for name, part in parts.items():
        text = text.replace(f"«{name}»", part)
    return text


def _part(name: str, subject: str = "conflicts") -> str:
    """A statement of the frame without its comments, to stand inside another one."""
    return _plain(statements(subject)[name])


def _plain(statement: str) -> str:
    return "\n".join(line for line in statement.splitlines() if not line.lstrip().startswith("--"))


def _place_branch(objects: str, numbered: Sequence[tuple[int, RuleFile]]) -> str:
    """All rules about one kind of fixed object; its rows and the branch stand in sql/places.sql."""
    named = statements("places")
    return _fill(
        _plain(named["place_branch"]),
        object_rows=_plain(named[f"{objects}_rows"]),
        place_facts=_plain(named["place_facts"]),
        objects=objects,
        rules=_values(numbered),
    )


def object_kinds(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The kinds of fixed objects that any place rule asks for."""
    return tuple(sorted({rule.objects for rule in rules if rule.objects}))


def shape_pairs(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The shape pairs that any pair rule compares."""
    return tuple(sorted({pair for rule in rules if rule.kind == "pair" for pair in rule.shapes}))


def check_statement(rules: Sequence[RuleFile], *, swapped: bool = False, among_requests: bool = False) -> str:
    """The check of one occupation by pair, place and own rules.

    swapped: the given one is `other` and every candidate of one town is `mine`; pair rules only.
    among_requests: other requests of the same check are candidates too.
    """
    numbered = list(enumerate(rules))
    pairs = [(i, rule) for i, rule in numbered if rule.kind == "pair"]
    mine, other = ("candidate", "given") if swapped else ("given", "candidate")
    branches = []
    if pairs:
        branches.append(
            _fill(
                _part("pair_branch"),
                mine=mine,
                other=other,
                pair_facts=_part("pair_facts"),
                rules=_values(pairs),
            )
        )
    if not swapped:
        for objects in object_kinds(rules):
            there = [(i, rule) for i, rule in numbered if rule.objects == objects]
            branches.append(_place_branch(objects, there))
        own = [(i, rule) for i, rule in numbered if rule.kind == "own"]
        if own:
            branches.append(_fill(_part("own_branch"), own_facts=_part("own_facts"), rules=_values(own)))
    candidates = _candidates(rules, among_requests)
    if swapped:
        candidates = _fill(_part("candidates_of_town"), candidates=candidates)
    return _framed(candidates, "\nUNION ALL\n".join(branches))


def _framed(candidates: str, branches: str) -> str:
    parts = {"level": _part("level"), "link": _part("link")}
    return _fill(_part("check_frame"), candidates=candidates, branches=branches, **parts)


def measured_statements(rules: Sequence[RuleFile]) -> dict[str, str]:
    """The statement of each measuring kind that has rules; its rows are those of the check."""
    found = {}
    for kind in MEASURED_KINDS:
        there = [(i, rule) for i, rule in enumerate(rules) if rule.kind == kind]
        if there:
            branch = statements(f"{kind}s" if kind == "strip" else kind)[f"{kind}_branch"]
            found[kind] = _framed(_part("no_candidates"), _fill(branch, rules=_values(there)))
    return found


def candidate_towns_statement(rules: Sequence[RuleFile]) -> str:
    """The towns whose occupations one occupation meets."""
    return _fill(_part("candidate_towns"), candidates=_candidates(rules, among_requests=False))


def _candidates(rules: Sequence[RuleFile], among_requests: bool) -> str:
    if not shape_pairs(rules):
        return _part("no_candidates")
    probes = [_part(pair.replace("-", "_") + "_probe") for pair in shape_pairs(rules)]
    # UNION would compare whole rows, geometries too: a candidate found twice is kept once by its key.
    several = _fill(_part("each_once"), found="\nUNION ALL\n".join(probes))
    together = probes[0] if len(probes) == 1 else several
    stored = _fill(_part("stored_candidates"), probes=together)
    return f"{stored}\nUNION ALL\n{_part('requested_candidates')}" if among_requests else stored


def screening_statement(
    rules: Sequence[RuleFile],
    *,
    in_scope: Sequence[str] = (),
    in_period: bool = False,
    once: bool = False,
    to_store: bool = False,
) -> str:
    """The pair rules for many stored occupations at once (frame `screening_frame`).

    in_scope: conditions on «who», the occupation in question. in_period: only what meets in :during. once: of
    each pair and rule the worse direction only. to_store: with geometries in EPSG:25832.
    Raises ValueError without pair rules.
    """
    pairs = [(i, rule) for i, rule in enumerate(rules) if rule.kind == "pair"]
    if not pairs:
        raise ValueError("No rule compares two occupations.")
    read = sorted({name for _, rule in pairs for name in rule.parameter_names()})
    branches = [
        _screened_direction(pairs, read, *direction) for direction in (("one", "two"), ("two", "one"))
    ]
    scope = " AND ".join(in_scope) or "true"
    return _fill(
        _part("screening_frame", "screening"),
        candidates=_screening_candidates(rules),
        branches="\nUNION ALL\n".join(branches),
        one_in_scope=scope.replace("«who»", "one"),
        two_in_scope=scope.replace("«who»", "two"),
        in_period=f"({_part('screening_meeting', 'screening')}) && CAST(:during AS tstzrange)"
        if in_period
        else "true",
        once="DISTINCT ON (judged.rule, judged.segment_id)" if once else "",
        level=_part("level"),
        link=_part("link"),
        ewkb="ST_AsEWKB(link.geometry)" if to_store else "CAST(NULL AS bytea)",
    )


def _screened_direction(
    pairs: Sequence[tuple[int, RuleFile]], read: Sequence[str], mine: str, other: str
) -> str:
    values = ", ".join(
        f"(CAST(:each_{name} AS double precision[]))[town.nth] AS {parameter_key(name)}" for name in read
    )
    with_values = _fill(_part("screening_mine", "screening"), who=mine, values=values)
    branch = _fill(
        _part("pair_branch"),
        mine=f"({with_values if read else f'SELECT {mine}.*'})",
        other=f"(SELECT {other}.*)",
        pair_facts=_part("pair_facts"),
        rules=_values(pairs),
    )
    # The values of a check are bound for one town; here each row brings its own.
    return re.sub(rf"CAST\(:({parameter_key('')}\w+) AS double precision\)", r"mine.\1", branch)


def screened_shapes(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The pairs of shapes that find unordered pairs: where one is asked for, its mirror image too."""
    shapes = set(shape_pairs(rules))
    return tuple(sorted(shapes | {"-".join(reversed(pair.split("-"))) for pair in shapes}))


def _screening_candidates(rules: Sequence[RuleFile]) -> str:
    """The probes of a check for the row `one`; of two shapes both directions, since either may find it."""
    found = []
    for pair in screened_shapes(rules):
        name = pair.replace("-", "_")
        period = _fill(_part("screening_period", "screening")).replace(":days", f":days_{name}")
        probe = _part(f"{name}_probe").replace(f"CAST(:period_{name} AS tstzrange)", period)
        found.append(re.sub(r"^FROM given$", "FROM (SELECT one.*) AS given", probe, flags=re.MULTILINE))
    if len(found) > 1:
        return _fill(_part("each_once"), found="\nUNION ALL\n".join(found))
    # Without OFFSET it is a plain join, which the server may split among its workers.
    return re.sub(r"^ *OFFSET 0\n", "", found[0], flags=re.MULTILINE)


def _values(numbered: Sequence[tuple[int, RuleFile]]) -> str:
    return "VALUES\n" + ",\n".join(_rule_row(i, rule) for i, rule in numbered)


def _rule_row(index: int, rule: RuleFile) -> str:
    applies = _sql(rule.conditions["applies"])
    if rule.shapes:
        # A candidate found through one shape pair says nothing to a rule about another one.
        there = " OR ".join(
            f"({_HAS[left][0]} IS NOT NULL AND {_HAS[right][1]} IS NOT NULL)"
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
        cases = ", ".join(f"CASE WHEN {test} THEN text '{name}' END" for test, name in asked)
        if cases:
            found.append(f"CASE WHEN ({_sql(condition)}) IS NULL THEN array_remove(ARRAY[{cases}], NULL) END")
    return " || ".join(found) if found else "CAST(NULL AS text[])"
