"""`/towns/{slug}/desk`: the sign-in, and the queue by urgency and deadline."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from geo_service.identity.sign_in import demo_sign_in_offered
from geo_service.jobs.work import list_open_work
from geo_service.messages.outbox import count_trouble
from geo_service.permits.consultations import count_consultations_asked_of
from geo_service.permits.desk_queue import (
    COUNTED,
    ORDERS,
    VIEWS,
    Order,
    Queue,
    View,
    count_waiting,
    list_queue,
)
from geo_service.towns.town import get_town
from geo_service.web.desk_answers import back_to_case
from geo_service.web.page import page
from geo_service.web.pages_objects import csrf_of
from geo_service.web.scope import CurrentCaller, PublicSession

router = APIRouter(include_in_schema=False)


@router.get("/towns/{slug}/desk")
def desk(  # noqa: PLR0913, PLR0917 - one per query parameter
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    view: str = "",
    order: str = "",
    q: Annotated[str, Query(max_length=100)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The queue, or the sign-in for whoever is no clerk of this town. A whole reference leads to its case."""
    town = get_town(session, slug)
    if not caller.at_desk or caller.town != town.ags:
        offered = demo_sign_in_offered(request.app.state.settings) and town.demo
        return page(
            request,
            "desk_sign_in.html",
            town=town,
            caller=caller,
            demo_offered=offered,
            csrf=csrf_of(request),
            provider_offered=request.app.state.provider is not None,
        )
    words = q.replace("\0", "").strip()
    shown, by = _view(view, words), _order(order, view, words)
    queue = list_queue(session, caller=caller, view=shown, order=by, words=words or None, cursor=cursor)
    if _is_reference(words, queue):
        return back_to_case(request, town, queue.lines[0].reference)
    kept = {"view": shown, "order": by, "q": words, "lang": request.query_params.get("lang")}
    asked = {name: value for name, value in kept.items() if value}
    return page(
        request,
        "desk.html",
        town=town,
        caller=caller,
        queue=queue,
        asked_of_us=count_consultations_asked_of(session, town.ags),
        works=list_open_work(session, town.ags),
        undelivered=count_trouble(session, town.ags),
        now=datetime.now(UTC),
        view=shown,
        views=VIEWS,
        order=by,
        counts=count_waiting(session, caller=caller),
        counted=COUNTED,
        q=words,
        next_query=urlencode({**asked, "cursor": queue.cursor}) if queue.cursor else None,
        csrf=csrf_of(request),
    )


def _view(view: str, words: str) -> View:
    """As asked for; else what is open, and where somebody searches everything."""
    if view in VIEWS:
        return view
    return "all" if words else "open"


def _order(order: str, view: str, words: str) -> Order:
    """As asked for; else the undecided by deadline, what is decided with the newest first."""
    if order in ORDERS:
        return order
    return "newest" if _view(view, words) in ("granted", "clearing", "all") else "deadline"


def _is_reference(words: str, queue: Queue) -> bool:
    return len(queue.lines) == 1 and queue.lines[0].reference.casefold() == words.casefold()
