"""What a request would mean: its town, the findings and the fee. Nothing is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.alternatives import Alternatives, find_alternatives, is_worth_a_search
from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.check import CheckQuestion, CheckResult, check_question, place_question
from geo_service.conflicts.check_together import check_together
from geo_service.fees.calculate import Fee, FeeQuestion, calculate_fee
from geo_service.fees.in_force import tariff_in_force
from geo_service.fees.tariff import Tariff
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import Location, locate_many, located
from geo_service.occupations.match_detour import match_detours
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.use_request import UseRequest, occupation_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Assessment:
    """town: AGS or None outside every town. area_m2 in EPSG:25832. fee: None where the town has no tariff."""

    town: str | None
    area_m2: float
    check: CheckResult
    fee: Fee | None
    location: Location
    occupation: Occupation
    alternatives: Alternatives | None = None


def assess_request(
    session: Session, request: UseRequest, *, as_of: datetime, case_group: UUID | None = None
) -> Assessment:
    """Town, findings and fee of one request; `case_group` leaves the own case out of the comparison."""
    mine = occupation_of(request, filed_at=as_of)
    if case_group is not None:
        mine = replace(mine, case_group=case_group)
    question, around = place_question(session, mine, as_of=as_of)
    result = check_question(session, question, as_of=as_of, around=around)
    return _assessment(session, request, question, result)


def with_alternatives(
    session: Session, request: UseRequest, assessment: Assessment, *, as_of: datetime
) -> Assessment:
    """The assessment with another time and place, where something blocks and the request asks for them."""
    if not (request.alternatives and is_worth_a_search(assessment.check)):
        return assessment
    question = CheckQuestion(mine=assessment.occupation, location=assessment.location)
    found = find_alternatives(session, question, assessment.check, recurrence=request.recurrence, as_of=as_of)
    return replace(assessment, alternatives=found)


def assess_together(
    session: Session, requests: Sequence[UseRequest], *, names: Sequence[str], as_of: datetime
) -> list[Assessment]:
    """Several requests, each also against the others; findings among them call each by its name."""
    day = as_of.astimezone(TOWN_ZONE).date()
    locations = locate_many(session, [request.area for request in requests], day=day)
    mine = [
        replace(located(occupation_of(request, filed_at=as_of), at), reference=name)
        for request, name, at in zip(requests, names, locations, strict=True)
    ]
    named = [
        CheckQuestion(mine=occupation, location=at)
        for occupation, at in zip(match_detours(session, mine, day=day), locations, strict=True)
    ]
    results = check_together(session, named, as_of=as_of)
    triples = zip(requests, named, results, strict=True)
    return [_assessment(session, request, question, result) for request, question, result in triples]


def _assessment(
    session: Session, request: UseRequest, question: CheckQuestion, result: CheckResult
) -> Assessment:
    return Assessment(
        town=question.mine.town,
        area_m2=request.area_m2,
        check=result,
        fee=_fee(session, request, question.mine, result),
        location=question.location,
        occupation=question.mine,
    )


def _fee(session: Session, request: UseRequest, mine: Occupation, result: CheckResult) -> Fee | None:
    """What it costs by the tariff that is in force when it is asked; None where no tariff tells."""
    day = mine.filed_at.astimezone(TOWN_ZONE).date()
    kept = catalogue(session, mine.town, day).memo
    if "tariff" not in kept:
        kept["tariff"] = None if mine.town is None else tariff_in_force(session, mine.town, day)
    tariff: Tariff | None = kept["tariff"]
    if tariff is None:
        return None
    return calculate_fee(
        tariff,
        FeeQuestion(
            use_type=request.use_type,
            area_m2=request.area_m2,
            period=request.period,
            count=request.count,
            frontage_m=request.frontage_m,
            zone=request.zone,
            commercial=request.commercial,
            charitable=request.charitable,
            urgent=any(finding.number == "K23" for finding in result.findings),
        ),
    )
