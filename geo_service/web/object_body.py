"""What the bodies of all kinds share: the Feature, its place, and every fault told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

from pydantic import BaseModel, StringConstraints
from shapely.geometry.base import BaseGeometry

from geo_service.errors import BadInterval, FieldFault, GeoServiceError
from geo_service.interval import Interval
from geo_service.occupations.incoming_geometry import read_geometry, read_line
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.occupations.use_request import TrafficOrder
from geo_service.web.period_body import bad_period
from geo_service.web.storable import StorableBody
from geo_service.web.use_request import Metres, RecurrenceBody, TrafficOrderBody, traffic_order_of

P = TypeVar("P", bound=StorableBody)
T = TypeVar("T")
SAME_M = 0.02  # seven decimals of a degree are a centimetre
V = TypeVar("V")

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
State = Literal["planned", "confirmed", "active", "ended", "cancelled"]


class Measured(Protocol):
    """Properties that widen a point or a line."""

    length_m: Metres | None
    depth_m: Metres | None


class Faults:
    """Collects what is wrong with a body, so that a client learns all of it at once."""

    def __init__(self) -> None:
        self.found: list[GeoServiceError] = []

    def read(self, one: Callable[[], V]) -> V | None:
        """The value that `one` reads, or None and its faults noted."""
        try:
            return one()
        except GeoServiceError as error:
            self.found.append(error)
            return None

    def refuse(self) -> None:
        """Raises the first error with the faults of all."""
        if self.found:
            first = self.found[0]
            faults = [fault for error in self.found for fault in error.errors]
            raise type(first)(first.detail, errors=faults or [FieldFault("/properties", first.detail)])


class ObjectFeature(BaseModel, Generic[P]):
    """A GeoJSON Feature in CRS84; foreign members beside the three are ignored."""

    type: Literal["Feature"]
    geometry: dict[str, Any] | None
    properties: P


def area_of(
    geometry: dict[str, Any] | None, stated: Measured, before: BaseGeometry | None = None
) -> BaseGeometry:
    """The area in EPSG:25832; `before`, if that is what was drawn. Raises BadGeometry with the place."""
    area = read_geometry(geometry, pointer="/geometry", length_m=stated.length_m, depth_m=stated.depth_m)
    return unmoved(area, before)


def unmoved(drawn: BaseGeometry, before: BaseGeometry | None) -> BaseGeometry:
    """`before` where the drawing is the same: what was read in degrees comes back a few millimetres off."""
    if before is not None and before.hausdorff_distance(drawn) < SAME_M:
        return before
    return drawn


def line_of(geometry: dict[str, Any] | None, pointer: str) -> BaseGeometry | None:
    """A line in EPSG:25832, None for none. Raises BadGeometry with the place."""
    return None if geometry is None else read_line(geometry, pointer=pointer)


def recurrence_of(stated: RecurrenceBody | None, period: Interval | None) -> Recurrence | None:
    """The pattern, tried on its period. Raises BadInterval when it never falls into it."""
    if stated is None:
        return None
    recurrence = stated.to_recurrence()
    if period is not None:
        try:
            expand(recurrence, period)
        except BadInterval as error:
            raise bad_period("/properties/recurrence", error.detail) from error
    return recurrence


def order_of(stated: TrafficOrderBody | None) -> TrafficOrder | None:
    """The traffic order as a value of the house, None for none. Raises BadInterval."""
    return None if stated is None else traffic_order_of(stated)
