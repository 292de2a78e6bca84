"""OGC API Features Part 4 on construction sites: the deeds of /api/v1/construction-sites below `/ogc`.

What the published feature shows is replaced by PUT; what it does not show (whom to call, the traffic order)
was not read by whoever sends it back, so it stays unless it is stated. PATCH is a merge patch (RFC 7396).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm import Session

from geo_service.construction.site import ConstructionSite
from geo_service.errors import NotFound
from geo_service.identity.caller import Caller, require_desk
from geo_service.occupations.states import standing_of
from geo_service.ogc.addresses import address, base_of
from geo_service.ogc.collection import COLLECTIONS
from geo_service.ogc.openapi_writes import inlined
from geo_service.ogc.parameters import read_parameters
from geo_service.ogc.properties import returnables
from geo_service.ogc.transactions import FEATURE_TYPES, PATCH_TYPES
from geo_service.town_objects.keep_objects import cancel_object, change_object, enter_object
from geo_service.town_objects.kind import Kept
from geo_service.web.api_objects import answer_of, desk_town, with_findings
from geo_service.web.etag import versions_asked
from geo_service.web.idempotency import Once
from geo_service.web.object_document import object_document
from geo_service.web.object_kinds import SITES_SERVED
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sent_feature import Document, merge_patch, read_document
from geo_service.web.site_body import SiteFeature, SiteProperties

SITES = COLLECTIONS["construction_sites"]
_DAYS, _INSTANTS = ("from", "until"), ("start", "end")
_STATED = frozenset(field.alias or name for name, field in SiteProperties.model_fields.items())
_SHOWN = frozenset(returnables(SITES))

router = APIRouter(prefix=f"/ogc/collections/{SITES.id}/items")


def site_receivables() -> dict[str, dict[str, Any]]:
    """What may be stated of a site: property → JSON Schema, without references."""
    schema = SiteProperties.model_json_schema()
    return {name: inlined(part, schema.get("$defs", {})) for name, part in schema["properties"].items()}


async def sent_body(request: Request) -> bytes:
    """The body, read before anything else looks for a form in it; no parameters are known here."""
    read_parameters(request, ())
    return await request.body()


Body = Annotated[bytes, Depends(sent_body)]


@router.post("", status_code=201)
def create_site(
    body: Body, request: Request, session: PublicSession, caller: CurrentCaller, once: Once
) -> Response:
    """Enter a site; 201 with its address."""
    town = desk_town(session, caller)
    if kept := once.find_answer(session, caller):
        return kept
    document = read_document(request, body, FEATURE_TYPES)
    thing = _feature(_without_read_only(document)).to_object(town, None)
    with with_findings(caller):
        stored = enter_object(session, SITES_SERVED.kind, thing, by=caller, as_of=datetime.now(UTC))
    answer = answer_of(session, SITES_SERVED, stored, caller, status=201)
    answer.headers["Location"] = _location(request, stored)
    return once.keep(session, caller, answer)


@router.put("/{feature_id}")
def replace_site(
    feature_id: str, body: Body, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Replace what the published feature shows."""

    def replaced(told: Document, derived: Sequence[str] | None) -> Document:
        sent = _without_read_only(read_document(request, body, FEATURE_TYPES))
        stated = dict(_properties(sent))
        if derived is not None and stated.get("takes") == derived:
            del stated["takes"]  # read off the drawing, and sent back as it was told
        if any(name in stated for name in _DAYS):
            stated = {**dict.fromkeys(_DAYS), **stated}
        unseen = _left(told["properties"], _SHOWN.union(_INSTANTS))
        return {**sent, "properties": _with_period({**unseen, **stated}, told, stated)}

    return _change(feature_id, replaced, request, session, caller)


