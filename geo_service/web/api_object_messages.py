"""The e-mails about a site, an event, a detour or a zone, for the desk of its town."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from geo_service.messages.outbox import resend
from geo_service.town_objects.keep_objects import get_object
from geo_service.web.api_messages import messages_answer
from geo_service.web.object_kinds import SERVED, ServedKind
from geo_service.web.scope import CurrentCaller, PublicSession

Operation = Callable[..., Response]


def _list(served: ServedKind[Any]) -> Operation:
    def get_messages(object_id: UUID, session: PublicSession, caller: CurrentCaller) -> Response:
        kept = get_object(session, served.kind, object_id, caller=caller)
        return messages_answer(session, kept.object_id)

    return get_messages


def _resend(served: ServedKind[Any]) -> Operation:
    def post_resend(
        object_id: UUID, message_id: UUID, session: PublicSession, caller: CurrentCaller
    ) -> Response:
        kept = get_object(session, served.kind, object_id, caller=caller)
        resend(session, kept.town, kept.object_id, message_id)
        return messages_answer(session, kept.object_id)

    return post_resend


router = APIRouter(prefix="/api/v1")
for _served in SERVED:
    _path = f"/{_served.path}/{{object_id}}/messages"
    router.add_api_route(
        _path, _list(_served), methods=["GET"], tags=[_served.path], name=f"get_{_served.one}_messages"
    )
    router.add_api_route(
        f"{_path}/{{message_id}}/resend", _resend(_served), methods=["POST"],
        tags=[_served.path], name=f"post_{_served.one}_resend",
    )  # fmt: skip
