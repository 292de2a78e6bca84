"""`/towns/{slug}/desk/people`: who may act at the desk, for its administration; keys are made here."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.orm import Session

from geo_service.errors import Invalid
from geo_service.identity.api_keys import MAX_OVERLAP_DAYS
from geo_service.identity.caller import Caller
from geo_service.identity.people import (
    OWN_KEY_ROLES,
    block_person,
    create_own_key,
    list_own_keys,
    list_people,
    require_admin,
    revoke_own_key,
    rotate_own_key,
)
from geo_service.identity.secrets import csrf_token
from geo_service.interval import midnight
from geo_service.permits.retention import list_retention_runs
from geo_service.towns.town import Town, get_town
from geo_service.web.page import page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie
from geo_service.web.token_cookie import path_here

router = APIRouter(include_in_schema=False)


@router.get("/towns/{slug}/desk/people")
def people(slug: str, request: Request, session: PublicSession, caller: CurrentCaller) -> Response:
    """People who have signed in, and the town's keys."""
    town = get_town(session, slug)
    require_admin(caller, town.ags)
    return _people_page(request, session, town, caller)


@router.post("/towns/{slug}/desk/people/{person_id}")
def bar(
    slug: str,
    person_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    blocked: Annotated[bool, Form()],
) -> Response:
    """Bar somebody from this desk, or let them in again."""
    town = get_town(session, slug)
    require_admin(caller, town.ags)
    block_person(session, person_id, blocked=blocked, by=caller)
    return _back(request, town)


@router.post("/towns/{slug}/desk/keys")
def create(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    role: Annotated[str, Form(max_length=20)],
    name: Annotated[str, Form(max_length=200)],
    last_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Make a key; this answer is the only one that shows it. `last_day` empty: it does not expire."""
    town = get_town(session, slug)
    require_admin(caller, town.ags)
    until = _end_of(last_day, town) if last_day else None
    key = create_own_key(session, role=role, name=name, expires_at=until, by=caller, now=datetime.now(UTC))
    return _people_page(request, session, town, caller, new_key=key, status=201)


@router.post("/towns/{slug}/desk/keys/{key_id}/rotate")
def rotate(
    slug: str,
    key_id: UUID,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    overlap_days: Annotated[int, Form(ge=0, le=MAX_OVERLAP_DAYS)] = 7,
) -> Response:
    """Make the successor of a key; this answer is the only one that shows it."""
    town = get_town(session, slug)
    require_admin(caller, town.ags)
    key = rotate_own_key(session, key_id, overlap_days=overlap_days, by=caller)
    return _people_page(request, session, town, caller, new_key=key, status=201)


@router.post("/towns/{slug}/desk/keys/{key_id}/revoke")
def revoke(
    slug: str, key_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
) -> Response:
    """End a key at once."""
    town = get_town(session, slug)
    require_admin(caller, town.ags)
    revoke_own_key(session, key_id, by=caller)
    return _back(request, town)


def _end_of(last_day: str, town: Town) -> datetime:
    try:
        return midnight(date.fromisoformat(last_day) + timedelta(days=1), town.zone)
    except (ValueError, OverflowError) as error:
        raise Invalid("The last day is a date such as 2027-12-31.") from error


def _back(request: Request, town: Town) -> Response:
    return RedirectResponse(path_here(request, f"/towns/{town.slug}/desk/people"), status_code=303)


def _people_page(
    request: Request,
    session: Session,
    town: Town,
    caller: Caller,
    *,
    new_key: str | None = None,
    status: int = 200,
) -> Response:
    cookie = sign_in_cookie(request)
    now = datetime.now(UTC)
    return page(
        request,
        "desk_people.html",
        status=status,
        town=town,
        caller=caller,
        csrf=csrf_token(cookie) if cookie else "",
        people=list_people(session),
        keys=[(key, key.state(now)) for key in list_own_keys(session, town.ags)],
        key_roles=OWN_KEY_ROLES,
        new_key=new_key,
        retention_runs=list_retention_runs(session),
    )
