"""Composes what the pair rules may ask about common segments, from the parts in sql/pair_streets.sql."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from geo_service.sql.loader import statements

# What decides inside these facts; every check binds them, a rule that asks such a fact names them in `reads`.
FACT_PARAMETERS = ("narrowing_reach_m", "closing_axis_m", "detour_reach_m", "shared_detour_m")

_COURSE_UNKNOWN = {
    "my": ("my_detour_unsure", "mine.detour_course"),
    "their": ("their_detour_unsure", "other.detour_course"),
}
_TAKES_UNKNOWN = (("mine.takes IS NULL", "mine.takes"), ("other.takes IS NULL", "other.takes"))
# Why such a fact may be NULL: a condition, and the name of what is missing.
UNKNOWN_BECAUSE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "narrowing_gap_m": (
        *_TAKES_UNKNOWN,
        ("mine.takes IS NOT NULL AND other.takes IS NOT NULL", "cross_section"),
    ),
    "my_detour_closed_m": (_COURSE_UNKNOWN["my"],),
    "my_detour_narrowed_m": (_COURSE_UNKNOWN["my"], _TAKES_UNKNOWN[1]),
    "their_detour_closed_m": (_COURSE_UNKNOWN["their"],),
    "their_detour_narrowed_m": (_COURSE_UNKNOWN["their"], _TAKES_UNKNOWN[0]),
    "detour_shared_m": (
        ("mine.detour_segments IS NULL OR mine.detour_unmatched IS NOT NULL", "mine.detour_course"),
        ("other.detour_segments IS NULL OR other.detour_unmatched IS NOT NULL", "other.detour_course"),
    ),
}


# The parts that are dear to get ready, and the facts for which a rule asks them.
_ASKED_FOR = {
    "facing": r"narrowing_gap_m",
    "my_way": r"my_detour_\w+",
    "their_way": r"their_detour_\w+",
    "common_detour": r"detour_shared_m",
}


def street_facts(expressions: Iterable[str], *, swapped: bool, among_requests: bool) -> str:
    """The statement `street_facts` of a check; the given one is mine, or other if `swapped`.

    expressions: of the rules that ask; what none of them names is left out.
    """
    stored = _part("requested_streets" if among_requests else "stored_streets")
    given, candidate = ("other", "mine") if swapped else ("mine", "other")
    words = "\n".join(expressions)
    asked = frozenset(name for name, facts in _ASKED_FOR.items() if re.search(rf"\b{facts}\b", words))
    return _filled({given: _part("given_streets"), candidate: stored.replace("«who»", candidate)}, asked)


def stored_street_facts() -> str:
    """The same for two stored occupations."""
    stored = _part("stored_streets")
    streets = {who: stored.replace("«who»", who) for who in ("mine", "other")}
    return _filled(streets, frozenset(_ASKED_FOR))


def _filled(streets: Mapping[str, str], asked: frozenset[str]) -> str:
    unasked = {
        "facing": _part("facing_unasked"),
        "my_way": _part("detour_hindered_unasked"),
        "their_way": _part("detour_hindered_unasked"),
        "common_detour": _part("common_detour_unasked"),
    }
    parts = {
        "facing": _part("facing"),
        "my_way": _hindered("mine", "other", streets["other"], "closing_undecided"),
        "their_way": _hindered("other", "mine", streets["mine"], "detour_undecided"),
        "common_detour": _part("common_detour"),
        "mine_takes": _takes("mine", "ours"),
        "other_takes": _takes("other", "theirs"),
        "mine_streets": streets["mine"],
        "other_streets": streets["other"],
        **{name: part for name, part in unasked.items() if name not in asked},
    }
    text = _part("street_facts")
    for name, part in parts.items():
        text = text.replace(f"«{name}»", part)
    return text


def _hindered(who: str, by: str, by_streets: str, undecided: str) -> str:
    filled = _part("detour_hindered").replace("«by_streets»", by_streets).replace("«undecided»", undecided)
    return filled.replace("«by_takes»", _takes(by, "lies")).replace("«who»", who).replace("«by»", by)


def _takes(who: str, street: str) -> str:
    return _part("takes_there").replace("«who»", who).replace("«street»", street)


def _part(name: str) -> str:
    lines = statements("pair_streets")[name].splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--"))


# What the map shows of a pair that meets on streets: the facts with their course and names.
_COURSES = ("my_detour", "their_detour", "common_detour")
COURSE_PARTS = {"course": "", "course_de": "_de", "course_en": "_en"}


def of_course(suffix: str) -> str:
    """The course that a rule's `geometry` names, or the streets it leads through; NULL for other rules."""
    cases = " ".join(f"WHEN '{name}' THEN streets.{name}{suffix}" for name in _COURSES)
    return f"CASE rule.geometry {cases} END"
