"""Composes the one statement that screens all pairs of what is stored, from the frame and the rule files."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geo_service.conflicts.pair_streets import COURSE_PARTS, FACT_PARAMETERS, of_course, stored_street_facts
from geo_service.conflicts.rule_file import RuleFile
from geo_service.conflicts.statement import (
    fill,
    parameter_key,
    part,
    rule_values,
    shape_pairs,
)

# What a pair shows of the streets it meets on, where no rule asks.
_NOTHING = {
    "course": "CAST(NULL AS geometry)",
    "course_de": "CAST(NULL AS text)",
    "course_en": "CAST(NULL AS text)",
}
_STREETS_OF_ONE = (
    "SELECT lies.segment_gid FROM occupation_segment AS lies WHERE lies.occupation_id = one.occupation_id"
)


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
    branches = [
        _screened_direction(pairs, screened_parameters(rules), *direction)
        for direction in (("one", "two"), ("two", "one"))
    ]
    scope = " AND ".join(in_scope) or "true"
    return fill(
        part("screening_frame", "screening"),
        candidates=_screening_candidates(rules),
        branches="\nUNION ALL\n".join(branches),
        one_in_scope=scope.replace("«who»", "one"),
        two_in_scope=scope.replace("«who»", "two"),
        in_period=f"({part('screening_meeting', 'screening')}) && CAST(:during AS tstzrange)"
        if in_period
        else "true",
        once="DISTINCT ON (judged.rule, judged.segment_id)" if once else "",
        level=part("level"),
        link=part("link"),
        ewkb="ST_AsEWKB(link.geometry)" if to_store else "CAST(NULL AS bytea)",
    )


def screened_parameters(rules: Sequence[RuleFile]) -> tuple[str, ...]:
    """The parameters that the pair rules read, in their conditions or in what they ask of streets."""
    read = {name for rule in rules if rule.kind == "pair" for name in rule.parameter_names()}
    return tuple(sorted(read | set(FACT_PARAMETERS if asks_streets(rules) else ())))


def asks_streets(rules: Sequence[RuleFile]) -> bool:
    """True if a pair rule looks at more than two areas: segments that the two share, or detours."""
    return any(shape != "area-area" for rule in rules for shape in rule.shapes)


def _screened_direction(
    pairs: Sequence[tuple[int, RuleFile]], read: Sequence[str], mine: str, other: str
) -> str:
    values = ", ".join(
        f"(CAST(:each_{name} AS double precision[]))[town.nth] AS {parameter_key(name)}" for name in read
    )
    with_values = fill(part("screening_mine", "screening"), who=mine, values=values)
    streets = asks_streets([rule for _, rule in pairs])
    branch = fill(
        part("pair_branch"),
        mine=f"({with_values if read else f'SELECT {mine}.*'})",
        other=f"(SELECT {other}.*)",
        pair_facts=part("pair_facts"),
        street_facts=stored_street_facts() if streets else "SELECT",
        **{name: of_course(suffix) if streets else _NOTHING[name] for name, suffix in COURSE_PARTS.items()},
        rules=rule_values(pairs),
    )
    # The values of a check are bound for one town; here each row brings its own.
    of_facts = "|".join(FACT_PARAMETERS)
    branch = re.sub(rf"CAST\(:({of_facts}) AS double precision\)", rf"mine.{parameter_key('')}\1", branch)
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
        period = fill(part("screening_period", "screening")).replace(":days", f":days_{name}")
        probe = part(f"{name}_probe").replace(f"CAST(:period_{name} AS tstzrange)", period)
        probe = re.sub(r"FROM given$", "FROM (SELECT one.*) AS given", probe, flags=re.MULTILINE)
        found.append(probe.replace("given_street AS street", f"({_STREETS_OF_ONE}) AS street"))
    if len(found) > 1:
        return fill(part("each_once"), found="\nUNION ALL\n".join(found))
    # Without OFFSET it is a plain join, which the server may split among its workers.
    return re.sub(r"^ *OFFSET 0\n", "", found[0], flags=re.MULTILINE)
