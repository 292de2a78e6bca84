"""What somebody files, and what must be so before it counts as filed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.assess_request import Assessment
from geo_service.towns.town import Town, get_town


class IncompleteRequest(Invalid):
    """Something is missing before this can be filed."""


class TownTakesNoRequests(Invalid):
    """The town does not take requests through this service."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PermitRequest:
    """A use, what for and by whom; `draft` keeps it unfiled. `applicant` None keeps the known one."""

    use: UseRequest
    purpose: str | None = None
    applicant: Applicant | None = None
    draft: bool = False


def get_deciding_town(session: Session, assessment: Assessment) -> Town:
    """The town that decides. Raises IncompleteRequest outside every town."""
    if assessment.town is None:
        detail = "The area lies outside every town of this service, so nobody could decide about it."
        raise IncompleteRequest(detail, errors=[FieldFault("/geometry", detail)])
    return get_town(session, assessment.town)


def require_complete(
    request: PermitRequest, assessment: Assessment, town: Town, *, as_of: datetime | None
) -> None:
    """The guard of submitting (domain.md section 5). Raises IncompleteRequest or TownTakesNoRequests.

    as_of: None where the period is not asked for anew, so that time that has passed is nobody's fault.
    """
    if not town.accepts_requests:
        contact = town.texts(request.use.language).contact
        detail = f"{town.name} does not take requests through this service. Please ask there: {contact}"
        raise TownTakesNoRequests(detail, errors=[FieldFault("/geometry", detail)])
    faults = []
    if request.applicant is None:
        faults.append(FieldFault("/properties/applicant", "Who asks? At least a name is needed."))
    end = request.use.period.end
    if as_of is not None and end is not None and end <= as_of:
        faults.append(FieldFault("/properties/until", "The period is over already."))
    elif as_of is not None and is_urgent(assessment) and not (request.use.urgent_reason or "").strip():
        detail = "The start is nearer than the lead time; say why it is urgent."
        faults.append(FieldFault("/properties/urgent_reason", detail))
    if faults:
        raise IncompleteRequest(errors=faults)


def is_urgent(assessment: Assessment) -> bool:
    """True if a rule on lead times spoke: they know the use, the restriction and the town's values."""
    return any(finding.number == "K23" for finding in assessment.check.findings)


def fee_document(fee: Any) -> Mapping[str, Any] | None:
    """The fee as JSON: amounts as text with two decimals; None where the town has no tariff."""
    if fee is None:
        return None
    return {
        "total_eur": f"{fee.total_eur:.2f}",
        "lines": [
            {"text": line.text, "text_en": line.text_en, "amount_eur": f"{line.amount_eur:.2f}"}
            for line in fee.lines
        ],
        "official": fee.official,
        "tariff_from": fee.tariff_from.isoformat(),
        "surcharges_eur": f"{fee.surcharges_eur:.2f}",
        "urgent": fee.urgent,
    }


def fee_as_set(
    before: Mapping[str, Any] | None, calculated: Mapping[str, Any] | None
) -> Mapping[str, Any] | None:
    """The fee of a case asked for anew: an amount that the desk has set stays, beside the tariff's of now."""
    if before is not None and "set" in before:
        return {**before, "set": {**before["set"], "calculated": calculated}}
    return calculated
