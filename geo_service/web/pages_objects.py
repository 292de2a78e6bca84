"""`/towns/{slug}/desk/construction-sites`, `/events` …: what a desk keeps on its map, as lists and forms.

One list and one form for every kind; what differs is in object_forms.py. A form is sent to the case API.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from geo_service.identity.caller import Caller, require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.messages.outbox import list_messages_about
from geo_service.messages.wording import LINK
from geo_service.occupations.use_types import use_types
from geo_service.sql.loader import statements, text
from geo_service.town_objects.keep_objects import get_object, list_objects
from geo_service.towns.town import Town, get_town
from geo_service.web.labels import labels_of
from geo_service.web.object_document import object_document, object_feature
from geo_service.web.object_forms import Field, forms, stated_properties
from geo_service.web.object_kinds import SERVED, ServedKind
from geo_service.web.page import page
from geo_service.web.pages import page_map, today
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)
# Shown before anybody has typed.
_SHOWN_LEAD = timedelta(days=28)
_SHOWN_DAYS = timedelta(days=13)
_OVER = ("ended", "cancelled")


def options(field: Field, state: str | None, following: list[str]) -> list[tuple[str, dict[str, str]]]:
    """What a field is chosen from, code and labels; of states only those that may follow."""
    if field.codes == "refuses":
        uses = [(use.code, {"de": use.de, "en": use.en}) for use in use_types().values()]
        return [*labels_of("refuses"), *uses]
    found = labels_of(field.codes or "")
    if field.name == "state":
        return [(code, words) for code, words in found if code == state or code in following]
    return found


def _list_page(served: ServedKind[Any]) -> Callable[..., Response]:
    def list_page(
        slug: str,
        request: Request,
        session: PublicSession,
        caller: CurrentCaller,
        view: str = "open",
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        town = get_town(session, slug)
        require_desk(caller, town.ags)
        states = [state for state in served.kind.life.states if view == "all" or state not in _OVER]
        found = list_objects(session, served.kind, caller=caller, states=states, cursor=cursor)
        kept = {name: value for name, value in request.query_params.items() if name in ("view", "lang")}
        return page(
            request,
            "desk_objects.html",
            town=town,
            caller=caller,
            csrf=csrf_of(request),
            form=forms()[served.path],
            path=served.path,
            view="all" if view == "all" else "open",
            rows=[object_feature(served, one) for one in found.objects],
            next_query=urlencode({**kept, "cursor": found.cursor}) if found.cursor else None,
        )

    return list_page


def _new_page(served: ServedKind[Any]) -> Callable[..., Response]:
    def new_page(
        slug: str,
        request: Request,
        session: PublicSession,
        caller: CurrentCaller,
        belongs_to: UUID | None = None,
    ) -> Response:
        town = get_town(session, slug)
        require_desk(caller, town.ags)
        first = today() + _SHOWN_LEAD
        shown: dict[str, Any] = {"from": first.isoformat(), "until": (first + _SHOWN_DAYS).isoformat()}
        if belongs_to is not None:
            shown["belongs_to"] = str(belongs_to)
        return _form_page(request, session, served, town, caller, document=None, shown=shown)

    return new_page


def _one_page(served: ServedKind[Any]) -> Callable[..., Response]:
    def one_page(
        slug: str, object_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
    ) -> Response:
        town = get_town(session, slug)
        require_desk(caller, town.ags)
        kept = get_object(session, served.kind, object_id, caller=caller)
        document = object_document(session, served, kept, caller)
        shown = stated_properties(served, document["properties"])
        return _form_page(request, session, served, town, caller, document=document, shown=shown)

    return one_page


def _form_page(  # noqa: PLR0913 - what a page needs
    request: Request,
    session: Session,
    served: ServedKind[Any],
    town: Town,
    caller: Caller,
    *,
    document: dict[str, Any] | None,
    shown: dict[str, Any],
) -> Response:
    told = None if document is None else document["properties"]
    state = None if told is None else told["state"]
    following = list(served.kind.life.first) if told is None else told["next"]
    return page(
        request,
        "desk_object.html",
        town=town,
        caller=caller,
        csrf=csrf_of(request),
        form=forms()[served.path],
        path=served.path,
        map=page_map(request, session, town, "desk_map", drawing=True),
        streets=session.execute(text(statements("streets")["list_street_places"]), {"town": town.ags}).all(),
        document=document,
        told=told,
        shown=shown,
        value=lambda name: _value(shown, name),
        options=lambda field: options(field, state, following),
        fixed=state == "cancelled",
        cancellable=told is not None and "cancelled" in told["next"],
        occupies=served.occupies,
        messages=[] if document is None else list_messages_about(session, UUID(document["id"])),
        link_mark=LINK,
    )


def _value(shown: dict[str, Any], name: str) -> Any:
    """A property by its path; None where it is not stated."""
    value: Any = shown
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def csrf_of(request: Request) -> str:
    """The token of the forms of whoever is signed in here."""
    cookie = sign_in_cookie(request)
    return csrf_token(cookie) if cookie else ""


for _served in SERVED:
    _path = f"/towns/{{slug}}/desk/{_served.path}"
    router.add_api_route(_path, _list_page(_served), methods=["GET"])
    router.add_api_route(f"{_path}/new", _new_page(_served), methods=["GET"])
    router.add_api_route(f"{_path}/{{object_id}}", _one_page(_served), methods=["GET"])
