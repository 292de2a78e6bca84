"""Blackouts, no-dig periods, reinstatements and fire areas as a clerk states them, and as they are told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from geo_service.occupations.use_types import use_types
from geo_service.town_objects.kind import Kept
from geo_service.towns.town import Town
from geo_service.web.object_body import Faults, ObjectFeature, Title, area_of, recurrence_of
from geo_service.web.object_words import period_words
from geo_service.web.period_body import PeriodProperties
from geo_service.web.storable import StorableBody
from geo_service.web.use_request import Metres, RecurrenceBody
from geo_service.zones.blackout import ALL, DIGGING, Blackout
from geo_service.zones.fire_area import FireArea
from geo_service.zones.no_dig_period import NoDigPeriod
from geo_service.zones.reinstatement import Reinstatement


def _refusable(code: str) -> str:
    if code not in (ALL, DIGGING) and code not in use_types():
        known = {"codes": ", ".join((ALL, DIGGING, *use_types()))}
        raise PydanticCustomError("unknown_use", "unknown use; one of {codes}", known)
    return code


Refusable = Annotated[str, AfterValidator(_refusable)]


class BlackoutProperties(PeriodProperties):
    """What is refused and when. refuses: `all`, `digging` or codes of uses."""

    title: Title
    recurrence: RecurrenceBody | None = None
    refuses: Annotated[list[Refusable], Field(min_length=1, max_length=50)]
    length_m: Metres | None = None
    depth_m: Metres | None = None


class BlackoutFeature(ObjectFeature[BlackoutProperties]):
    """A blackout as a Feature."""

    def to_object(self, town: Town, kept: Kept[Blackout] | None) -> Blackout:
        """The blackout in EPSG:25832. Raises Invalid with pointers."""
        stated, faults = self.properties, Faults()
        period = faults.read(lambda: stated.period(open_end=True))
        area = faults.read(lambda: area_of(self.geometry, stated, kept.object.area if kept else None))
        recurrence = faults.read(lambda: recurrence_of(stated.recurrence, period))
        faults.refuse()
        assert period is not None and area is not None
        return Blackout(
            blackout_id=kept.object_id if kept else uuid4(),
            town=town.ags,
            title=stated.title,
            area=area,
            period=period,
            recurrence=recurrence,
            refuses=tuple(dict.fromkeys(stated.refuses)),
            demo=town.demo,
        )


def blackout_words(blackout: Blackout) -> dict[str, Any]:
    """The properties of a blackout."""
    return {
        "title": blackout.title,
        **period_words(blackout.period, blackout.recurrence),
        "refuses": list(blackout.refuses),
        "demo": blackout.demo,
    }


class NoDigProperties(PeriodProperties):
    """From when to when nobody digs there."""

    title: Title
    length_m: Metres | None = None
    depth_m: Metres | None = None


class NoDigFeature(ObjectFeature[NoDigProperties]):
    """A no-dig period as a Feature."""

    def to_object(self, town: Town, kept: Kept[NoDigPeriod] | None) -> NoDigPeriod:
        """The no-dig period in EPSG:25832. Raises Invalid with pointers."""
        stated, faults = self.properties, Faults()
        period = faults.read(lambda: stated.period(open_end=True, limited=False))
        area = faults.read(lambda: area_of(self.geometry, stated, kept.object.area if kept else None))
        faults.refuse()
        assert period is not None and area is not None
        return NoDigPeriod(
            no_dig_period_id=kept.object_id if kept else uuid4(),
            town=town.ags,
            title=stated.title,
            area=area,
            period=period,
            segment_id=kept.object.segment_id if kept else None,
        )


def no_dig_words(quiet: NoDigPeriod) -> dict[str, Any]:
    """The properties of a no-dig period."""
    words = period_words(quiet.period)
    del words["recurrence"]
    return {"title": quiet.title, **words, "segment": quiet.segment_id, "source": quiet.source}


class ReinstatementProperties(StorableBody):
    """When a closed dig was accepted. source_id: the permit or site of the own town that dug."""

    title: Title
    accepted_on: date
    source_id: UUID | None = None
    length_m: Metres | None = None
    depth_m: Metres | None = None


class ReinstatementFeature(ObjectFeature[ReinstatementProperties]):
    """A reinstatement as a Feature."""

    def to_object(self, town: Town, kept: Kept[Reinstatement] | None) -> Reinstatement:
        """The reinstatement in EPSG:25832. Raises Invalid with pointers."""
        stated = self.properties
        return Reinstatement(
            reinstatement_id=kept.object_id if kept else uuid4(),
            town=town.ags,
            title=stated.title,
            area=area_of(self.geometry, stated, kept.object.area if kept else None),
            accepted_on=stated.accepted_on,
            source_id=stated.source_id,
            demo=town.demo,
        )


def reinstatement_words(closed: Reinstatement) -> dict[str, Any]:
    """The properties of a reinstatement."""
    return {
        "title": closed.title,
        "accepted_on": closed.accepted_on.isoformat(),
        "source_id": None if closed.source_id is None else str(closed.source_id),
        "demo": closed.demo,
    }


class FireAreaProperties(StorableBody):
    """What the fire brigade does there."""

    title: Title
    kind: Literal["drive", "stand", "movement", "unknown"] = "unknown"
    length_m: Metres | None = None
    depth_m: Metres | None = None


class FireAreaFeature(ObjectFeature[FireAreaProperties]):
    """An area of the fire brigade as a Feature."""

    def to_object(self, town: Town, kept: Kept[FireArea] | None) -> FireArea:
        """The area in EPSG:25832. Raises Invalid with pointers."""
        stated = self.properties
        area = area_of(self.geometry, stated, kept.object.area if kept else None)
        if kept is not None:
            return replace(kept.object, title=stated.title, kind=stated.kind, area=area)
        return FireArea(
            object_id=uuid4(), town=town.ags, title=stated.title, kind=stated.kind, area=area, demo=town.demo
        )


def fire_area_words(spot: FireArea) -> dict[str, Any]:
    """The properties of an area of the fire brigade."""
    return {
        "title": spot.title,
        "kind": spot.kind,
        "source": spot.source,
        "source_id": spot.source_id,
        "demo": spot.demo,
    }
