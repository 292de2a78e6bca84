"""What a client sends about a use of the street; a stranger's property is an error with its pointer."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from geo_service.errors import BadInterval, FieldFault, GeoServiceError, Invalid
from geo_service.interval import Interval
from geo_service.occupations.incoming_geometry import read_geometry, read_line
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.occupations.use_request import TrafficOrder, UseRequest
from geo_service.occupations.use_types import use_types
from geo_service.web.period_body import PeriodProperties, bad_period
from geo_service.web.storable import StorableBody

Restriction = Literal[
    "full_closure", "full_closure_residents_free", "one_direction_closure", "half_closure_signals",
    "half_closure_priority", "lane_closure", "narrowing", "footway_closure", "cycleway_closure",
    "parking_closure", "none",
]  # fmt: skip
Guidance = Literal["unchanged", "emergency_path", "opposite_side", "diverted"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Takes = Literal["carriageway", "footway", "cycleway", "parking"]
Metres = Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]
Width = Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
Height = Annotated[float, Field(ge=-1_000, le=1_000, allow_inf_nan=False)]
_LONGEST_NAME = 100  # of a feature that is checked beside others
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


def _known_use(code: str) -> str:
    if code not in use_types():
        known = {"codes": ", ".join(use_types())}
        raise PydanticCustomError("unknown_use", "unknown use; one of {codes}", known)
    return code


class SeasonBody(StorableBody):
    """First and last day of a season, month-day, both included."""

    first: Annotated[MonthDay, Field(alias="from")]
    until: MonthDay


class RecurrenceBody(BaseModel):
    """When inside the period; a span that ends at or before it begins ends on the next day."""

    model_config = ConfigDict(extra="forbid")
    season: SeasonBody | None = None
    weekdays: list[Weekday] = []
    from_time: time | None = None
    until_time: time | None = None

    def to_recurrence(self) -> Recurrence:
        """The same as a value of the house."""
        season = None
        if self.season is not None:
            season = (_month_day(self.season.first), _month_day(self.season.until))
        return Recurrence(
            season=season,
            weekdays=frozenset(self.weekdays),
            from_time=self.from_time,
            until_time=self.until_time,
        )


def _month_day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)


class TrafficOrderBody(StorableBody):
    """A traffic order as the applicant or a clerk states it; civil days, both included."""

    number: Annotated[str, Field(max_length=100)] | None = None
    authority: Annotated[str, Field(max_length=200)] | None = None
    first: Annotated[date, Field(alias="from")]
    until: date


class UseProperties(PeriodProperties):
    """The properties of api.md section 3; filing adds its own in a subclass."""

    use_type: Annotated[str, AfterValidator(_known_use)]
    recurrence: RecurrenceBody | None = None
    restriction: Restriction = "none"
    takes: list[Takes] | None = None
    excavation: bool = False
    height_from_m: Height | None = None
    height_to_m: Height | None = None
    length_m: Metres | None = None
    depth_m: Metres | None = None
    area_declared_m2: Annotated[float, Field(gt=0, le=10_000_000, allow_inf_nan=False)] | None = None
    frontage_m: Metres | None = None
    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    zone: Annotated[str, Field(max_length=40)] | None = None
    commercial: bool | None = None
    charitable: bool | None = None
    remaining_carriageway_m: Width | None = None
    remaining_footway_m: Width | None = None
    pedestrian_guidance: Guidance | None = None
    cycle_guidance: Guidance | None = None
    detour: dict[str, Any] | None = None
    closed_segments: Annotated[list[str], Field(max_length=200, default_factory=list)]
    traffic_order: TrafficOrderBody | None = None
    consents: Annotated[
        list[Literal["road_owner", "fire_brigade", "replacement_stop"]],
        Field(max_length=20, default_factory=list),
    ]
    town: Annotated[str, Field(pattern=r"^[0-9]{8}$")] | None = None
    address_text: Annotated[str, Field(max_length=300)] | None = None
    urgent_reason: Annotated[str, Field(max_length=2_000)] | None = None
    language: Literal["de", "en"] = "de"
    alternatives: bool = False
    instead_of: Annotated[str, Field(max_length=60)] | None = None
    case_group: UUID | None = None


class UseFeature(BaseModel):
    """One use as a GeoJSON Feature in CRS84; foreign members beside the four are ignored.

    id: a text or number by which others in the same collection call this one; anything else is no name.
    """

    type: Literal["Feature"]
    id: Annotated[
        Any, Field(description="Text or number by which findings of a collection call this use")
    ] = None
    geometry: dict[str, Any] | None
    properties: UseProperties

    def to_request(self) -> UseRequest:
        """The request in EPSG:25832. Raises Invalid with a pointer for every fault of geometry and period."""
        return use_request(self.geometry, self.properties)


class UseFeatureCollection(BaseModel):
    """Up to 200 uses that are checked together."""

    type: Literal["FeatureCollection"]
    features: Annotated[list[UseFeature], Field(min_length=1, max_length=200)]

    def names(self) -> list[str]:
        """How findings call each: by its id where all have one of their own, else by its place from 1."""
        ids = [str(one.id) for one in self.features if _is_name(one.id)]
        if len(set(ids)) == len(self.features):
            return ids
        return [str(place) for place in range(1, len(self.features) + 1)]

    def to_requests(self) -> list[UseRequest]:
        """All requests; a fault's pointer begins with the feature's place."""
        requests = []
        for i, feature in enumerate(self.features):
            try:
                requests.append(feature.to_request())
            except GeoServiceError as error:
                faults = [FieldFault(f"/features/{i}{fault.pointer}", fault.detail) for fault in error.errors]
                raise type(error)(error.detail, errors=faults) from error
        return requests


def _is_name(value: object) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_NAME and "\0" not in value
    return isinstance(value, int) and not isinstance(value, bool) and len(str(value)) <= _LONGEST_NAME


def use_request(geometry: dict[str, Any] | None, properties: UseProperties) -> UseRequest:
    """Geometry and period read together, so that all their faults are told at once."""
    errors: list[GeoServiceError] = []
    period = area = detour = None
    try:
        period = properties.period()
    except GeoServiceError as error:
        errors.append(error)
    try:
        area = read_geometry(
            geometry, pointer="/geometry", length_m=properties.length_m, depth_m=properties.depth_m
        )
    except GeoServiceError as error:
        errors.append(error)
    try:
        detour = (
            None if properties.detour is None else read_line(properties.detour, pointer="/properties/detour")
        )
        _check_heights(properties)
        if period is not None and properties.recurrence is not None:
            expand(properties.recurrence.to_recurrence(), period)
    except BadInterval as error:
        errors.append(error if error.errors else bad_period("/properties/recurrence", error.detail))
    except GeoServiceError as error:
        errors.append(error)
    faults = [fault for found in errors for fault in found.errors]
    if errors or period is None or area is None:
        raise type(errors[0])(errors[0].detail, errors=faults)
    order = properties.traffic_order
    return UseRequest(
        period=period,
        area=area,
        detour=detour,
        recurrence=None if properties.recurrence is None else properties.recurrence.to_recurrence(),
        takes=None if properties.takes is None else frozenset(properties.takes),
        consents=frozenset(properties.consents),
        closed_segments=tuple(properties.closed_segments),
        traffic_order=None if order is None else traffic_order_of(order),
        **{name: getattr(properties, name) for name in _AS_THEY_ARE},
    )


_AS_THEY_ARE = (
    "use_type", "restriction", "excavation", "height_from_m", "height_to_m", "area_declared_m2",
    "frontage_m", "count", "zone", "commercial", "charitable", "remaining_carriageway_m",
    "remaining_footway_m", "pedestrian_guidance", "cycle_guidance", "town", "address_text",
    "urgent_reason", "language", "alternatives", "instead_of", "case_group",
)  # fmt: skip


def _check_heights(properties: UseProperties) -> None:
    low, high = properties.height_from_m or 0.0, properties.height_to_m
    if high is not None and high <= low:
        detail = "The upper height must lie above the lower one."
        raise Invalid(detail, errors=[FieldFault("/properties/height_to_m", detail)])


def traffic_order_of(order: TrafficOrderBody) -> TrafficOrder:
    """The same as a value of the house. Raises BadInterval."""
    if order.until < order.first:
        raise bad_period("/properties/traffic_order/until", "The last day lies before the first day.")
    return TrafficOrder(
        period=Interval.of_days(order.first, order.until), number=order.number, authority=order.authority
    )
