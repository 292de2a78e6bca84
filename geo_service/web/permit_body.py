"""What a client sends about a case: the request as a Feature, and a step."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.permits.applicant import Applicant
from geo_service.permits.decide_permit import Move
from geo_service.permits.permit_request import PermitRequest
from geo_service.web.override_body import OverrideBody
from geo_service.web.storable import MailAddress, StorableBody, one_line
from geo_service.web.use_request import UseProperties, use_request

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]


class ApplicantBody(StorableBody):
    """Who asks. A name and one way to reach the person."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(one_line)
    ]
    email: MailAddress | None = None
    address: Line | None = None
    phone: Line | None = None

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if not (self.email or self.address or self.phone):
            raise PydanticCustomError(
                "not_reachable", "One of email, address or phone is needed, so that the town can answer."
            )
        return self

    def to_applicant(self) -> Applicant:
        """The same as a value of the house."""
        return Applicant(
            name=self.name, email=self.email or None, address=self.address or None, phone=self.phone or None
        )


class PermitProperties(UseProperties):
    """The properties of a use, and what filing adds."""

    purpose: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] | None = None
    applicant: ApplicantBody | None = None
    status: Literal["draft", "submitted"] = "submitted"


class PermitFeature(BaseModel):
    """A request as a GeoJSON Feature in CRS84."""

    type: Literal["Feature"]
    geometry: dict[str, Any] | None
    properties: PermitProperties

    def to_request(self, caller: Caller) -> PermitRequest:
        """The request in EPSG:25832. Raises Invalid with pointers, also for what only a clerk may state."""
        stated = self.properties
        if not caller.at_desk:
            reserved = {"consents": stated.consents, "case_group": stated.case_group}
            faults = [
                FieldFault(f"/properties/{name}", "Only a clerk of the town can state this.")
                for name, value in reserved.items()
                if value
            ]
            if faults:
                raise Invalid("Some fields are not valid.", errors=faults)
        return PermitRequest(
            use=use_request(self.geometry, stated),
            purpose=stated.purpose or None,
            applicant=None if stated.applicant is None else stated.applicant.to_applicant(),
            draft=stated.status == "draft",
        )


class ConditionBody(StorableBody):
    """A condition of the permit."""

    code: Annotated[str, StringConstraints(max_length=60)] | None = None
    text: Words


class MoveBody(StorableBody):
    """One step."""

    to: Annotated[str, StringConstraints(max_length=40)]
    reason: Words | None = None
    reason_code: Annotated[str, StringConstraints(max_length=60)] | None = None
    conditions: Annotated[list[ConditionBody], Field(max_length=100)] | None = None
    overrides: Annotated[list[OverrideBody], Field(max_length=200, default_factory=list)]
    also_revoke: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=40)]],
        Field(
            max_length=20,
            default_factory=list,
            description="With `to: revoked`: references of extensions in force, revoked in the same step",
        ),
    ]

    def to_move(self, versions: frozenset[int] | None) -> Move:
        """The same as a value of the house."""
        return Move(
            to=self.to,
            reason=self.reason or None,
            reason_code=self.reason_code,
            conditions=None if self.conditions is None else tuple(c.model_dump() for c in self.conditions),
            overrides=tuple(o.to_override() for o in self.overrides),
            versions=versions,
            also_revoke=tuple(dict.fromkeys(self.also_revoke)),
        )
