"""`/towns/{slug}/desk/map`: everything in town, what is under review and places with a rule of their own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy import Row

from geo_service.errors import FieldFault, Malformed, NotFound
from geo_service.identity.caller import require_desk
from geo_service.interval import Interval
from geo_service.sql.loader import statements, text
from geo_service.town_objects.kind import Kind
from geo_service.towns.town import get_town
from geo_service.web.labels import label
from geo_service.web.page import page
from geo_service.web.pages import page_map
from geo_service.web.pages_objects import csrf_of
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.zones.blackout import BLACKOUTS
from geo_service.zones.fire_area import FIRE_AREAS
from geo_service.zones.no_dig_period import NO_DIG_PERIODS
from geo_service.zones.reinstatement import REINSTATEMENTS

router = APIRouter(include_in_schema=False)

# What no published collection holds, by the name of its layer in maps/desk_map.yaml.
UNPUBLISHED: Mapping[str, tuple[str, ...]] = {
    "requests": ("permits",),
    "planned": ("construction_sites", "events", "detours"),
}
ZONES: Mapping[str, Kind[Any]] = {
    "blackouts": BLACKOUTS,
    "no-dig-periods": NO_DIG_PERIODS,
    "reinstatements": REINSTATEMENTS,
    "fire-areas": FIRE_AREAS,
}
_LISTS = {"construction_sites": ("kind", "site_state"), "events": ("event_kind", "event_state")}
_DAYS = re.compile(r"^(\d{4}-\d{2}-\d{2})(/\.\.)?$")


@router.get("/towns/{slug}/desk/map")
def desk_map(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """The map; its layers are fetched by box, those of the desk from the address below."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    return page(
        request,
        "desk_map.html",
        town=town,
        caller=caller,
        csrf=csrf_of(request),
        map=page_map(request, session, town, "desk_map"),
        streets=session.execute(text(statements("streets")["list_street_places"]), {"town": town.ags}).all(),
    )


@router.get("/towns/{slug}/desk/map/{layer}")
def desk_map_layer(  # noqa: PLR0913, PLR0917 - one per query parameter
    slug: str,
    layer: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    bbox: Annotated[str, Query(max_length=200)],
    datetime: Annotated[str, Query(max_length=40)] = "",
    limit: Annotated[int, Query(ge=1, le=2000)] = 1000,
) -> Response:
    """One layer of the own town in a box (CRS84), for days from one on or of one; never cached."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    asked = {"town": town.ags, "during": _during(datetime), "number": limit, **_box(bbox)}
    named = statements("desk_map")
    if layer in UNPUBLISHED:
        rows = session.execute(
            text(named["unpublished_in_box"]), {**asked, "collections": list(UNPUBLISHED[layer])}
        )
        features = [_unpublished(row) for row in rows]
    elif layer in ZONES:
        frame = named["zones_in_box"].replace("«facts»", ZONES[layer].facts)
        features = [_zone(row, layer) for row in session.execute(text(frame), asked)]
    else:
        raise NotFound(f"The desk's map has no layer {layer[:40]!r}.")
    base = f"{request.scope.get('root_path', '')}/towns/{town.slug}/desk"
    for feature in features:
        feature["properties"]["page"] = f"{base}/{feature['properties']['page']}"
    document = {"type": "FeatureCollection", "features": features, "numberReturned": len(features)}
    return Response(
        orjson.dumps(document), media_type="application/geo+json", headers={"Cache-Control": "no-store"}
    )


def _box(bbox: str) -> dict[str, float]:
    try:
        west, south, east, north = (float(part) for part in bbox.split(","))
    except ValueError:
        raise Malformed(errors=[FieldFault("bbox", "A box is west,south,east,north in degrees.")]) from None
    if not (-180 <= west <= east <= 180 and -85 <= south <= north <= 85):
        raise Malformed(errors=[FieldFault("bbox", "A box is west,south,east,north in degrees.")])
    return {"west": west, "south": south, "east": east, "north": north}


def _during(days: str) -> str:
    """The range of one day, of everything from a day on, or of all times."""
    if not days:
        return "(,)"
    found = _DAYS.match(days)
    try:
        first = date.fromisoformat(found[1]) if found else None
    except ValueError:
        first = None
    if found is None or first is None:
        raise Malformed(errors=[FieldFault("datetime", "A day, or a day and /.. for everything from it on.")])
    return Interval.of_days(first, None if found[2] else first).to_range()


def _unpublished(row: Row[Any]) -> dict[str, Any]:
    kinds, states = _LISTS.get(row.collection, ("use_type", "permit_status"))
    if row.collection == "detours":
        kinds, states = "collection", "site_state"
    kind = row.use_type or row.kind or row.collection
    path = "cases" if row.collection == "permits" else row.collection.replace("_", "-")
    name = row.reference if row.collection == "permits" else str(row.source_id)
    return _feature(row, {
        "reference": row.reference,
        "title": row.label,
        **{f"kind_label_{lang}": label(kinds, kind, lang) for lang in ("de", "en")},
        **{f"state_label_{lang}": label(states, row.state, lang) for lang in ("de", "en")},
        **{f"restriction_label_{lang}": label("restriction", row.restriction, lang) for lang in ("de", "en")},
        "kind": kind, "state": row.state, "restriction": row.restriction, "page": f"{path}/{name}",
    })  # fmt: skip


def _zone(row: Row[Any], layer: str) -> dict[str, Any]:
    return _feature(row, {"title": row.title, "page": f"{layer}/{row.object_id}"})


def _feature(row: Row[Any], properties: dict[str, Any]) -> dict[str, Any]:
    days = {
        "from": None if row.first is None else row.first.isoformat(),
        "until": None if row.last is None else row.last.isoformat(),
    }
    geometry = orjson.Fragment(row.geojson)
    return {"type": "Feature", "geometry": geometry, "properties": {**properties, **days}}
