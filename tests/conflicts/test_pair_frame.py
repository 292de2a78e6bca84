"""Each part of what pair, place and own rules share is needed: without it a case of some rule comes out differently.

The conditions of the rules themselves are taken out by test_rule_cases.py, what measures strips by
test_strip_frame.py. What only keeps a statement fast (the boxes and periods of the probes, conditions that a rule
asks again) changes nothing and is tested by its index in test_frame.py.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from geo_service.conflicts.catalogue import Catalogue, catalogue_of, make_rulebook, rulebook
from geo_service.occupations.parameters import parameters
from geo_service.sql.loader import statements
from tests.conflicts.rule_cases import FILES, TODAY, agrees, cases_of, outcome

KINDS = ("pair", "place", "own")
EVERY_KIND = (*KINDS, "strip", "network")  # all are judged by the same level
# What every rule of a kind relies on and no file of cases says, as it is true of each.
OF_THE_FRAME: list[tuple[str, dict[str, Any]]] = [
    ("area_overlap", {"mine": {"case": "one"}, "other": {"case": "one"}, "expect": "quiet"}),
    ("area_overlap", {"mine": {}, "other": {"state": "rejected"}, "expect": "quiet"}),
    (
        "area_overlap",
        {"mine": {}, "other": {"days": [date(2026, 7, 1), date(2026, 7, 14)]}, "expect": "quiet"},
    ),
]

# Statement of sql/, what is changed there, and into what.
Change = tuple[str, str, str, str]
PARTS: dict[str, Change] = {
    "the own case group is somebody else": (
        "conflicts", "stored_candidates", "near.case_group <> given.case_group AND ", ""),
    "an end that is not known is certain": ("conflicts", "pair_facts", "WHEN span.mine_known && span.other_known THEN true", "WHEN true THEN true"),
    "only whole known periods meet": ("conflicts", "pair_facts", "WHEN span.mine_known && span.other_known THEN true", "WHEN mine.end_known AND other.end_known THEN true"),
    "times never part": ("conflicts", "pair_facts", "            WHEN NOT span.mine_times && span.other_times THEN false\n", ""),
    "patterns are whole periods: mine": ("conflicts", "pair_facts", "coalesce(mine.recurrence, tstzmultirange(mine.period)) AS mine_times", "tstzmultirange(mine.period) AS mine_times"),
    "patterns are whole periods: theirs": ("conflicts", "pair_facts", "coalesce(other.recurrence, tstzmultirange(other.period)) AS other_times", "tstzmultirange(other.period) AS other_times"),
    "no height is the ground: mine": ("conflicts", "pair_facts", "coalesce(mine.height_from_m, 0) < coalesce(other.height_to_m, 'Infinity')\n            AND ", ""),
    "no height is the ground: theirs": ("conflicts", "pair_facts", "\n            AND coalesce(other.height_from_m, 0) < coalesce(mine.height_to_m, 'Infinity')", ""),
    "a gap counts the days themselves": ("conflicts", "pair_facts", "first_day(span.other_whole) - last_day(span.mine_whole) - 1", "first_day(span.other_whole) - last_day(span.mine_whole)"),
    "a gap before counts the days themselves": ("conflicts", "pair_facts", "first_day(span.mine_whole) - last_day(span.other_whole) - 1", "first_day(span.mine_whole) - last_day(span.other_whole)"),
    "touching is as good as sharing": ("conflicts", "pair_facts", "WHEN spaces.touches THEN ST_Area(ST_Intersection(mine.area, other.area))", "WHEN spaces.touches THEN 1000"),
    "no distance": ("conflicts", "pair_facts", "WHEN NOT spaces.touches THEN ST_Distance(mine.area, other.area)", "WHEN NOT spaces.touches THEN 0"),
    "no severity before what is not known": ("conflicts", "level", "WHEN block IS NOT FALSE THEN 1", "WHEN block THEN 1"),
    "a warning not known is none": ("conflicts", "level", "WHEN warn IS NOT FALSE THEN 2", "WHEN warn THEN 2"),
    "applying is certain": ("conflicts", "level", "CASE WHEN applies IS NOT TRUE THEN 5 WHEN block", "CASE WHEN block"),
    "what may apply does not": ("conflicts", "level", "CASE WHEN block IS NOT FALSE THEN 1 WHEN warn", "CASE WHEN applies IS NOT TRUE THEN 5 WHEN block IS NOT FALSE THEN 1 WHEN warn"),
    "worst first: a warning before a block": ("conflicts", "level", "WHEN block THEN 1 WHEN warn THEN 2", "WHEN warn THEN 2 WHEN block THEN 1"),
    "an object is always there": ("places", "place_facts", "        WHEN NOT span.mine_times && span.object_times THEN false\n", ""),
    "my pattern does not matter to an object": ("places", "place_facts", "coalesce(mine.recurrence, tstzmultirange(mine.period)) AS mine_times", "tstzmultirange(mine.period) AS mine_times"),
    "the pattern of an object does not matter": ("places", "place_facts", "coalesce(«objects».times, tstzmultirange(«objects».period))", "tstzmultirange(«objects».period)"),
    "my end is known to an object": ("places", "place_facts", "WHEN mine.end_known OR span.mine_known && span.object_times THEN true", "WHEN true THEN true"),
    "my end matters though we meet before": ("places", "place_facts", "WHEN mine.end_known OR span.mine_known && span.object_times THEN true", "WHEN mine.end_known THEN true"),
    "touching an object is standing on it": ("places", "place_facts", "WHEN spaces.touches THEN ST_Area(ST_Intersection(mine.area, «objects».place))", "WHEN spaces.touches THEN 1000"),
    "no distance to an object": ("places", "place_facts", "WHEN NOT spaces.touches THEN ST_Distance(mine.area, «objects».place)", "WHEN NOT spaces.touches THEN 0"),
    "the day of filing in another zone": ("conflicts", "own_facts", "first_day(mine.period) - CAST(", "1 + first_day(mine.period) - CAST("),
    "an order of any time": ("conflicts", "own_facts", "mine.traffic_order_period @> mine.period\n        AND ", ""),
    "an order of any area": ("conflicts", "own_facts", "\n        AND (mine.traffic_order_area IS NULL OR ST_Covers(mine.traffic_order_area, mine.area))", ""),
    "an order without area covers nothing": ("conflicts", "own_facts", "mine.traffic_order_area IS NULL OR ", ""),
    "who stands in my street is not found": ("conflicts", "street_street_probe", "WHERE lies.segment_gid = ANY(", "WHERE false AND lies.segment_gid = ANY("),
    "who is led over what I close is not found": ("conflicts", "area_detour_probe", "WHERE given.closed_segments <> '{}'", "WHERE false"),
    "who closes what my detour uses is not found": ("conflicts", "detour_area_probe", "WHERE given.detour_segments IS NOT NULL", "WHERE false"),
    "who uses what my detour uses is not found": ("conflicts", "detour_detour_probe", "WHERE given.detour_segments IS NOT NULL", "WHERE false"),
}  # fmt: skip


def composed(name: str) -> Catalogue:
    """A catalogue with one rule, its statements put together from what stands in sql/ at the moment."""
    rule = next(rule for rule in rulebook().rules if rule.name == name)
    return catalogue_of(make_rulebook((rule,), parameters()), (), None, TODAY)


def different(engines: dict[str, Any], scenery: Any, kinds: tuple[str, ...]) -> str | None:
    """The first case of these kinds of rules that comes out differently from what it expects."""
    kind_of = {rule.name: rule.kind for rule in rulebook().rules}
    cases = [("", name, case) for name, case in OF_THE_FRAME]
    cases += [(file, cases_of(file)["rule"], case) for file in FILES for case in cases_of(file)["cases"]]
    found: dict[str, Catalogue] = {}
    for file, name, case in cases:
        if kind_of[name] not in kinds:
            continue
        found.setdefault(name, composed(name))
        wrong = agrees(outcome(engines, scenery, file or FILES[0], case, found[name]), case["expect"])
        if wrong is not None:
            return f"{name}: {case.get('name', case)}: {wrong}"
    return None


@pytest.mark.parametrize("what", PARTS)
def test_each_part_is_needed(
    engines: dict[str, Any], scenery: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    subject, name, old, new = PARTS[what]
    assert statements(subject)[name].count(old) >= 1, what
    monkeypatch.setitem(statements(subject), name, statements(subject)[name].replace(old, new))
    kinds = {"pair_facts": ("pair",), "place_facts": ("place",), "own_facts": ("own",), "level": EVERY_KIND}
    assert different(engines, scenery, kinds.get(name, ("pair",))) is not None


def test_unchanged_every_case_comes_out_as_expected(engines: dict[str, Any], scenery: Any) -> None:
    assert different(engines, scenery, KINDS) is None