@router.patch("/{feature_id}")
def update_site(
    feature_id: str, body: Body, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Change parts of a site."""

    def updated(told: Document, _: Sequence[str] | None) -> Document:
        sent = _without_read_only(read_document(request, body, PATCH_TYPES))
        found = merge_patch(told, sent)
        return {**found, "properties": _with_period(_properties(found), told, _properties(sent))}

    return _change(feature_id, updated, request, session, caller)


@router.delete("/{feature_id}")
def cancel_site(
    feature_id: str, body: Body, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """Cancel a site: it is published no more, its row and its record stay."""
    require_desk(caller)
    versions = versions_asked(request, required=True)
    stored = cancel_object(
        session, SITES_SERVED.kind, _id(feature_id), by=caller, as_of=datetime.now(UTC), versions=versions
    )
    return answer_of(session, SITES_SERVED, stored, caller)


def _change(
    feature_id: str,
    renew: Callable[[Document, Sequence[str] | None], Document],
    request: Request,
    session: Session,
    caller: Caller,
) -> Response:
    """Store what `renew` makes of the body that states the site as it is, and of the takes derived."""
    town = desk_town(session, caller)
    versions = versions_asked(request, required=True)

    def make(kept: Kept[ConstructionSite]) -> ConstructionSite:
        document = object_document(session, SITES_SERVED, kept, caller)
        told = document["properties"]
        derived = told.get("takes") if told["takes_derived"] else None
        return _feature(renew(_body_of(document), derived)).to_object(town, kept)

    with with_findings(caller):
        stored = change_object(
            session, SITES_SERVED.kind, _id(feature_id), make,
            by=caller, as_of=datetime.now(UTC), versions=versions,
        )  # fmt: skip
    return answer_of(session, SITES_SERVED, stored, caller)


def _body_of(document: Document) -> Document:
    """The body that would state a site as it is."""
    told = document["properties"]
    # `takes` that was stated as empty is a statement; what was read off the drawing is read off it again.
    names = _STATED - {"takes"} if told["takes_derived"] else _STATED
    everything = {**told, "start": told["period_start"], "end": told["period_end"]}
    stated = {name: value for name, value in everything.items() if name in names and value is not None}
    body: Document = {"type": "Feature", "geometry": document["geometry"], "properties": stated}
    read: Document = orjson.loads(orjson.dumps(body))  # coordinates as a client sends them: lists, no tuples
    return read


def _with_period(properties: Document, told: Document, stated: Document) -> Document:
    """The properties with one form of the period: days where other days are stated, else instants.

    Works from 8 to 16 h are told as a day too; whoever sends that day back has not made it a whole one.
    """
    before = told["properties"]
    by_days = any(name in stated and stated[name] != before.get(name) for name in _DAYS)
    by_instants = any(name in stated for name in _INSTANTS)
    if by_days and by_instants:
        return properties  # both: refused where the period is read
    same_days = not by_instants and any(name in stated for name in _DAYS) and not by_days
    if same_days:
        properties = {**properties, **{name: before[name] for name in _INSTANTS if name in before}}
    return _left(properties, _INSTANTS if by_days else _DAYS)


def _left(properties: Document, names: Collection[str]) -> Document:
    return {name: value for name, value in properties.items() if name not in names}


def _properties(document: Document) -> Document:
    found = document.get("properties")
    return found if isinstance(found, dict) else {}


def _without_read_only(document: Document) -> Document:
    """The document without properties that a feature shows and nobody states: labels, updated_at, source …"""
    if not isinstance(document.get("properties"), dict):
        return document
    return {**document, "properties": _left(document["properties"], _SHOWN - _STATED)}


def _feature(document: Document) -> SiteFeature:
    try:
        return SiteFeature.model_validate(document)
    except ValidationError as error:
        faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]
        raise RequestValidationError(faults) from None


def _id(feature_id: str) -> UUID:
    try:
        return UUID(feature_id)
    except ValueError:
        raise NotFound(f"The collection {SITES.id} has no feature {feature_id[:60]!r}.") from None


def _location(request: Request, stored: Kept[ConstructionSite]) -> str:
    """Where it can be read: what is not published only at its desk."""
    site = stored.object
    base = base_of(request)
    if standing_of(SITES.id, site.state, is_public=site.is_public).published:
        return address(base, "collections", SITES.id, "items", str(stored.object_id))
    return f"{base}/api/v1/{SITES_SERVED.path}/{stored.object_id}"
