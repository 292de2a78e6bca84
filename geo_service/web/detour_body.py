"""A signed detour as a clerk states it, and as it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field

from geo_service.construction.save_detour import Detour
from geo_service.occupations.incoming_geometry import read_line
from geo_service.occupations.states import DESK
from geo_service.permits.permit_document import instant
from geo_service.town_objects.kind import Kept
from geo_service.towns.town import Town
from geo_service.web.object_body import Faults, ObjectFeature, State, Title, unmoved
from geo_service.web.object_words import period_words
from geo_service.web.override_body import StatedOverrides
from geo_service.web.period_body import PeriodProperties

Modes = Annotated[
    list[Literal["car", "bicycle", "foot", "bus"]],
    Field(min_length=1, max_length=4, default_factory=lambda: ["car"]),
]


class DetourProperties(PeriodProperties):
    """A way around a closure. belongs_to: id of the site, event or permit of the own town that needs it."""

    title: Title
    state: State = "planned"
    modes: Modes
    belongs_to: UUID | None = None
    overrides: StatedOverrides


class DetourFeature(ObjectFeature[DetourProperties]):
    """A detour as a Feature; its geometry is a line."""

    def to_object(self, town: Town, kept: Kept[Detour] | None) -> Detour:
        """The detour in EPSG:25832, signed by `town`. Raises Invalid with pointers."""
        stated, faults, before = self.properties, Faults(), kept.object if kept else None
        period = faults.read(lambda: stated.period(open_end=True))
        way = faults.read(lambda: read_line(self.geometry, pointer="/geometry"))
        faults.refuse()
        assert period is not None and way is not None
        if before is None:
            before = Detour(
                detour_id=uuid4(), title="", way=way, period=period, state="planned", source=DESK,
                town=town.ags, demo=town.demo,
            )  # fmt: skip
        return replace(
            before,
            title=stated.title,
            state=stated.state,
            way=unmoved(way, before.way),
            period=period,
            modes=frozenset(stated.modes),
            belongs_to=stated.belongs_to,
        )


def detour_words(detour: Detour) -> dict[str, Any]:
    """The properties of a detour, for the desk of its town."""
    words = period_words(detour.period)
    del words["recurrence"]
    return {
        "title": detour.title,
        **words,
        "modes": sorted(detour.modes),
        "belongs_to": None if detour.belongs_to is None else str(detour.belongs_to),
        "source": detour.source,
        "source_id": detour.source_id,
        "demo": detour.demo,
        "filed_at": instant(detour.filed_at),
    }
