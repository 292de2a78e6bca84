"""`/api/v1/construction-sites`, `/events`, `/detours`, `/blackouts` …: what clerks keep on their town's map.

One set of operations for every kind of object_kinds.py; what differs is its body. Answers are never cached.
Without `annotations` from __future__: FastAPI reads the class of a body that only its kind knows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.override import Override
from geo_service.conflicts.refuse_blocked import BlockedByFindings
from geo_service.errors import FieldFault, Malformed
from geo_service.identity.caller import Caller, require_desk
from geo_service.town_objects.keep_objects import (
    MOST,
    PAGE,
    cancel_object,
    change_object,
    enter_object,
    get_object,
    list_objects,
)
from geo_service.town_objects.kind import Kept
from geo_service.towns.town import Town, get_town
from geo_service.web.etag import etag_of, versions_asked
from geo_service.web.idempotency import Once
from geo_service.web.object_document import object_document, page_document
from geo_service.web.object_kinds import SERVED, ServedKind
from geo_service.web.scope import CurrentCaller, PublicSession

Operation = Callable[..., Response]
_PRIVATE = {"Cache-Control": "no-store"}
_GEOJSON = "application/geo+json"


def object_router(served: ServedKind[Any]) -> APIRouter:
    """The five operations of one kind; their names are those of description/objects.yaml."""
    router = APIRouter(prefix=f"/api/v1/{served.path}", tags=[served.path])
    one = "/{object_id}"
    router.add_api_route("", _post(served), methods=["POST"], name=f"post_{served.one}", status_code=201)
    router.add_api_route("", _list(served), methods=["GET"], name=f"get_{served.one}s")
    router.add_api_route(one, _get(served), methods=["GET"], name=f"get_one_{served.one}")
    router.add_api_route(one, _put(served), methods=["PUT"], name=f"put_{served.one}")
    router.add_api_route(one, _delete(served), methods=["DELETE"], name=f"delete_{served.one}")
    return router


def _post(served: ServedKind[Any]) -> Operation:
    body_class: Any = served.feature

    def post_object(body: body_class, session: PublicSession, caller: CurrentCaller, once: Once) -> Response:
        town = desk_town(session, caller)
        if kept := once.find_answer(session, caller):
            return kept
        thing = body.to_object(town, None)
        with with_findings(caller):
            stored = enter_object(session, served.kind, thing, by=caller, as_of=datetime.now(UTC))
        answer = answer_of(session, served, stored, caller, status=201)
        answer.headers["Location"] = f"/api/v1/{served.path}/{stored.object_id}"
        return once.keep(session, caller, answer)

    return post_object


def _list(served: ServedKind[Any]) -> Operation:
    def get_objects(
        session: PublicSession,
        caller: CurrentCaller,
        town: str | None = None,
        state: str | None = None,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        limit: Annotated[int, Query(ge=1)] = PAGE,
    ) -> Response:
        require_desk(caller, None if town is None else get_town(session, town).ags)
        states = _states(served, state)
        number = min(limit, MOST)
        page = list_objects(session, served.kind, caller=caller, states=states, cursor=cursor, limit=number)
        document = page_document(served, page)
        if page.cursor:
            asked = {"town": town, "state": state, "limit": limit, "cursor": page.cursor}
            query = urlencode({name: value for name, value in asked.items() if value is not None})
            href = f"/api/v1/{served.path}?{query}"
            document["links"] = [{"rel": "next", "href": href, "type": _GEOJSON}]
        return Response(orjson.dumps(document), media_type=_GEOJSON, headers=_PRIVATE)

    return get_objects


def _get(served: ServedKind[Any]) -> Operation:
    def get_one_object(object_id: UUID, session: PublicSession, caller: CurrentCaller) -> Response:
        return answer_of(session, served, get_object(session, served.kind, object_id, caller=caller), caller)

    return get_one_object


def _put(served: ServedKind[Any]) -> Operation:
    body_class: Any = served.feature

    def put_object(
        object_id: UUID, body: body_class, request: Request, session: PublicSession, caller: CurrentCaller
    ) -> Response:
        town = desk_town(session, caller)
        versions = versions_asked(request, required=True)
        with with_findings(caller):
            stored = change_object(
                session, served.kind, object_id, lambda kept: body.to_object(town, kept),
                by=caller, as_of=datetime.now(UTC), versions=versions, overrides=_overrides(body),
            )  # fmt: skip
        return answer_of(session, served, stored, caller)

    return put_object


def _delete(served: ServedKind[Any]) -> Operation:
    def delete_object(
        object_id: UUID, request: Request, session: PublicSession, caller: CurrentCaller
    ) -> Response:
        require_desk(caller)
        versions = versions_asked(request, required=True)
        stored = cancel_object(
            session, served.kind, object_id, by=caller, as_of=datetime.now(UTC), versions=versions
        )
        return answer_of(session, served, stored, caller)

    return delete_object


def desk_town(session: Session, caller: Caller) -> Town:
    """The town of whoever is at a desk. Raises NotSignedIn, Forbidden."""
    return get_town(session, require_desk(caller).town or "")


def _overrides(body: Any) -> list[Override]:
    """What a supervisor sets aside; only what stands in the street has findings."""
    return [one.to_override() for one in getattr(body.properties, "overrides", [])]


def _states(served: ServedKind[Any], asked: str | None) -> list[str]:
    states = [part for part in (asked or "").split(",") if part]
    if unknown := [state for state in states if state not in served.kind.life.states]:
        raise Malformed(errors=[FieldFault("state", f"There is no state {unknown[0][:40]!r}.")])
    return states


@contextmanager
def with_findings(caller: Caller) -> Iterator[None]:
    """A refusal tells the findings that stand in the way, cut to the caller."""
    try:
        yield
    except BlockedByFindings as blocked:
        told = [finding_document(finding, caller) for finding in blocked.findings]
        raise BlockedByFindings(extra={"findings": told}) from blocked


def answer_of(
    session: Session, served: ServedKind[Any], kept: Kept[Any], caller: Caller, *, status: int = 200
) -> Response:
    """One object as its desk reads it, with its ETag."""
    return Response(
        orjson.dumps(object_document(session, served, kept, caller)),
        status_code=status,
        media_type=_GEOJSON,
        headers={"ETag": etag_of(kept.version), **_PRIVATE},
    )


router = APIRouter()
for _served in SERVED:
    router.include_router(object_router(_served))
