"""Notices: drawn once from the facts of the decision, then kept as they are, bytes with their checksum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import RowMapping
from sqlalchemy.orm import Session

from geo_service.db.labels import label
from geo_service.documents.file_store import FileStore
from geo_service.documents.kept_documents import file_home
from geo_service.documents.legal_sources import legal_sources
from geo_service.documents.paper import draw_sheet, language_of_case, qr_picture
from geo_service.documents.site_plan import draw_site_plan
from geo_service.errors import NotFound
from geo_service.interval import Interval
from geo_service.permits.permit import Permit
from geo_service.sql.loader import statements, text

_NAMED = statements("documents")
_WITH_PLAN = ("granted", "rejected", "revoked")


class NoSuchNotice(NotFound):
    """There is no such notice in this case."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """A decision in writing. facts: permits/notice_facts.py. sha256: of the drawn sheet, None until then."""

    notice_id: UUID
    permit_id: UUID
    decision: str
    decided_at: datetime
    facts: Mapping[str, Any]
    file_id: UUID | None
    sha256: bytes | None
    size_bytes: int | None
    made_at: datetime | None

    @property
    def name(self) -> str:
        """The name of the sheet as a file."""
        word = label("notice_decision", self.decision, self.facts["case"]["language"])
        return f"{self.facts['case']['reference']} {word} {self.decided_at:%Y-%m-%d}.pdf"


def list_notices(session: Session, permit_id: UUID) -> list[Notice]:
    """The notices of a case, oldest first."""
    rows = session.execute(text(_NAMED["list_notices"]), {"permit_id": permit_id}).mappings()
    return [_notice(row) for row in rows]


def read_notice(
    session: Session, store: FileStore, permit: Permit, notice_id: UUID, *, address: str, now: datetime
) -> tuple[Notice, bytes]:
    """A notice of `permit` and its sheet, drawn now if it was not yet. Raises NoSuchNotice, FileIsGone."""
    if notice_id not in {one.notice_id for one in list_notices(session, permit.permit_id)}:
        raise NoSuchNotice()
    made = make_notice(session, store, notice_id, address=address, now=now)
    if made is None or made.file_id is None or made.sha256 is None:
        raise NoSuchNotice()
    return made, store.read(made.file_id, made.sha256)


def make_notice(
    session: Session, store: FileStore, notice_id: UUID, *, address: str, now: datetime
) -> Notice | None:
    """Draw a notice and keep it for good, unless that has been done; None where there is none any more.

    address: of this service, for the link to the public entry. Two at once: the second waits for the first.
    """
    notice = _find_notice(session, notice_id)
    if notice is not None and notice.file_id is None:
        session.execute(text(_NAMED["lock_undrawn_notice"]), {"notice_id": notice_id})
        notice = _find_notice(session, notice_id)
    if notice is None or notice.file_id is not None:
        return notice
    content = draw_notice(session, notice, address=address)
    made = replace(
        notice,
        file_id=store.keep(content, file_home(session)),
        sha256=sha256(content).digest(),
        size_bytes=len(content),
        made_at=now,
    )
    values = {
        name: getattr(made, name) for name in ("notice_id", "file_id", "sha256", "size_bytes", "made_at")
    }
    session.execute(text(_NAMED["notice_is_made"]), values)
    return made


def draw_notice(session: Session, notice: Notice, *, address: str) -> bytes:
    """The sheet of a notice, from its facts; only the surroundings on its plan are read now."""
    case, town = notice.facts["case"], notice.facts["town"]
    language = language_of_case(case["language"])
    period = Interval(
        datetime.fromisoformat(case["period_start"]),
        None if case["period_end"] is None else datetime.fromisoformat(case["period_end"]),
    )
    plan = draw_site_plan(
        session,
        permit_id=notice.permit_id,
        town=town["ags"],
        area=shapely.from_wkb(notice.facts["area"]),
        period=period,
        language=language,
    )
    published = notice.decision == "granted" and notice.facts["published"]
    entry = f"{address}/ogc/collections/permits/items/{notice.permit_id}" if published else None
    return draw_sheet(
        "notice.html",
        language,
        case=case,
        town=town,
        decision=notice.decision,
        decided_at=notice.decided_at,
        reason=notice.facts["reason"],
        missing=notice.facts["missing_documents"],
        fee_notice=notice.facts["fee_notice"],
        sources=legal_sources(case, notice.decision, plan.road_classes),
        plan=plan if notice.decision in _WITH_PLAN else None,
        entry=entry,
        entry_picture=None if entry is None else qr_picture(entry),
    )


def _find_notice(session: Session, notice_id: UUID) -> Notice | None:
    row = session.execute(text(_NAMED["get_notice"]), {"notice_id": notice_id}).mappings().one_or_none()
    return None if row is None else _notice(row)


def _notice(row: RowMapping) -> Notice:
    checksum = row["sha256"]
    return Notice(**{**row, "sha256": None if checksum is None else bytes(checksum)})
