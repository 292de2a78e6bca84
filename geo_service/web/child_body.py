"""What a client sends to change a permit in force: a kind, and what shall be different as a Feature."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from geo_service.errors import BadInterval, FieldFault, Invalid
from geo_service.interval import midnight
from geo_service.occupations.incoming_geometry import read_geometry
from geo_service.permits.child_permit import Change, ChildKind
from geo_service.web.period_body import PeriodProperties, bad_period
from geo_service.web.permit_body import ApplicantBody
from geo_service.web.use_request import Metres, TrafficOrderBody, traffic_order_of

_ALWAYS = frozenset({"purpose", "urgent_reason", "traffic_order"})
_END, _START = frozenset({"until", "end"}), frozenset({"first", "start"})
_AREA = frozenset({"length_m", "depth_m"})
_MAY_CHANGE: dict[ChildKind, frozenset[str]] = {
    "extension": _END,
    "reduction": _START | _END | _AREA,
    "enlargement": _AREA,
    "shift": _START | _END | _AREA,
    "new_holder": _START | {"applicant"},
}
_MAY_DRAW = ("reduction", "enlargement", "shift")


class ChildProperties(PeriodProperties):
    """Only what changes. `until` or `end` of an extension is the new end."""

    applicant: ApplicantBody | None = None
    purpose: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000)] | None = None
    urgent_reason: Annotated[str, Field(max_length=2_000)] | None = None
    traffic_order: TrafficOrderBody | None = None
    length_m: Metres | None = None
    depth_m: Metres | None = None


class ChildFeature(BaseModel):
    """A change as a GeoJSON Feature in CRS84 with a kind; `geometry` null or absent: the area stays."""

    type: Literal["Feature"] = "Feature"
    kind: ChildKind
    geometry: dict[str, Any] | None = None
    properties: ChildProperties

    def to_change(self) -> Change:
        """The same in EPSG:25832 and instants. Raises Invalid with pointers."""
        stated = self.properties
        self._refuse_strange()
        area = None
        if self.geometry is not None:
            area = read_geometry(
                self.geometry, pointer="/geometry", length_m=stated.length_m, depth_m=stated.depth_m
            )
        start = midnight(stated.first) if stated.first else stated.start
        end = midnight(stated.until + timedelta(days=1)) if stated.until else stated.end
        if start is not None and end is not None and end <= start:
            raise bad_period("/properties/until", "The last day lies before the first day.")
        return Change(
            kind=self.kind,
            area=area,
            start=start,
            end=end,
            applicant=None if stated.applicant is None else stated.applicant.to_applicant(),
            purpose=stated.purpose or None,
            urgent_reason=stated.urgent_reason or None,
            traffic_order=None if stated.traffic_order is None else traffic_order_of(stated.traffic_order),
        )

    def _refuse_strange(self) -> None:
        fields = type(self.properties).model_fields
        strange = {
            name
            for name in fields
            if getattr(self.properties, name) is not None and name not in _ALWAYS | _MAY_CHANGE[self.kind]
        }
        faults = [
            FieldFault(
                f"/properties/{fields[name].alias or name}", "This kind of change leaves that as it is."
            )
            for name in sorted(strange)
        ]
        if self.geometry is not None and self.kind not in _MAY_DRAW:
            faults.append(FieldFault("/geometry", "This kind of change leaves that as it is."))
        if faults:
            raise Invalid("Some fields are not valid.", errors=faults)
        years = [day.year for day in (self.properties.first, self.properties.until, self.properties.start,
                                      self.properties.end) if day is not None]  # fmt: skip
        if any(not 1900 <= year <= 2200 for year in years):
            raise BadInterval(errors=[FieldFault("/properties/from", "The year is not plausible.")])
