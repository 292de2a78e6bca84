"""What follows a town's border when the town is added or its border moves, and what stays.

Streets and what another system delivers (sites, events, schools, stops) are the town's they lie in, as the
next delivery would say. A case stays with the authority that opened it, and so does what its desk has drawn:
who is competent now is agreed between offices (§ 3 (3) VwVfG), not computed. What lies outside is listed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate_many
from geo_service.occupations.states import DESK
from geo_service.roads.assign_towns import assign_towns
from geo_service.sql.loader import statements, text

CHUNK = 500
_NAMED = statements("borders")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """A case or object of a desk that lies outside its town now; lies_in: AGS, None outside every town.

    name: reference or title.
    """

    collection: str
    name: str
    lies_in: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BorderFollowed:
    """segments, places: how many changed their town. moved: occupations that did. outside: what stayed."""

    segments: int
    places: int
    moved: tuple[int, ...]
    outside: tuple[Outside, ...]


NOTHING_FOLLOWED = BorderFollowed(segments=0, places=0, moved=(), outside=())


def follow_border(session: Session, ags: str) -> BorderFollowed:
    """Give what follows the border of the town `ags` to the town it lies in now.

    Runs as the operator, in the transaction that changed the boundary.
    """
    moved: list[dict[str, Any]] = []
    outside: list[Outside] = []
    for claim, lies_in, near in _located(session, ags):
        if claim.from_feed and lies_in != claim.town:
            moved.append({"occupation_id": claim.occupation_id, "town": lies_in})
        elif not claim.from_feed and claim.town == ags and ags not in near:
            name = claim.reference or claim.label or f"{claim.collection} {claim.occupation_id}"
            outside.append(Outside(collection=claim.collection, name=name, lies_in=lies_in))
    session.execute(text(_NAMED["move_claims"]), {"moved": orjson.dumps(moved).decode()})
    return BorderFollowed(
        segments=assign_towns(session, ags),
        places=sum(_assign_places(session, table, ags) for table in ("facility", "fire_area")),
        moved=tuple(each["occupation_id"] for each in moved),
        outside=tuple(outside),
    )


def _located(session: Session, ags: str) -> Iterator[tuple[Row[Any], str | None, set[str]]]:
    """Each claim at the border, the town it lies in, and all towns that are possible (within accuracy)."""
    rows = session.execute(text(_NAMED["claims_at_border"]), {"town": ags, "desk": DESK}).all()
    day = datetime.now(TOWN_ZONE).date()
    for start in range(0, len(rows), CHUNK):
        part = rows[start : start + CHUNK]
        areas = [shapely.from_wkb(row.area) for row in part]
        for row, location in zip(part, locate_many(session, areas, day=day), strict=True):
            yield row, location.town(row.town_chosen), {town.ags for town in location.towns}


def _assign_places(session: Session, table: str, ags: str) -> int:
    statement = text(_NAMED["assign_stored_places"].replace("«table»", table))
    return int(getattr(session.execute(statement, {"town": ags, "desk": DESK}), "rowcount", 0))
