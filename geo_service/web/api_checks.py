"""`POST /api/v1/conflict-checks`: what conflicts and what it costs, before anything is filed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session
from starlette.types import Receive, Scope, Send

from geo_service.conflicts.alternatives import alternatives_document
from geo_service.conflicts.detour_offer import DetourOffer
from geo_service.conflicts.finding import finding_document
from geo_service.errors import FieldFault, Invalid, NotFound
from geo_service.identity.caller import Caller
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.assess_request import (
    Assessment,
    assess_request,
    assess_together,
    with_alternatives,
)
from geo_service.permits.offer_detour import offer_for_assessment
from geo_service.permits.permit_request import fee_document
from geo_service.sql.loader import statements, text
from geo_service.web.limits import limit_checks
from geo_service.web.scope import read_caller
from geo_service.web.use_request import UseFeature, UseFeatureCollection

_CASE_GROUP = text(statements("conflicts")["case_group_of_token"])
_JSON = (b"content-type", b"application/json")
_WORST = ("blocked", "review", "clear")

CheckBody = Annotated[UseFeature | UseFeatureCollection, Body(discriminator="type")]
_CHECK_BODY: TypeAdapter[UseFeature | UseFeatureCollection] = TypeAdapter(CheckBody)


class _CheckRoute(APIRoute):
    """A right body goes straight to the check: the usual way to it takes a tenth as long as the check itself.

    Whatever is not right goes the usual way, and is answered there.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, whose body web/limits.py has read."""
        if scope["method"] != "POST" or _JSON not in scope["headers"]:
            return await super().handle(scope, receive, send)
        try:
            body = _CHECK_BODY.validate_json(scope["state"]["body"])
        except ValidationError:
            return await super().handle(scope, receive, send)
        response = await run_in_threadpool(post_conflict_check, body, Request(scope, receive))
        return await response(scope, receive, send)


router = APIRouter(prefix="/api/v1", tags=["conflict checks"], route_class=_CheckRoute)


@router.post("/conflict-checks")
def post_conflict_check(body: CheckBody, request: Request) -> Response:
    """Findings and fee of a use or of up to 200 uses together. Nothing is stored.

    `instead_of` names the own case, which is left out; its token (`token` or `X-Permit-Token`) must be right.
    A browser that is signed in by cookie sends `X-CSRF-Token` here too: one rule for everything it posts,
    because a signed-in caller is not counted, and another site must not borrow that.
    `alternatives` are told of a single use that asks for them and is blocked by more than the competence.
    `detour_offer`: a way around a full closure without a stated detour, null where there is none.
    """
    as_of = datetime.now(UTC)
    # One function and one session instead of dependencies: each of those costs a change of thread.
    with request.app.state.reading_sessions.session() as session:
        caller = read_caller(request, session, request.headers.get("x-csrf-token"))
        limit_checks(request, caller)
        if isinstance(body, UseFeature):
            use = body.to_request()
            own = _own_case(session, request, use.instead_of)
            assessment = assess_request(session, use, as_of=as_of, case_group=own)
            offer = offer_for_assessment(session, assessment, as_of=as_of)
            assessment = with_alternatives(session, use, assessment, as_of=as_of)
            document = assessment_document(assessment, caller, offer)
        else:
            uses = body.to_requests()
            _refuse_own_cases(uses)
            assessments = assess_together(session, uses, names=body.names(), as_of=as_of)
            checks = [
                assessment_document(
                    each, caller, offer_for_assessment(session, each, assessments, as_of=as_of)
                )
                for each in assessments
            ]
            verdicts = {check["verdict"] for check in checks}
            document = {"verdict": next(v for v in _WORST if v in verdicts), "checks": checks}
    return Response(
        orjson.dumps(document), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


def _refuse_own_cases(uses: Sequence[UseRequest]) -> None:
    """One token opens one case, so a collection cannot name own cases. Raises Invalid."""
    detail = "Only a single use can stand instead of an own case; check it alone."
    faults = [
        FieldFault(f"/features/{place}/properties/instead_of", detail)
        for place, use in enumerate(uses)
        if use.instead_of is not None
    ]
    if faults:
        raise Invalid(detail, errors=faults)


def _own_case(session: Session, request: Request, reference: str | None) -> UUID | None:
    """The group of the case that a request stands instead of. Raises NotFound without its right token."""
    if reference is None:
        return None
    token = request.headers.get("x-permit-token") or request.query_params.get("token")
    row = session.execute(_CASE_GROUP, {"reference": reference, "token": token}).one_or_none()
    if row is None:
        raise NotFound("There is no case with this reference and token.")
    return UUID(str(row.case_group))


def assessment_document(
    assessment: Assessment, caller: Caller, detour_offer: DetourOffer | None
) -> dict[str, Any]:
    """The answer of api.md section 3, cut to the caller."""
    return {
        "verdict": assessment.check.verdict,
        "town": assessment.town,
        "towns_possible": [{"ags": town.ags, "name": town.name} for town in assessment.location.towns],
        "area_m2": round(assessment.area_m2, 2),
        "takes": None if assessment.occupation.takes is None else sorted(assessment.occupation.takes),
        "takes_derived": assessment.occupation.takes_derived,
        "street_known": bool(assessment.location.streets),
        "fee": fee_document(assessment.fee),
        "findings": [finding_document(finding, caller) for finding in assessment.check.findings],
        "findings_total": assessment.check.findings_total,
        "alternatives": alternatives_document(assessment.alternatives),
        "detour_offer": None if detour_offer is None else detour_offer.document(),
    }
