"""The seven kinds of things that a desk keeps on its map, as the case API and the desk's pages offer them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, Protocol, TypeVar

from geo_service.construction.kept_detours import DETOURS
from geo_service.construction.kept_sites import SITES
from geo_service.events.kept_events import EVENTS
from geo_service.interval import Interval, midnight
from geo_service.town_objects.kind import Kept, Kind
from geo_service.towns.town import Town
from geo_service.web.detour_body import DetourFeature, detour_words
from geo_service.web.event_body import EventFeature, event_words
from geo_service.web.site_body import SiteFeature, site_words
from geo_service.web.zone_bodies import (
    BlackoutFeature,
    FireAreaFeature,
    NoDigFeature,
    ReinstatementFeature,
    blackout_words,
    fire_area_words,
    no_dig_words,
    reinstatement_words,
)
from geo_service.zones.blackout import BLACKOUTS
from geo_service.zones.fire_area import FIRE_AREAS
from geo_service.zones.no_dig_period import NO_DIG_PERIODS
from geo_service.zones.reinstatement import REINSTATEMENTS

T = TypeVar("T")


class Feature(Protocol[T]):
    """A body that can be read as an object of its kind."""

    def to_object(self, town: Town, kept: Kept[T] | None) -> T:
        """What is stated; `kept` is what it stands instead of."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class InForce:
    """When a place has its effect; spans None = all the time."""

    period: Interval
    spans: tuple[Interval, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ServedKind(Generic[T]):
    """One kind as it is served. path: in addresses. one: in the names of operations.

    feature: how its body is read. words: its properties. state_list: the labels of its states in codes.yaml.
    in_force: of places only: when they have their effect on what stands there.
    """

    kind: Kind[T]
    path: str
    one: str
    feature: type[Any]
    words: Callable[[T], dict[str, Any]]
    state_list: str
    kind_list: str | None = None
    in_force: Callable[[T], InForce] | None = None

    @property
    def occupies(self) -> bool:
        """True if it stands in the street and has findings; a place has none of its own."""
        return self.in_force is None


def _always() -> InForce:
    return InForce(period=Interval(datetime.now(UTC)))


SITES_SERVED = ServedKind(
    kind=SITES,
    path="construction-sites",
    one="construction_site",
    feature=SiteFeature,
    words=site_words,
    state_list="site_state",
    kind_list="kind",
)
EVENTS_SERVED = ServedKind(
    kind=EVENTS,
    path="events",
    one="event",
    feature=EventFeature,
    words=event_words,
    state_list="event_state",
    kind_list="event_kind",
)
DETOURS_SERVED = ServedKind(
    kind=DETOURS,
    path="detours",
    one="detour",
    feature=DetourFeature,
    words=detour_words,
    state_list="site_state",
)
BLACKOUTS_SERVED = ServedKind(
    kind=BLACKOUTS,
    path="blackouts",
    one="blackout",
    feature=BlackoutFeature,
    words=blackout_words,
    state_list="zone_state",
    in_force=lambda blackout: InForce(period=blackout.period, spans=blackout.spans()),
)
NO_DIG_PERIODS_SERVED = ServedKind(
    kind=NO_DIG_PERIODS,
    path="no-dig-periods",
    one="no_dig_period",
    feature=NoDigFeature,
    words=no_dig_words,
    state_list="zone_state",
    in_force=lambda quiet: InForce(period=quiet.period),
)
REINSTATEMENTS_SERVED = ServedKind(
    kind=REINSTATEMENTS,
    path="reinstatements",
    one="reinstatement",
    feature=ReinstatementFeature,
    words=reinstatement_words,
    state_list="zone_state",
    in_force=lambda closed: InForce(period=Interval(midnight(closed.accepted_on))),
)
FIRE_AREAS_SERVED = ServedKind(
    kind=FIRE_AREAS,
    path="fire-areas",
    one="fire_area",
    feature=FireAreaFeature,
    words=fire_area_words,
    state_list="zone_state",
    kind_list="fire_area_kind",
    in_force=lambda _: _always(),
)
SERVED: tuple[ServedKind[Any], ...] = (
    SITES_SERVED, EVENTS_SERVED, DETOURS_SERVED, BLACKOUTS_SERVED, NO_DIG_PERIODS_SERVED,
    REINSTATEMENTS_SERVED, FIRE_AREAS_SERVED,
)  # fmt: skip
