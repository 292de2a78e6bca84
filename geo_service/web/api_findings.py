"""`/api/v1/conflicts` and `/api/v1/findings`: what stands in conflict in the own town, and settling it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Request, Response
from pydantic import StringConstraints

from geo_service.conflicts.finding import SEVERITIES_SHOWN, STATUSES
from geo_service.conflicts.list_conflicts import MOST, PAGE, conflict_document, list_conflicts
from geo_service.conflicts.settle import Conflict, get_conflict, settle
from geo_service.errors import FieldFault, Malformed
from geo_service.identity.caller import Caller, require_desk
from geo_service.towns.town import get_town
from geo_service.web.etag import etag_of, versions_asked
from geo_service.web.limits import LimitChecks
from geo_service.web.scope import CurrentCaller, PublicSession
from geo_service.web.storable import StorableBody

router = APIRouter(prefix="/api/v1", tags=["findings"])

_PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class SettlementBody(StorableBody):
    """How a finding is settled. A block is only `overridden`, by a supervisor, with a reason in `note`."""

    status: Literal["accepted", "resolved", "overridden"]
    note: Annotated[str, StringConstraints(max_length=4000)] | None = None


@router.get("/conflicts")
def get_conflicts(  # noqa: PLR0913, PLR0917 - one per query parameter
    session: PublicSession,
    caller: CurrentCaller,
    town: str | None = None,
    severity: str | None = None,
    status: str | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1)] = PAGE,
) -> Response:
    """Conflicts of the caller's town and of others against it, the worst first, each pair once for a rule.

    `severity` and `status` may list several, separated by commas.
    """
    require_desk(caller, None if town is None else get_town(session, town).ags)
    page = list_conflicts(
        session,
        caller=caller,
        severity=_listed("severity", severity, SEVERITIES_SHOWN),
        status=_listed("status", status, STATUSES),
        cursor=cursor,
        limit=min(limit, MOST),
    )
    document: dict[str, Any] = {
        "conflicts": [conflict_document(conflict, caller) for conflict in page.conflicts],
        "numberReturned": len(page.conflicts),
        "cursor": page.cursor,
    }
    headers = dict(_PRIVATE)
    if page.cursor:
        asked = {"town": town, "severity": severity, "status": status, "limit": limit, "cursor": page.cursor}
        query = urlencode({name: value for name, value in asked.items() if value is not None})
        href = f"/api/v1/conflicts?{query}"
        document["links"] = [{"rel": "next", "href": href, "type": "application/json"}]
        headers["Link"] = f'<{href}>; rel="next"; type="application/json"'
    return Response(orjson.dumps(document), media_type="application/json", headers=headers)


def _listed(name: str, asked: str | None, known: tuple[str, ...]) -> list[str]:
    parts = [part for part in (asked or "").split(",") if part]
    if unknown := [part for part in parts if part not in known]:
        raise Malformed(errors=[FieldFault(name, f"There is no {name} {unknown[0][:40]!r}.")])
    return parts


@router.get("/findings/{finding_id}")
def get_one_finding(finding_id: str, session: PublicSession, caller: CurrentCaller) -> Response:
    """A finding of the caller's town, or of another town against it; for everybody else there is none."""
    return _answer(get_conflict(session, finding_id, caller=caller), caller)


@router.patch("/findings/{finding_id}")
def patch_finding(
    finding_id: str,
    body: SettlementBody,
    request: Request,
    session: PublicSession,
    caller: CurrentCaller,
    _: LimitChecks,
) -> Response:
    """Settle a finding of the own town. It opens again by itself when it gets worse than its noise."""
    require_desk(caller)
    versions = versions_asked(request, required=True)
    settled = settle(
        session, finding_id, body.status, body.note, caller=caller, as_of=datetime.now(UTC), versions=versions
    )
    return _answer(settled, caller)


def _answer(conflict: Conflict, caller: Caller) -> Response:
    return Response(
        orjson.dumps(conflict_document(conflict, caller)),
        media_type="application/json",
        headers={"ETag": etag_of(conflict.version), **_PRIVATE},
    )
