"""The detour that somebody is offered who closes a street and names none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckQuestion, OtherRequest
from geo_service.conflicts.detour_offer import DetourOffer, find_detour_offer
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate
from geo_service.occupations.row import get_occupation
from geo_service.permits.assess_request import Assessment
from geo_service.permits.permit import Permit
from geo_service.permits.states import UNDECIDED


def offer_for_assessment(
    session: Session, assessment: Assessment, together: Sequence[Assessment] = (), *, as_of: datetime
) -> DetourOffer | None:
    """For a use that is not stored; the closures of those that are checked `together` with it are avoided."""
    others = tuple(
        OtherRequest(occupation=each.occupation, streets=each.location.streets)
        for each in together
        if each is not assessment
    )
    question = CheckQuestion(mine=assessment.occupation, location=assessment.location, others=others)
    return find_detour_offer(session, question, as_of=as_of)


def offer_for_case(session: Session, permit: Permit, *, as_of: datetime) -> DetourOffer | None:
    """For an undecided case; None once it is decided."""
    if permit.status not in UNDECIDED:
        return None
    mine = get_occupation(session, permit.occupation_id)
    location = locate(session, mine.area, day=as_of.astimezone(TOWN_ZONE).date())
    return find_detour_offer(session, CheckQuestion(mine=mine, location=location), as_of=as_of)
