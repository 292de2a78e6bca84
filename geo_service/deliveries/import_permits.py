"""Brings the cases of another system in: each becomes a case here, with the state it has there.

What is granted there becomes binding here only if nothing stands in its way; else the case waits in review.
A case that people have worked on here is theirs: the import leaves it alone and says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.become_binding import Claim, objections, store_with_findings
from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.catalogue import catalogue
from geo_service.conflicts.rule_basis import frozen_findings, record_basis
from geo_service.conflicts.stored_findings import list_findings
from geo_service.construction.feed_file import RawRecord, SiteFile
from geo_service.construction.feed_geometry import MetresWithoutCrs
from geo_service.construction.feed_site import Notes, Unusable
from geo_service.construction.import_report import Remark
from geo_service.db.database import speak_as
from geo_service.deliveries.permit_record import DeliveredPermit, read_permit
from geo_service.deliveries.profiles import PermitProfile
from geo_service.deliveries.records import (
    Delivered,
    Ledger,
    digest_of,
    no_id,
    open_ledger,
    save_ledger,
    source_id_of,
)
from geo_service.deliveries.report import DeliveryReport
from geo_service.deliveries.table_file import read_permit_file
from geo_service.errors import BadSiteFile
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate
from geo_service.occupations.states import standing_of
from geo_service.occupations.use_request import occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.permits.permit_row import request_columns
from geo_service.permits.record_step import record_step
from geo_service.permits.request_permit import next_reference, write_applicant
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town, get_town

Progress = Callable[[int, int], None]
_OPERATOR = Caller(role="operator", name="operator")


@dataclass(slots=True)
class PermitDelivery:
    """A file read with its profile; nothing is stored yet."""

    file: SiteFile
    profile: PermitProfile
    permits: dict[str, DeliveredPermit] = field(default_factory=dict)
    rows: dict[str, Delivered] = field(default_factory=dict)
    nameless: list[Remark] = field(default_factory=list)
    left_out: int = 0
    notes: Notes = field(default_factory=Notes)


def read_permits(path: Path, profile: PermitProfile) -> PermitDelivery:
    """Every record, read or refused one by one. Raises BadSiteFile when the file is no use at all."""
    found = PermitDelivery(read_permit_file(path, profile), profile)
    if not found.file.records:
        raise BadSiteFile(f"{path.name}: the file holds no record.")
    groups: dict[str, tuple[RawRecord, ...]] = {}
    for record in found.file.records:
        source_id = source_id_of(record, profile)
        if any(str(record.get(name)) in words for name, words in profile.leave_out.items()):
            found.left_out += 1
        elif source_id is None:
            found.nameless.append(no_id(record, profile))
        else:
            groups[source_id] = (*groups.get(source_id, ()), record)
    for source_id, records in groups.items():
        row = found.rows[source_id] = Delivered(records[0].number, digest_of(records, profile))
        if len(records) > 1:
            numbers = ", ".join(str(record.number) for record in records[:5])
            row.refused = f"{len(records)} records have this id (records {numbers})"
            continue
        try:
            found.permits[source_id] = read_permit(records[0], source_id, found.file, profile, found.notes)
        except Unusable as error:
            row.refused = str(error)
        except MetresWithoutCrs as error:
            raise BadSiteFile(f"{path.name}: record {records[0].number}: {error.detail}") from None
    return found


def store_permits(
    session: Session,
    delivery: PermitDelivery,
    *,
    as_of: datetime,
    progress: Progress = lambda _done, _total: None,
) -> DeliveryReport:
    """Write what is new or changed, as the operator; does not commit. What is gone there stays here."""
    take_binding_lock(session)
    ledger = open_ledger(session, delivery.profile)
    ledger.now, ledger.nameless = delivery.rows, delivery.nameless
    bringing = _Bringing(session, delivery.profile, as_of)
    for done, (source_id, row) in enumerate(ledger.now.items(), start=1):
        before = ledger.known.get(source_id)
        if before is not None:
            row.ours, row.town, row.held = before.site_id, before.town, before.held
        if source_id in delivery.permits and ledger.is_due(source_id):
            is_news = before is None or before.raw_hash != row.digest
            bringing.bring(delivery.permits[source_id], row, is_news=is_news)
        progress(done, len(ledger.now))
    speak_as(session, actor="operator")  # no case is open any more
    report = _report(delivery, ledger, bringing)
    # Every desk reads the kept report: what it says about cases of one town stays with who ran the import.
    save_ledger(session, ledger, replace(report, held=(), kept=()), as_of=as_of)
    return report


@dataclass(slots=True)
class _Bringing:
    session: Session
    profile: PermitProfile
    as_of: datetime
    written: Counter[str] = field(default_factory=Counter)
    held: list[Remark] = field(default_factory=list)
    kept: list[Remark] = field(default_factory=list)

    def bring(self, permit: DeliveredPermit, row: Delivered, *, is_news: bool) -> None:
        """One case; `is_news` false: it is tried again only because it waited or the profile changed."""
        use = permit.request.use
        ags = locate(self.session, use.area, day=self.as_of.astimezone(TOWN_ZONE).date()).town()
        if ags is None:
            row.refused = "it lies outside every town of this service, so nobody could decide about it"
            return
        town = get_town(self.session, ags)
        known = row.ours is not None
        permit_id = row.ours or uuid4()
        self._run("permits", "open_new_case", permit_id=permit_id)
        before = self._run("deliveries", "case_of_import", permit_id=permit_id).one_or_none()
        if before is not None and (before.worked_on or row.town != town.ags):
            reason = "worked on" if before.worked_on else f"filed in {row.town}"
            row.held = False
            if is_news:
                said = f"changed at the source, but {reason} here: left as it is"
                self.kept.append(_remark(permit, row, said))
            return
        row.ours, row.town = permit_id, town.ags
        filed_at = permit.filed_at or self.as_of
        reference = before.reference if known and before else next_reference(self.session, town, filed_at)
        self._write(permit, town, permit_id, reference, is_new=before is None)
        self._take_state(permit, row, reference, before.status if before else None)

    def _write(
        self, permit: DeliveredPermit, town: Town, permit_id: UUID, reference: str, *, is_new: bool
    ) -> None:
        values: dict[str, Any] = {
            **request_columns(permit.request.use),
            "permit_id": str(permit_id),
            "case_group": str(permit_id),
            "town": town.ags,
            "reference": reference,
            "status": "submitted",
            "purpose": permit.request.purpose,
            "filed_by": "import",
            "filed_at": (permit.filed_at or self.as_of).isoformat(),
            "source": self.profile.source,
            "source_reference": permit.source_id,
            "demo": town.demo,
        }
        name = "insert_permit" if is_new else "update_permit"
        given = {"row": orjson.dumps(values).decode()}
        self._run("permits", name, **(given if is_new else {**given, "permit_id": permit_id}))
        party = write_applicant(self.session, permit.request, permit_id, town.ags)
        mine = occupation_of(
            permit.request.use,
            filed_at=permit.filed_at or self.as_of,
            source_id=permit_id,
            reference=reference,
        )
        save_occupation(self.session, replace(mine, party=party, demo=town.demo))

    def _take_state(
        self, permit: DeliveredPermit, row: Delivered, reference: str, before: str | None
    ) -> None:
        permit_id = row.ours
        assert permit_id is not None and row.town is not None
        status = self._status(permit)
        claim = self._claim(permit, row, reference, status)
        row.held, frozen, basis = False, None, None
        if standing_of("permits", status).binding:
            against = objections(self.session, claim).all
            if against:
                reasons = "; ".join(f"{each.number} {each.title['de']}" for each in against[:3])
                self.held.append(_remark(permit, row, f"{permit.said_status}: {reasons}"))
                status, row.held = "in_review", True
                self._claim(permit, row, reference, status)
            else:
                frozen, basis = self._freeze(row.town, claim)
        self._run(
            "permits", "set_status", permit_id=permit_id, status=status, reference=None, filed_at=None,
            due_at=None, decided_at=permit.filed_at if frozen is not None else None, conditions=None,
            findings_at_grant=None if frozen is None else orjson.dumps(frozen).decode(), rule_basis=basis,
        )  # fmt: skip
        if status != before:
            self._record(permit, row, before, status)
        self.written[status] += 1

    def _claim(self, permit: DeliveredPermit, row: Delivered, reference: str, status: str) -> Claim:
        """What the case takes in a state, stored with the findings that follow."""
        mine = occupation_of(
            permit.request.use,
            filed_at=permit.filed_at or self.as_of,
            source_id=row.ours,
            state=status,
            reference=reference,
        )
        party = self._run("deliveries", "party_of_import", permit_id=row.ours).scalar_one_or_none()
        return store_with_findings(self.session, replace(mine, party=party), as_of=self.as_of)

    def _freeze(self, town: str, claim: Claim) -> tuple[list[dict[str, Any]], str]:
        in_force = catalogue(self.session, town, self.as_of.astimezone(TOWN_ZONE).date())
        own = list_findings(self.session, claim.occupation_id, both=False)
        return frozen_findings(in_force, own, _OPERATOR), record_basis(self.session, in_force)

    def _record(self, permit: DeliveredPermit, row: Delivered, before: str | None, status: str) -> None:
        assert row.ours is not None and row.town is not None
        record_step(
            self.session,
            row.ours,
            row.town,
            before=before,
            after=status,
            by=_OPERATOR,
            as_of=self.as_of,
            reason=f"Übernommen aus „{self.profile.title}“, dort {permit.source_id}, {permit.said_status}",
        )

    def _status(self, permit: DeliveredPermit) -> str:
        """What stood until a day that has passed stands no more."""
        end = permit.request.use.period.end
        over = end is not None and end <= self.as_of
        return "ended" if over and permit.status in ("granted", "active") else permit.status

    def _run(self, subject: str, name: str, **values: Any) -> Any:
        return self.session.execute(text(statements(subject)[name]), values)


def _remark(permit: DeliveredPermit, row: Delivered, reason: str) -> Remark:
    return Remark(source_id=permit.source_id, number=row.number, reason=reason)


def _report(delivery: PermitDelivery, ledger: Ledger, bringing: _Bringing) -> DeliveryReport:
    profile = delivery.profile
    gone = [
        Remark(
            source_id=each, number=None, reason="no longer delivered; a case is never removed by an import"
        )
        for each in ledger.gone
        if ledger.known[each].site_id is not None
    ]
    counts = ledger.counts()
    return DeliveryReport(
        file=delivery.file.name,
        source=profile.source,
        attribution=profile.attribution,
        licence=profile.licence,
        delivered=len(delivery.file.records),
        added=counts["added"],
        changed=counts["changed"],
        unchanged=counts["unchanged"],
        gone=counts["gone"],
        written=dict(bringing.written),
        refused=ledger.refusals(),
        held=tuple(bringing.held),
        kept=(*bringing.kept, *gone),
        left_out={"by the profile": delivery.left_out} if delivery.left_out else {},
        untranslated={f"{n} = {said}": many for (n, said), many in delivery.notes.untranslated.most_common()},
    )
