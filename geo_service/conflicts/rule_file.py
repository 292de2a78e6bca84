"""Reads one rule file: words first, then conditions (the form is in docs/rules.md and in every file)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from geo_service.errors import BadRuleFile

KINDS = ("pair", "place", "own", "strip", "network")
SHAPES = ("area-area", "detour-area", "area-detour", "detour-detour", "street-street", "dig-dig")
OBJECTS = (
    "border", "road", "segment", "school", "bus_stop", "hydrant", "fire_area", "blackout", "no_dig_period",
    "reinstatement",
)  # fmt: skip
STRIPS = ("footway", "carriageway", "cycleway", "corridor")
SEVERITIES = ("block", "warn", "info", "chance")
CONDITIONS = ("applies", *SEVERITIES)
LANGUAGES = ("de", "en")

_EXPLAIN = ("explain", *(f"explain_{severity}" for severity in SEVERITIES), "explain_undetermined")
_WORDS = ("title", *_EXPLAIN, "advice", "wrong_when")
_ALWAYS = ("rule", "number", "kind", "title", "legal_source", "explain", "advice", "wrong_when", "applies")
_MEASURE = ("measured", "unit", "limit", "worse")
_OF_KIND: dict[str, tuple[str, ...]] = {
    "pair": ("shapes", "reach_m", "reach_days", "geometry"),
    "place": ("objects",),
    "own": (),
    "strip": ("strip",),
    "network": (),
}
_MAY_HAVE: dict[str, tuple[str, ...]] = {"place": ("geometry", "reach_m")}
_KEYS = {*_ALWAYS, *_WORDS, *_MEASURE, *CONDITIONS, "needed_for_grant", "reads"}.union(*_OF_KIND.values())
_LINE = re.compile(r"^-- ([a-z_]+):(?: (.*)|)$")
_PARAMETER = re.compile(r"(?<!:):([a-z][a-z0-9_]*)")
# What the frame of a kind reads besides what its rules say.
_OF_FRAME = {
    "strip": frozenset({
        "strip_reach_m", "strip_prolongation_m", "strip_taken_m", "clear_height_carriageway_m",
        "clear_height_way_m", "rescue_bounded_length_m",
    }),
}  # fmt: skip
HOLES = ("{measured}", "{limit}", "{when}", "{place}", "{other.label}")
_HOLE = re.compile(r"\{[^}]*\}?")
_FACT = re.compile(rf"\b(?:mine|other|strip|network|{'|'.join(OBJECTS)})\.[a-z_0-9]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleFile:
    """One rule as written; `conditions` (with "applies") and `explain` (with "explain") by severity.

    `reads`: parameters that a fact of the rule is made with, beside those in its conditions.
    """

    name: str
    number: str
    kind: str
    title: Mapping[str, str]
    legal_source: str
    explain: Mapping[str, Mapping[str, str]]
    advice: Mapping[str, str]
    wrong_when: Mapping[str, str]
    conditions: Mapping[str, str]
    measured: str | None
    unit: str | None
    limit: str | None
    worse: str | None
    shapes: tuple[str, ...]
    reach_m: str
    reach_days: str
    geometry: str | None
    objects: str | None
    reads: str | None
    strip: str | None
    needed_for_grant: bool
    text: str
    file: str
    lines: Mapping[str, int]

    def at(self, key: str) -> str:
        """File and line of a key, for messages."""
        return f"{self.file}:{self.lines.get(key, 1)}"

    def expressions(self) -> dict[str, str]:
        """Everything that goes into the statement, by key."""
        more = {
            "measured": self.measured,
            "limit": self.limit,
            "reach_m": self.reach_m,
            "reach_days": self.reach_days,
            "reads": self.reads,
        }
        return {**self.conditions, **{key: value for key, value in more.items() if value is not None}}

    def parameter_names(self) -> frozenset[str]:
        """The parameters that the rule reads, and those of the frame it stands in."""
        own = frozenset(name for part in self.expressions().values() for name in names_in(part))
        return own | _OF_FRAME.get(self.kind, frozenset())


def names_in(expression: str) -> tuple[str, ...]:
    """The parameters an expression reads."""
    return tuple(_PARAMETER.findall(expression))


def facts_in(condition: str) -> tuple[str, ...]:
    """The qualified facts a condition reads: mine.takes, other.binding …"""
    return tuple(dict.fromkeys(_FACT.findall(condition)))


def read_rules(folder: Path) -> tuple[RuleFile, ...]:
    """All rules of a folder, by number and name. Raises BadRuleFile with file and line."""
    rules = (read_rule(path) for path in folder.glob("*.sql"))
    return tuple(sorted(rules, key=lambda rule: (rule.number, rule.name)))


def read_rule(path: Path) -> RuleFile:
    """One rule. Raises BadRuleFile with file and line for an unknown or missing key or a faulty value."""
    text = path.read_text(encoding="utf-8")
    found, lines = _split(path.name, text)
    for key in found:
        if key not in _KEYS:
            raise BadRuleFile(f"{path.name}:{lines[key]}: unknown key {key!r}.")
    for key in _ALWAYS:
        if not found.get(key):
            raise BadRuleFile(f"{path.name}:1: the key {key!r} is missing.")
    _check_values(path, found, lines)
    explain = {
        key.removeprefix("explain_"): _words(path, key, found, lines) for key in _EXPLAIN if key in found
    }
    return RuleFile(
        name=found["rule"],
        number=found["number"],
        kind=found["kind"],
        title=_words(path, "title", found, lines),
        legal_source=found["legal_source"],
        explain=explain,
        advice=_words(path, "advice", found, lines),
        wrong_when=_words(path, "wrong_when", found, lines),
        conditions={key: found[key] for key in CONDITIONS if key in found},
        measured=found.get("measured"),
        unit=found.get("unit"),
        limit=found.get("limit"),
        worse=found.get("worse"),
        shapes=tuple(found.get("shapes", "").replace(",", " ").split()),
        reach_m=found.get("reach_m", "0"),
        reach_days=found.get("reach_days", "0"),
        geometry=found.get("geometry"),
        objects=found.get("objects"),
        reads=found.get("reads"),
        strip=found.get("strip"),
        needed_for_grant=found.get("needed_for_grant") == "true",
        text=text,
        file=path.name,
        lines=lines,
    )


def _split(name: str, text: str) -> tuple[dict[str, str], dict[str, int]]:
    found: dict[str, str] = {}
    lines: dict[str, int] = {}
    key: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        begun = _LINE.match(line)
        if begun:
            key = begun[1]
            if key in found:
                raise BadRuleFile(f"{name}:{number}: the key {key!r} stands here a second time.")
            found[key], lines[key] = (begun[2] or "").strip(), number
        elif line.startswith("--   ") and key is not None:
            found[key] = f"{found[key]} {line[5:].strip()}".strip()
        elif line.strip():
            raise BadRuleFile(f"{name}:{number}: a line is '-- key: value' or goes on with '--   '.")
    return found, lines


_ALLOWED: dict[str, tuple[str, ...]] = {
    "kind": KINDS,
    "worse": ("greater", "smaller"),
    "needed_for_grant": ("true", "false"),
    "objects": OBJECTS,
    "strip": STRIPS,
    "geometry": ("shared_area", "shortest_link", "object", "my_detour", "their_detour", "common_detour"),
    "unit": ("m", "m2", "days", "factor"),
}
_FORMS = {
    "number": (r"K[0-9]{2}", "a number is K and two digits"),
    "reach_m": (r":[a-z][a-z0-9_]*|[0-9]+(\.[0-9]+)?", "reach_m is a number or one parameter"),
    "reach_days": (r":[a-z][a-z0-9_]*|[0-9]+", "reach_days is a whole number or one parameter"),
    "reads": (r":[a-z][a-z0-9_]*(, :[a-z][a-z0-9_]*)*", "reads is a list of :parameters"),
    "shapes": (f"({'|'.join(SHAPES)})([, ]+({'|'.join(SHAPES)}))*", f"shapes are of {', '.join(SHAPES)}"),
}


def _check_values(path: Path, found: Mapping[str, str], lines: Mapping[str, int]) -> None:
    """Raises BadRuleFile for the first value that is not what its key allows."""
    faults = [
        *(
            (key, f"{key} is one of {', '.join(values)}")
            for key, values in _ALLOWED.items()
            if found.get(key, values[0]) not in values
        ),
        *(
            (key, words)
            for key, (form, words) in _FORMS.items()
            if key in found and not re.fullmatch(form, found[key])
        ),
        *_faults_of_kind(found),
    ]
    if found["rule"] != path.stem:
        faults.append(("rule", f"the rule is named {found['rule']!r}, the file {path.stem!r}"))
    if any(key in found for key in _MEASURE) and not all(found.get(key) for key in _MEASURE):
        faults.append(("measured", f"{', '.join(_MEASURE)} belong together"))
    if not any(found.get(key) for key in SEVERITIES):
        faults.append(("applies", "the rule never says how severe it is"))
    for key, detail in faults:
        raise BadRuleFile(f"{path.name}:{lines.get(key, 1)}: {detail}.")


def _faults_of_kind(found: Mapping[str, str]) -> list[tuple[str, str]]:
    kind = found["kind"]
    needed = [
        ("kind", f"a {kind} rule needs the key {key!r}")
        for key in _OF_KIND.get(kind, ())
        if not found.get(key)
    ]
    own = {*_OF_KIND.get(kind, ()), *_MAY_HAVE.get(kind, ())}
    others = (key for keys in _OF_KIND.values() for key in keys if key not in own)
    return needed + [(key, f"a {kind} rule has no {key!r}") for key in others if key in found]


def _words(path: Path, key: str, found: Mapping[str, str], lines: Mapping[str, int]) -> dict[str, str]:
    try:
        words: Any = yaml.safe_load(found[key])
    except yaml.YAMLError:
        words = None
    if (
        not isinstance(words, dict)
        or set(words) != set(LANGUAGES)
        or not all(isinstance(w, str) and w for w in words.values())
    ):
        raise BadRuleFile(f'{path.name}:{lines[key]}: {key} is {{de: "…", en: "…"}}.')
    for hole in _HOLE.findall(" ".join(words.values())):
        if key not in _EXPLAIN or hole not in HOLES:
            raise BadRuleFile(f"{path.name}:{lines[key]}: {key} knows no {hole}.")
    return words
