"""`GET /api/v1/changes`: what was published, changed and removed since a cursor, in the order of the commits.

For whoever keeps a copy: ask `since=now` for a cursor, read the collections whole, then follow the cursor.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Query, Response
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.errors import FieldFault, Malformed
from geo_service.ogc.answers import OPEN_ACCESS
from geo_service.sql.loader import statements, text
from geo_service.web.scope import PublicSession

Place = tuple[int, int]  # position of the commit, number of the change in it

COLLECTIONS = ("construction_sites", "permits", "events", "detours")
DEFAULT, MOST = 100, 1_000
_ADDRESS = "/api/v1/changes"
_HEADERS = {**OPEN_ACCESS, "Cache-Control": "public, max-age=0, must-revalidate"}
_CURSOR = re.compile(r"changes=(\d{1,18})\.(\d{1,18})", re.ASCII)

router = APIRouter(prefix="/api/v1", tags=["changes"])


@router.get("/changes")
def get_changes(
    session: PublicSession,
    since: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1)] = DEFAULT,
    collection: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The page behind `since`: a cursor, `now` for one to begin with, or nothing for the beginning.

    Raises Malformed naming the parameter.
    """
    wanted = _collections(collection)
    last = _last_position(session)
    begin = (0, 0) if since is None else (last + 1, 0) if since == "now" else read_change_cursor(since, last)
    number = min(limit, MOST)
    rows = _changes(session, begin, wanted, number + 1)
    shown, more = rows[:number], len(rows) > number
    place = (shown[-1].position, shown[-1].number) if shown else begin
    if not more:
        # Everything up to `last` is seen, what was not asked for too; later commits come behind it.
        place = max(place, (last + 1, 0))
    cursor = write_change_cursor(place)
    asked = {"since": cursor, "limit": str(limit)} | ({"collection": collection} if collection else {})
    href = f"{_ADDRESS}?{urlencode(asked)}"
    tail = {"cursor": cursor, "more": more, "links": [_link(href)]}
    body = b"".join(
        (b'{"changes":[', b",".join(_change(row) for row in shown), b"],", orjson.dumps(tail)[1:])
    )
    return Response(body, media_type="application/json", headers=_HEADERS)


def _changes(session: Session, place: Place, wanted: list[str] | None, rows: int) -> Sequence[Row[Any]]:
    asked = {"position": place[0], "number": place[1], "collections": wanted, "rows": rows}
    return session.execute(text(statements("changes")["changes_since"]), asked).all()


def _last_position(session: Session) -> int:
    return int(session.execute(text(statements("changes")["last_position"])).scalar_one())


def _change(row: Row[Any]) -> bytes:
    """One change; a removal says what is gone and nothing else about it."""
    told = {
        "cursor": write_change_cursor((row.position, row.number)),
        "at": row.at,
        "deed": row.deed,
        "collection": row.collection,
        "id": str(row.object_id),
    }
    head = orjson.dumps(told)
    if row.deed == "removed":
        return head
    return head[:-1] + b',"feature":' + (row.feature or "null").encode() + b"}"


def _link(href: str) -> dict[str, str]:
    return {"rel": "next", "href": href, "type": "application/json"}


def _collections(asked: str | None) -> list[str] | None:
    if asked is None:
        return None
    names = asked.split(",")
    if unknown := [name for name in names if name not in COLLECTIONS]:
        detail = f"Changes are kept of {', '.join(COLLECTIONS)}, not of {unknown[0][:40]!r}."
        raise Malformed(f"collection: {detail}", errors=[FieldFault("collection", detail)])
    return names


def write_change_cursor(place: Place) -> str:
    """Where the next page begins; opaque to clients."""
    return base64.urlsafe_b64encode(f"changes={place[0]}.{place[1]}".encode()).decode().rstrip("=")


def read_change_cursor(cursor: str, last: int) -> Place:
    """Position and number of the last change seen. last: position of the latest commit.

    Raises Malformed for what was not written here, also by this database before it was restored.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        found = _CURSOR.fullmatch(base64.b64decode(padded, altchars=b"-_", validate=True).decode("ascii"))
    except (UnicodeError, binascii.Error):
        found = None
    if found is None or int(found[1]) > last + 1:
        detail = "The cursor is not one that this service gave out."
        raise Malformed(f"since: {detail}", errors=[FieldFault("since", detail)])
    return int(found[1]), int(found[2])
