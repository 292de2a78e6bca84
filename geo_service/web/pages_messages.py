"""Messages at the desk: the list with what went wrong, and the button that sends one again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import Response

from geo_service.identity.caller import require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.messages.outbox import list_messages, resend
from geo_service.permits.permit import get_permit
from geo_service.town_objects.keep_objects import get_object
from geo_service.towns.town import get_town
from geo_service.web.desk_answers import back_to_case, back_to_object
from geo_service.web.object_kinds import SERVED, ServedKind
from geo_service.web.page import page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

VIEWS: dict[str, tuple[str, ...]] = {
    "all": (),
    "trouble": ("failed", "unknown"),
    "waiting": ("waiting", "sending", "handing_over"),
    "not_configured": ("not_configured",),
    "sent": ("sent",),
}


@router.get("/towns/{slug}/desk/messages")
def messages_of_desk(
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    view: str = "all",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Messages of the town, newest first."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    view = view if view in VIEWS else "all"
    found = list_messages(session, town.ags, states=VIEWS[view], cursor=cursor)
    kept = {name: value for name, value in request.query_params.items() if name in ("view", "lang")}
    return page(
        request,
        "desk_messages.html",
        town=town,
        caller=caller,
        messages=found.messages,
        path_of={served.kind.collection: served.path for served in SERVED},
        view=view,
        next_query=urlencode({**kept, "cursor": found.cursor}) if found.cursor else None,
        csrf=_csrf(request),
    )


@router.post("/towns/{slug}/desk/cases/{reference}/messages")
def send_again(
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    message_id: Annotated[UUID, Form()],
) -> Response:
    """Send a message once more."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller)
    resend(session, town.ags, permit.permit_id, message_id)
    return back_to_case(request, town, reference)


def _send_again(served: ServedKind[Any]) -> Callable[..., Response]:
    def send_object_again(
        slug: str,
        object_id: UUID,
        request: Request,
        session: PublicSession,
        caller: CurrentCaller,
        message_id: Annotated[UUID, Form()],
    ) -> Response:
        town = get_town(session, slug)
        require_desk(caller, town.ags)
        kept = get_object(session, served.kind, object_id, caller=caller)
        resend(session, town.ags, kept.object_id, message_id)
        return back_to_object(request, town, served.path, kept.object_id)

    return send_object_again


for _served in SERVED:
    _path = f"/towns/{{slug}}/desk/{_served.path}/{{object_id}}/messages"
    router.add_api_route(_path, _send_again(_served), methods=["POST"])


def _csrf(request: Request) -> str:
    cookie = sign_in_cookie(request)
    return csrf_token(cookie) if cookie else ""
