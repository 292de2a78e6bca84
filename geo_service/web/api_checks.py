"""`POST /api/v1/conflict-checks`: what conflicts and what it costs, before anything is filed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Response

from geo_service.conflicts.finding import finding_document
from geo_service.identity.caller import Caller
from geo_service.permits.assess_request import Assessment, assess_request, assess_together
from geo_service.permits.permit_request import fee_document
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.use_request import UseFeature, UseFeatureCollection

router = APIRouter(prefix="/api/v1", tags=["conflict checks"])
_WORST = ("blocked", "review", "clear")

CheckBody = Annotated[UseFeature | UseFeatureCollection, Body(discriminator="type")]


@router.post("/conflict-checks")
def post_conflict_check(body: CheckBody, session: PublicSession, caller: CurrentCaller) -> Response:
    """Findings and fee of a use or of up to 200 uses together. Nothing is stored.

    `alternatives` is null: the service does not offer them yet.
    """
    as_of = datetime.now(UTC)
    if isinstance(body, UseFeature):
        document = assessment_document(assess_request(session, body.to_request(), as_of=as_of), caller)
    else:
        assessments = assess_together(session, body.to_requests(), as_of=as_of)
        checks = [assessment_document(assessment, caller) for assessment in assessments]
        verdicts = {check["verdict"] for check in checks}
        document = {"verdict": next(v for v in _WORST if v in verdicts), "checks": checks}
    return Response(
        orjson.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def assessment_document(assessment: Assessment, caller: Caller) -> dict[str, Any]:
    """The answer of api.md section 3, cut to the caller."""
    return {
        "verdict": assessment.check.verdict,
        "town": assessment.town,
        "towns_possible": [{"ags": town.ags, "name": town.name} for town in assessment.location.towns],
        "area_m2": round(assessment.area_m2, 2),
        "takes": None if assessment.occupation.takes is None else sorted(assessment.occupation.takes),
        "takes_derived": assessment.occupation.takes_derived,
        "fee": fee_document(assessment.fee),
        "findings": [finding_document(finding, caller) for finding in assessment.check.findings],
        "findings_total": assessment.check.findings_total,
        "alternatives": None,
    }
