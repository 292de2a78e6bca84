"""The conflict check of one occupation: one statement for all rules, findings with their reasons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, catalogue
from geo_service.conflicts.finding import Finding, OtherObject, finding_key, verdict_of
from geo_service.conflicts.measured import concerned_kinds
from geo_service.conflicts.own_facts import use_lead_time_days
from geo_service.conflicts.pair_streets import FACT_PARAMETERS
from geo_service.conflicts.places import border_row, fixed_object_of_row, place_words, road_rows
from geo_service.conflicts.rule_file import OBJECTS, SEVERITIES, RuleFile
from geo_service.conflicts.school_time import meets_school_hours, school_hours
from geo_service.conflicts.surroundings import (
    Surroundings,
    check_near,
    given_bind,
    locate_and_look,
    look_around,
    near_to,
    reach_binds,
)
from geo_service.conflicts.words import Told, explain, other_label, source_in
from geo_service.db.prepared import prepared_rows
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.locate import Location, Street, locate, located
from geo_service.occupations.match_detour import match_detour
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import occupation_row

MAX_FINDINGS = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckResult:
    """verdict: blocked, review or clear. The worst findings first; `findings_total` counts all.

    across: keys of what blocks or warns across a border, of stored occupations (told_across.py).
    """

    verdict: str
    findings: tuple[Finding, ...]
    findings_total: int
    across: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OtherRequest:
    """A request of the same check, with the streets in which it stands."""

    occupation: Occupation
    streets: tuple[Street, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckQuestion:
    """One occupation under test with what is known about its place, and the requests checked beside it."""

    mine: Occupation
    location: Location
    others: tuple[OtherRequest, ...] = ()
    max_findings: int = MAX_FINDINGS


def check_occupation(session: Session, mine: Occupation, *, as_of: datetime) -> CheckResult:
    """Every rule for one occupation, stored or not. Town and `takes` are derived where they are not known."""
    question, around = place_question(session, mine, as_of=as_of)
    return check_question(session, question, as_of=as_of, around=around)


def place_question(
    session: Session, mine: Occupation, *, as_of: datetime
) -> tuple[CheckQuestion, Surroundings | None]:
    """The question about an occupation whose place is not known, and who and what stands around it there.

    One round trip; with a detour, whose segments have to be found first, the surroundings are left for later.
    """
    day = as_of.astimezone(TOWN_ZONE).date()
    if mine.area is None or mine.detour is not None:
        location = locate(session, mine.area, day=day)
        placed = match_detour(session, located(mine, location), day=day)
        return CheckQuestion(mine=placed, location=location), None
    location, around = locate_and_look(session, catalogue(session, None, day), mine, day=day)
    return CheckQuestion(mine=located(mine, location), location=location), around


def check_question(
    session: Session, question: CheckQuestion, *, as_of: datetime, around: Surroundings | None = None
) -> CheckResult:
    """The same for an occupation whose place is known already."""
    found = catalogue(session, question.mine.town, as_of.astimezone(TOWN_ZONE).date())
    return check_with(session, found, question, as_of=as_of, around=around)


def check_with(
    session: Session,
    found: Catalogue,
    question: CheckQuestion,
    *,
    as_of: datetime,
    around: Surroundings | None = None,
) -> CheckResult:
    """The same with the rules and values of a given catalogue, say those of another day.

    around: who and what stands around this very occupation, if it was asked already.
    """
    asked = _compared(session, found, question, around)
    kinds = concerned_kinds(found.book.measured, question.mine, question.location)
    asked += [(found.book.measured[kind].text, {}) for kind in kinds]
    findings, total = [], 0
    binds = check_binds(found, question, as_of=as_of) if asked else {}
    for statement, more in asked:
        rows = prepared_rows(session, statement, {**binds, **more})
        findings += [finding_of_row(row, found) for row in rows]
        total += rows[0].findings_total if rows else 0
    return check_result(findings, total, max_findings=question.max_findings)


def _compared(
    session: Session, found: Catalogue, question: CheckQuestion, around: Surroundings | None
) -> list[tuple[str, dict[str, Any]]]:
    """The statement of the pair, place and own rules, and what it alone asks for; none if none may speak."""
    if not found.book.compares:
        return []
    if question.others:
        return [(found.book.check_among_requests.text, {})]
    mine, location = question.mine, question.location
    around = around or look_around(session, found, mine, location)
    statement = check_near(found.book, near_to(found, mine, location, around))
    return [] if statement is None else [(statement, {"near_others": around.others})]


def check_result(findings: Sequence[Finding], total: int, *, max_findings: int) -> CheckResult:
    """The worst of what the statements of a check found, each in its own order."""
    # A stable sort keeps that order within a severity and rule.
    worst = tuple(sorted(findings, key=lambda f: (f.weight, f.number))[:max_findings])
    return CheckResult(verdict=verdict_of(worst), findings=worst, findings_total=total)


def measured_findings(
    session: Session, found: Catalogue, kind: str, question: CheckQuestion, *, as_of: datetime
) -> tuple[Finding, ...]:
    """What the rules of one measuring kind find for an occupation; nothing where they do not concern it."""
    if kind not in concerned_kinds(found.book.measured, question.mine, question.location):
        return ()
    binds = check_binds(found, question, as_of=as_of)
    rows = prepared_rows(session, found.book.measured[kind].text, binds)
    return tuple(finding_of_row(row, found) for row in rows)


def check_binds(found: Catalogue, question: CheckQuestion, *, as_of: datetime) -> dict[str, Any]:
    """Everything the statements of a check ask for."""
    mine = question.mine
    return {
        **found.binds,
        **reach_binds(found, mine),
        "given": given_bind(mine),
        "streets": orjson.dumps([street.row() for street in question.location.streets]).decode(),
        "as_of": as_of,
        "border": orjson.dumps(border_row(question.location)).decode(),
        "roads": orjson.dumps(road_rows(question.location)).decode(),
        "use_lead_time_days": use_lead_time_days(mine, question.location),
        "school_time": _school_time(found, mine, as_of),
        "max_findings": question.max_findings,
        **{name: found.values[name].value for name in FACT_PARAMETERS},
        **_request_binds(question),
    }


def _school_time(found: Catalogue, mine: Occupation, as_of: datetime) -> str:
    """Whether mine meets the way to school: 'true', 'false' or '' (not known, or not asked)."""
    if mine.takes is not None and mine.takes.isdisjoint(("footway", "cycleway")):
        return ""
    meets = meets_school_hours(mine, school_hours(found.values), as_of=as_of)
    return {True: "true", False: "false", None: ""}[meets]


def _request_binds(question: CheckQuestion) -> dict[str, str]:
    """The other requests, with their streets as far as the one under test has to do with them."""
    if not question.others:
        return {"requests": "[]", "request_streets": "[]"}
    common = {street.gid for street in question.location.streets} | set(question.mine.detour_segments or ())
    streets = [
        {"source_id": str(other.occupation.source_id), **street.row()}
        for other in question.others
        for street in other.streets
        if street.gid in common
    ]
    rows = [occupation_row(other.occupation) for other in question.others]
    return {"requests": orjson.dumps(rows).decode(), "request_streets": orjson.dumps(streets).decode()}


def finding_of_row(row: Row[Any], found: Catalogue) -> Finding:
    """One row of `check_frame` with its rule's words."""
    rule = found.rules[row.rule]
    undetermined = row.could < row.sure
    could_be = SEVERITIES[row.could - 1] if undetermined else None
    severity = "undetermined" if undetermined else SEVERITIES[row.sure - 1]
    missing = tuple(dict.fromkeys(row.missing or ())) if undetermined else ()
    measured = None if row.measured is None or not math.isfinite(row.measured) else row.measured
    if measured is not None and measured >= 1e8:  # "no town anywhere" of places.py is no measure
        measured = None
    other, fixed = other_of_row(row), fixed_object_of_row(row)
    beside = fixed if other is None else other
    during = None if row.during_start is None else Interval(row.during_start, row.during_end)
    told = Told(
        measured=measured, limit=row.limit_value, unit=rule.unit, place=place_words(row), during=during,
        missing=missing, doubt_said=severity in rule.explain,
    )  # fmt: skip
    return Finding(
        finding_id=finding_key(
            rule.name,
            str(row.mine_source) if row.mine_id is not None else "request",
            None if beside is None else beside.source_id,
            row.segment_id,
        ),
        rule=rule.name,
        number=rule.number,
        rule_version=found.versions[row.rule],
        title=rule.title,
        severity=severity,
        could_be=could_be,
        other=other,
        fixed=fixed,
        mine_source=str(row.mine_source),
        mine_town=row.mine_town,
        mine_occupation=row.mine_id,
        segment_id=row.segment_id,
        geometry=None if row.geojson is None else orjson.loads(row.geojson),
        ewkb=None if row.geometry is None else bytes(row.geometry),
        during=during,
        measured=None if measured is None else round(measured, 3),
        limit=row.limit_value,
        unit=rule.unit,
        worse=rule.worse,
        needed_for_grant=rule.needed_for_grant,
        missing=missing,
        together=tuple(row.together or ()),
        legal_source=source_in(rule.legal_source, row.mine_town),
        explanation=explain(_words_for(rule, severity, could_be), told),
        advice=rule.advice,
    )


def _words_for(rule: RuleFile, severity: str, could_be: str | None) -> Mapping[str, str]:
    """The words of a severity; what is not certain has its own, or those of what it could be."""
    known = (severity, could_be or severity, "explain")
    return next(rule.explain[key] for key in known if key in rule.explain)


def other_of_row(row: Row[Any]) -> OtherObject | None:
    """The other occupation of a row; one without a stored id is a request of the same check."""
    if row.other_source is None or row.other_collection in OBJECTS:
        return None
    is_request = row.other_id is None
    return OtherObject(
        collection="request" if is_request else row.other_collection,
        source_id=row.reference if is_request else str(row.other_source),
        occupation_id=row.other_id,
        reference=row.reference,
        town=row.other_town,
        label=other_label(row.other_collection, row.use_type, row.kind, row.label),
        use_type=row.use_type,
        kind=row.kind,
        state=row.state,
        published=bool(row.published),
        period=Interval(row.other_start, row.other_end),
    )
