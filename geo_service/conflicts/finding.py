"""One rule's result for one occupation, and its JSON cut to whoever reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from geo_service.identity.caller import PUBLIC, Caller
from geo_service.interval import Interval

UNDER_REVIEW = {"de": "Antrag in Bearbeitung", "en": "Request under review"}
SEVERITIES_SHOWN = ("block", "warn", "info", "chance", "undetermined")
STATUSES = ("open", "accepted", "resolved", "overridden")
LABEL_HOLE = "{other.label}"  # filled when it is shown: what may stand there depends on the reader


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherObject:
    """The other object of a pair rule, uncut. `label` by language."""

    collection: str
    source_id: str
    occupation_id: int | None
    reference: str | None
    town: str | None
    label: Mapping[str, str]
    use_type: str | None
    kind: str | None
    state: str | None
    published: bool
    period: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedObject:
    """The object of a place rule, where it has a key of its own: a blackout, an area of the fire brigade …

    kind: as in rule files, key `objects`. Everybody may know it.
    """

    kind: str
    source_id: str
    town: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """severity: block, warn, info, chance or undetermined (then could_be and missing).

    geometry: GeoJSON in CRS84; ewkb: the same in EPSG:25832. Texts by language, numbers filled in.
    together: ids of the stored occupations that the measure counts in beside mine.
    `status` and what follows are those of a stored finding; version is its ETag.
    """

    finding_id: str
    rule: str
    number: str
    rule_version: str
    title: Mapping[str, str]
    severity: str
    could_be: str | None
    other: OtherObject | None
    mine_source: str
    mine_town: str | None
    mine_occupation: int | None
    segment_id: str | None
    geometry: dict[str, Any] | None
    ewkb: bytes | None = field(repr=False)
    during: Interval | None
    measured: float | None
    limit: float | None
    unit: str | None
    worse: str | None
    needed_for_grant: bool
    missing: tuple[str, ...]
    legal_source: str
    explanation: Mapping[str, str]
    advice: Mapping[str, str]
    together: tuple[int, ...] = ()
    status: str = "open"
    note: str | None = None
    version: int | None = None
    fixed: FixedObject | None = None

    @property
    def beside(self) -> OtherObject | FixedObject | None:
        """What mine was compared with, if that has a key."""
        return self.fixed if self.other is None else self.other

    @property
    def weighs_across(self) -> bool:
        """True if it blocks or warns, and what mine was compared with is another town's than mine."""
        if self.severity not in ("block", "warn") or self.beside is None:
            return False
        return None not in (towns := {self.mine_town, self.beside.town}) and len(towns) == 2

    def counts_in(self, occupation_id: int, town: str | None) -> bool:
        """True if it blocks or warns and its measure counts in an occupation of another town than mine."""
        if self.severity not in ("block", "warn") or occupation_id not in self.together:
            return False
        return None not in (towns := {self.mine_town, town}) and len(towns) == 2

    @property
    def weight(self) -> int:
        """0 for the worst: block, undetermined that could block, warn, …"""
        order = ("block", "warn", "info", "chance")
        if self.severity == "undetermined":
            return 2 * order.index(self.could_be or "chance") + 1
        return 2 * order.index(self.severity)


def finding_key(rule: str, mine: str, other: str | None, segment: str | None) -> str:
    """The same finding has the same key whenever it is found again."""
    return hashlib.sha256("|".join((rule, mine, other or "-", segment or "-")).encode()).hexdigest()[:32]


def verdict_of(findings: list[Finding] | tuple[Finding, ...]) -> str:
    """blocked, review or clear; info and chance do not change it."""
    if any(finding.severity == "block" for finding in findings):
        return "blocked"
    doubtful = any(
        finding.severity == "warn" or finding.could_be in ("block", "warn") for finding in findings
    )
    return "review" if doubtful else "clear"


def sees_all_of(caller: Caller, town: str | None) -> bool:
    """Clerks see everything of their own town."""
    return caller.at_desk and caller.town is not None and caller.town == town


def finding_document(finding: Finding, caller: Caller = PUBLIC) -> dict[str, Any]:
    """The JSON of api.md section 3; `other` and the texts hold only what `caller` may see."""
    label, fixed = _named(finding.other, caller), finding.fixed
    return {
        "id": finding.finding_id,
        "rule": finding.rule,
        "number": finding.number,
        "title": dict(finding.title),
        "severity": finding.severity,
        "could_be": finding.could_be,
        "other": None if finding.other is None else other_document(finding.other, caller),
        "object": None if fixed is None else {"kind": fixed.kind, "id": fixed.source_id},
        "segment": finding.segment_id,
        "geometry": finding.geometry,
        "during": period_document(finding.during),
        "measured": _rounded(finding.measured),
        "limit": _rounded(finding.limit),
        "unit": finding.unit,
        "needed_for_grant": finding.needed_for_grant,
        "missing": list(finding.missing) or None,
        "legal_source": finding.legal_source,
        "explanation": {
            lang: text.replace(LABEL_HOLE, label[lang]) for lang, text in finding.explanation.items()
        },
        "advice": dict(finding.advice),
        "rule_version": finding.rule_version,
        "town": finding.mine_town,
        "status": finding.status,
        "version": finding.version,
    }


def _rounded(number: float | None) -> float | None:
    """A centimetre, a square decimetre: more places are noise of the drawing."""
    return None if number is None else round(number, 2)


def _is_open_to(other: OtherObject, caller: Caller) -> bool:
    return other.published or other.collection == "request" or sees_all_of(caller, other.town)


def _sees_use_and_period(caller: Caller) -> bool:
    return caller.role == "reader" or caller.at_desk


def _visible_label(other: OtherObject | None, caller: Caller) -> Mapping[str, str]:
    if other is None or _is_open_to(other, caller) or _sees_use_and_period(caller):
        return other.label if other is not None else {"de": "", "en": ""}
    return UNDER_REVIEW


def _named(other: OtherObject | None, caller: Caller) -> Mapping[str, str]:
    """How a sentence calls the other: its label, with the reference if the reader may know it."""
    label = _visible_label(other, caller)
    if other is None or other.reference is None or not _is_open_to(other, caller):
        return label
    return {language: f"{words} ({other.reference})" for language, words in label.items()}


def other_document(other: OtherObject, caller: Caller) -> dict[str, Any]:
    """An object as `caller` may see it: what is not published has no id and no reference for strangers."""
    is_open = _is_open_to(other, caller)
    label = _visible_label(other, caller)
    document: dict[str, Any] = {
        "collection": other.collection,
        "id": other.source_id if is_open else None,
        "reference": other.reference if is_open else None,
        "town": other.town,
        "label": label["de"],
        "label_en": label["en"],
        "published": other.published,
    }
    if is_open or _sees_use_and_period(caller):
        document["use_type"] = other.use_type
        document["kind"] = other.kind
        document["status"] = other.state
        document["period"] = period_document(other.period)
    return document


def period_document(period: Interval | None) -> dict[str, str | None] | None:
    """Instants in UTC, end exclusive, null = open."""
    if period is None:
        return None
    end = None if period.end is None else f"{period.end.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return {"start": f"{period.start.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", "end": end}
