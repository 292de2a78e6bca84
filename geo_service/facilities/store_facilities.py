"""Brings the facilities of a file in as an update, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
import shapely
from sqlalchemy.orm import Session

from geo_service.crs import ewkb_hex
from geo_service.facilities.facility import FacilityFile
from geo_service.roads.osm_segments import SOURCE as ROAD_SOURCE
from geo_service.sql.loader import statements, text

BUS_ROUTE = "bus_route"


@dataclass(frozen=True, kw_only=True, slots=True)
class KindCount:
    """What happened to one kind. gone: no longer in the file, and removed."""

    kind: str
    delivered: int
    added: int
    changed: int
    unchanged: int
    gone: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RouteMatch:
    """Stored bus routes and the segments they drive on. lines_unknown: road lines that are not stored."""

    routes: int
    segments: int
    lines: int
    lines_unknown: int


@dataclass(frozen=True, kw_only=True, slots=True)
class FacilityReport:
    """Counts of one import, for people and machines."""

    file: str
    source: str
    kinds: tuple[KindCount, ...]
    routes: RouteMatch
    left_out: dict[str, int]


def store_facilities(session: Session, file: FacilityFile) -> FacilityReport:
    """Write what the file holds, forget what it no longer holds, tie bus routes to segments.

    A file without any facility removes nothing. Does not commit; runs as the operator.
    """
    named = statements("facilities")
    session.execute(text(statements("roads")["no_statement_timeout"]))
    session.execute(text(named["lock_import"]))
    box = _box(file)
    kinds = [
        *_merge(session, "facility", file, box),
        *_merge(session, "fire_area", file, box),
        *_merge_routes(session, file, box),
    ]
    return FacilityReport(
        file=file.name,
        source=file.source,
        kinds=tuple(kinds),
        routes=match_routes(session),
        left_out=file.left_out,
    )


def match_routes(session: Session) -> RouteMatch:
    """Tie the stored bus routes to the stored segments anew; after a change of either."""
    row = session.execute(text(statements("facilities")["match_routes"])).one()
    return RouteMatch(
        routes=row.routes, segments=row.segments, lines=row.lines, lines_unknown=row.lines_unknown
    )


def _box(file: FacilityFile) -> dict[str, float] | None:
    """What the file covers, as far as can be seen: EPSG:25832 metres; None for a file without facilities."""
    places = [each.place for each in (*file.facilities, *file.fire_areas)]
    if not places:
        return None
    names = ("west_m", "south_m", "east_m", "north_m")
    return dict(zip(names, map(float, shapely.total_bounds(places)), strict=True))


def _merge(session: Session, table: str, file: FacilityFile, box: dict[str, float] | None) -> list[KindCount]:
    places = file.facilities if table == "facility" else file.fire_areas
    merge, remove = (
        text(statements("facilities")[name].replace("«table»", table))
        for name in ("merge_places", "remove_gone_places")
    )
    rows = [
        {
            "source_id": place.source_id,
            "kind": place.kind,
            "name": place.name,
            "place": ewkb_hex(place.place),
        }
        for place in places
    ]
    merged = session.execute(merge, {"source": file.source, "rows": orjson.dumps(rows).decode()}).all()
    gone: dict[str, int] = {}
    if box is not None:
        asked = {"source": file.source, "delivered": [place.source_id for place in places], **box}
        gone = {row.kind: row.gone for row in session.execute(remove, asked)}
    return _counts(merged, gone, prefix=table)


def _counts(merged: Sequence[Any], gone: dict[str, int], *, prefix: str) -> list[KindCount]:
    found = {row.kind: (row.delivered, row.added, row.changed) for row in merged}
    counts = []
    for kind in sorted({*found, *gone}):
        delivered, added, changed = found.get(kind, (0, 0, 0))
        counts.append(
            KindCount(
                kind=kind if prefix == "facility" else f"{prefix}:{kind}",
                delivered=delivered,
                added=added,
                changed=changed,
                unchanged=delivered - added - changed,
                gone=gone.get(kind, 0),
            )
        )
    return counts


def _merge_routes(session: Session, file: FacilityFile, box: dict[str, float] | None) -> list[KindCount]:
    named = statements("facilities")
    rows = [asdict(route) for route in file.routes]
    row = session.execute(
        text(named["merge_routes"]),
        {"source": file.source, "road_source": ROAD_SOURCE, "rows": orjson.dumps(rows).decode()},
    ).one()
    gone = 0
    if box is not None:
        asked = {
            "source": file.source,
            "delivered": [route.source_id for route in file.routes],
            **box,
        }
        removed = session.execute(text(named["remove_gone_routes"]), asked)
        gone = len(removed.all())
    if not row.delivered and not gone:
        return []
    return [
        KindCount(
            kind=BUS_ROUTE,
            delivered=row.delivered,
            added=row.added,
            changed=row.changed,
            unchanged=row.delivered - row.added - row.changed,
            gone=gone,
        )
    ]
