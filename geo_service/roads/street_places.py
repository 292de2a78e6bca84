"""A place said in words instead of drawn: which stretch of which street, which side, how long, how deep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Invalid, NotFound
from geo_service.sql.loader import statements, text

Side = Literal["left", "right"]
Strip = Literal["houses", "kerb", "carriageway"]
Compass = Literal["n", "ne", "e", "se", "s", "sw", "w", "nw"]
_COMPASS: tuple[Compass, ...] = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


class NoSuchStretch(NotFound):
    """There is no such stretch of a street in this town."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stretch:
    """A street between two junctions. at_start, at_end: names of the streets that meet there.

    left, right: to which side of the sky each side of the street lies.
    """

    segment_id: str
    street_name: str
    length_m: float
    at_start: tuple[str, ...]
    at_end: tuple[str, ...]
    left: Compass
    right: Compass


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """at_m: its middle, metres from the start of the stretch; None = the middle of the stretch.

    length_m along the street, depth_m across it. strip: at the houses or at the kerb of the footway, or on
    the carriageway along its edge.
    """

    segment_id: str
    side: Side
    strip: Strip
    length_m: float
    depth_m: float
    at_m: float | None = None


def list_stretches(session: Session, town: str, names: Sequence[str]) -> tuple[Stretch, ...]:
    """The stretches of streets of these names (as stored) in a town (AGS), in order along the street."""
    asked = {"town": town, "names": list(names)}
    rows = session.execute(text(statements("street_places")["stretches_of_street"]), asked)
    return tuple(_stretch(row) for row in rows)


def place_on_stretch(session: Session, town: str, place: Place) -> dict[str, Any]:
    """The area as a GeoJSON Polygon in CRS84. Raises NoSuchStretch, or Invalid where it does not fit."""
    named = statements("street_places")["place_on_stretch"]
    asked = {
        "town": town, "segment_id": place.segment_id, "side": place.side, "strip": place.strip,
        "length_m": place.length_m, "depth_m": place.depth_m, "at_m": place.at_m or 0.0,
    }  # fmt: skip
    row = session.execute(text(named), asked).one_or_none()
    if row is None:
        raise NoSuchStretch()
    if place.length_m > row.length_m:
        raise _refused("length_m", f"This stretch is only {row.length_m:.0f} m long; draw the area instead.")
    if place.at_m is None:
        row = session.execute(text(named), asked | {"at_m": row.length_m / 2}).one()
    elif not place.length_m / 2 <= place.at_m + 0.01 <= row.length_m - place.length_m / 2 + 0.02:
        raise _refused("at_m", "There it would reach beyond the end of this stretch.")
    if row.area is None:
        raise _refused("strip", "How wide the street is there is not known; draw the area instead.")
    drawn: dict[str, Any] = orjson.loads(row.area)
    return drawn


def _refused(field: str, detail: str) -> Invalid:
    return Invalid(detail, errors=[FieldFault(f"/{field}", detail)])


def _stretch(row: Row[Any]) -> Stretch:
    left = round((row.azimuth or 0.0) / 45 - 2) % 8
    return Stretch(
        segment_id=row.segment_id,
        street_name=row.street_name,
        length_m=row.length_m,
        at_start=tuple(row.at_start or ()),
        at_end=tuple(row.at_end or ()),
        left=_COMPASS[left],
        right=_COMPASS[(left + 4) % 8],
    )
