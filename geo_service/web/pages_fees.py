"""Fees at the desk: the list of notices, the treasury's file, and what is set and booked on a case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from geo_service.errors import FieldFault, Invalid
from geo_service.fees.list_notices import list_notices
from geo_service.fees.notice import Booking, EntryKind, NoticeState
from geo_service.identity.caller import require_desk
from geo_service.identity.secrets import csrf_token
from geo_service.interval import TOWN_ZONE
from geo_service.permits.book_fee import book_entry
from geo_service.permits.decide_permit import require_version
from geo_service.permits.permit import get_permit
from geo_service.permits.set_fee import set_fee
from geo_service.towns.town import get_town
from geo_service.web.api_fees import treasury_answer
from geo_service.web.desk_answers import back_to_case
from geo_service.web.fee_body import NEEDS_REASON, euros_of
from geo_service.web.page import page
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.sign_in_cookie import sign_in_cookie

router = APIRouter(include_in_schema=False)

VIEWS: dict[str, tuple[NoticeState, ...]] = {
    "open": ("open", "overdue"),
    "overdue": ("overdue",),
    "refund_due": ("refund_due",),
    "paid": ("paid",),
    "all": (),
}
_NEED_REASON = ("credit", "credit_undone", "paid_undone")


@router.get("/towns/{slug}/desk/fees")
def fee_notices(  # noqa: PLR0913, PLR0917 - one per query parameter
    slug: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    view: str = "open",
    q: Annotated[str, Query(max_length=60)] = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Open notices, the longest due first; those overdue, paid or to be given back by choice."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    view = view if view in VIEWS else "open"
    now = datetime.now(UTC)
    word = q.strip().replace("\0", "")
    found = list_notices(session, town.ags, as_of=now, states=VIEWS[view], word=word or None, cursor=cursor)
    kept = {name: value for name, value in request.query_params.items() if name in ("view", "q", "lang")}
    today = now.astimezone(TOWN_ZONE).date()
    first_of_month = today.replace(day=1)
    return page(
        request,
        "desk_fees.html",
        town=town,
        caller=caller,
        notices=found.notices,
        view=view,
        q=q,
        today=today,
        month=((first_of_month - timedelta(days=1)).replace(day=1), first_of_month - timedelta(days=1)),
        next_query=urlencode({**kept, "cursor": found.cursor}) if found.cursor else None,
        csrf=_csrf(request),
    )


@router.get("/towns/{slug}/desk/fees/treasury.csv")
def treasury_csv(
    slug: str,
    session: PublicSession,
    caller: CurrentCaller,
    first_day: Annotated[date, Query(alias="from")],
    until: date,
) -> Response:
    """The treasury's file of two days and those between."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    return treasury_answer(session, town.ags, first_day, until)


@router.post("/towns/{slug}/desk/cases/{reference}/fee")
def set_case_fee(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    version: Annotated[int, Form()],
    amount_eur: Annotated[str, Form(max_length=30)] = "",
    fee_reason: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Set another amount than the tariff's; an empty one goes back to that."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    permit = get_permit(session, reference, caller=caller, lock=True)
    require_version(permit, frozenset({version}))
    amount = euros_of(amount_eur) if amount_eur.strip() else None
    set_fee(session, permit, amount, fee_reason, by=caller, as_of=datetime.now(UTC))
    return back_to_case(request, town, reference)


@router.post("/towns/{slug}/desk/cases/{reference}/fee-notice")
def book_on_notice(  # noqa: PLR0913, PLR0917 - one per field of the form
    slug: str,
    reference: str,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    kind: Annotated[EntryKind, Form()],
    on: Annotated[date | None, Form()] = None,
    amount_eur: Annotated[str, Form(max_length=30)] = "",
    fee_reason: Annotated[str, Form(max_length=1000)] = "",
    back: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Book an entry; `back=list` leads back to the list of notices."""
    town = get_town(session, slug)
    require_desk(caller, town.ags)
    if kind in _NEED_REASON and not fee_reason.strip():
        raise Invalid(NEEDS_REASON, errors=[FieldFault("/reason", NEEDS_REASON)])
    permit = get_permit(session, reference, caller=caller, lock=True)
    now = datetime.now(UTC)
    booking = Booking(
        kind=kind,
        on_day=on or now.astimezone(TOWN_ZONE).date(),
        amount_eur=euros_of(amount_eur) if amount_eur.strip() else None,
        reason=fee_reason.strip().replace("\0", "") or None,
    )
    book_entry(session, permit, booking, by=caller, as_of=now)
    if back == "list":
        language = request.query_params.get("lang")
        query = f"?lang={language}" if language in ("de", "en") else ""
        prefix = request.scope.get("root_path", "")
        return RedirectResponse(f"{prefix}/towns/{town.slug}/desk/fees{query}", status_code=303)
    return back_to_case(request, town, reference)


def _csrf(request: Request) -> str:
    cookie = sign_in_cookie(request)
    return csrf_token(cookie) if cookie else ""
