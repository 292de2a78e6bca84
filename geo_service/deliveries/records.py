"""What a feed delivered before and delivers now; the same for permits as for events and detours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.construction.feed_file import RawRecord, raw_hash
from geo_service.construction.feed_profile import Profile
from geo_service.construction.import_report import Remark
from geo_service.deliveries.report import DeliveryReport
from geo_service.sql.loader import statements, text

MAX_ID = 200


@dataclass(slots=True)
class Delivered:
    """One source id: where in the file, what it holds and what became of it. ours: our id."""

    number: int
    digest: str
    refused: str | None = None
    ours: UUID | None = None
    town: str | None = None
    held: bool = False


@dataclass(slots=True)
class Ledger:
    """All records of one delivery beside what is known of its source."""

    profile: Profile
    known: Mapping[str, Any]
    now: dict[str, Delivered] = field(default_factory=dict)
    nameless: list[Remark] = field(default_factory=list)

    def is_due(self, source_id: str) -> bool:
        """New, changed, back again, read with a changed profile, refused or held before."""
        before = self.known.get(source_id)
        if before is None or before.gone_since is not None or before.held or before.site_id is None:
            return True
        return (before.raw_hash, before.profile_hash) != (self.now[source_id].digest, self.profile.hash)

    @property
    def gone(self) -> list[str]:
        """Known and not delivered any more."""
        return [each for each, row in self.known.items() if row.gone_since is None and each not in self.now]

    def counts(self) -> dict[str, int]:
        """added, changed, unchanged, gone: of the raw records."""
        added = changed = 0
        for source_id, each in self.now.items():
            before = self.known.get(source_id)
            if before is None or before.gone_since is not None:
                added += 1
            elif before.raw_hash != each.digest:
                changed += 1
        unchanged = len(self.now) - added - changed
        return {"added": added, "changed": changed, "unchanged": unchanged, "gone": len(self.gone)}

    def refusals(self) -> tuple[Remark, ...]:
        """Every record that could not be used, with the reason."""
        return (
            *(
                Remark(source_id=source_id, number=each.number, reason=each.refused)
                for source_id, each in self.now.items()
                if each.refused
            ),
            *self.nameless,
        )


def open_ledger(session: Session, profile: Profile) -> Ledger:
    """What is known of the source."""
    rows = session.execute(text(statements("construction")["known_records"]), {"source": profile.source})
    return Ledger(profile=profile, known={row.source_id: row for row in rows})


def source_id_of(record: RawRecord, profile: Profile) -> str | None:
    """The id under which the source knows the record; None = it has none."""
    said = record.get(profile.id)
    if said is None or isinstance(said, dict | list | bool):
        return None
    found = str(said).strip().replace("\x00", "")
    return None if not found or found in profile.empty_values else found[:MAX_ID]


def no_id(record: RawRecord, profile: Profile) -> Remark:
    """The refusal of a record without an id."""
    return Remark(source_id="", number=record.number, reason=f"there is no id ({profile.id} is empty)")


def digest_of(records: tuple[RawRecord, ...], profile: Profile) -> str:
    """The same for the same content."""
    return raw_hash(records, profile.ignore_when_comparing)


def save_ledger(session: Session, ledger: Ledger, report: DeliveryReport, *, as_of: datetime) -> None:
    """Keep what was delivered and what became of it, and the report."""
    named, profile = statements("construction"), ledger.profile
    session.execute(
        text(named["save_feed"]),
        {
            "source": profile.source,
            "title": profile.title,
            "attribution": profile.attribution,
            "licence": profile.licence,
            "url": profile.url,
            "file": report.file,
            "snapshot": as_of,
            "report": orjson.dumps(asdict(report)).decode(),
        },
    )
    rows = [
        {
            "source_id": source_id,
            "raw_hash": each.digest,
            "profile_hash": profile.hash,
            "town": each.town,
            "site_id": None if each.ours is None else str(each.ours),
            "held": each.held,
            "refused": each.refused,
        }
        for source_id, each in ledger.now.items()
    ]
    seen = {"source": profile.source, "seen": as_of, "rows": orjson.dumps(rows).decode()}
    session.execute(text(named["save_records"]), seen)
    if ledger.gone:
        gone = {"source": profile.source, "gone": ledger.gone, "day": as_of}
        session.execute(text(named["mark_records_gone"]), gone)
