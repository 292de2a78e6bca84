"""Brings a feed of construction sites in as one change: what is new, changed, unchanged, back or gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.construction.feed import Delivery, Feed
from geo_service.construction.feed_profile import Profile
from geo_service.construction.import_report import Remark, SiteReport
from geo_service.construction.store_sites import (
    PlacedSite,
    Progress,
    StoredSites,
    place_sites,
    quiet,
    store_sites,
)
from geo_service.construction.street_check import disagreement
from geo_service.construction.without_collecting import without_collecting
from geo_service.errors import BadSiteFile
from geo_service.interval import TOWN_ZONE, midnight
from geo_service.sql.loader import statements, text

_NOTHING = StoredSites(written=0, findings={}, held={})


class TooManySitesWouldVanish(BadSiteFile):
    """More than half of the stored sites are not in the file; is it the right file?"""


@dataclass(slots=True)
class _Plan:
    """What the delivery means for what is stored, on the raw records."""

    known: Mapping[str, Any]
    placed: dict[str, PlacedSite] = field(default_factory=dict)
    added: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def waiting(self, profile: Profile) -> set[UUID]:
        """Sites that are tried again only because something was in the way last time."""
        rows = (self.known[source_id] for source_id in self.unchanged if source_id in self.placed)
        return {row.site_id for row in rows if row.held and row.profile_hash == profile.hash}

    def here(self, source_id: str, town: str | None) -> bool:
        """True if the record is about the one town that was asked for; refused ones are about nobody's."""
        if town is None:
            return True
        placed = self.placed.get(source_id)
        known = self.known.get(source_id)
        lies_in = placed.location.town() if placed else None if known is None else known.town
        return lies_in == town


@without_collecting()
def store_feed(
    session: Session,
    feed: Feed,
    *,
    as_of: datetime,
    town: str | None = None,
    force: bool = False,
    progress: Progress = quiet,
) -> SiteReport:
    """Bring in a feed that was read; the same again changes nothing. Runs as the operator, does not commit.

    Raises TooManySitesWouldVanish when more than half would go and `force` is not set; nothing is changed.
    """
    take_binding_lock(session)
    if not feed.file.records and not force:
        raise BadSiteFile(f"{feed.file.name}: the file holds no record; if all sites are to go, use --force.")
    seen = feed.file.snapshot or as_of
    plan = _plan(session, feed, town, as_of=as_of, progress=progress)
    present = sum(row.gone_since is None and plan.here(row.source_id, town) for row in plan.known.values())
    if 2 * len(plan.gone) > present and not force:
        raise TooManySitesWouldVanish(
            f"{feed.file.name}: {len(plan.gone)} of the {present} sites stored from {feed.profile.source} "
            "are not in the file; if they are to go, repeat with --force."
        )
    _save_feed(session, feed, seen, None)
    _cancel(session, feed, plan, midnight(seen.astimezone(TOWN_ZONE).date()))
    stored = _NOTHING
    if plan.placed:
        stored = store_sites(
            session,
            list(plan.placed.values()),
            as_of=as_of,
            waiting=plan.waiting(feed.profile),
            progress=progress,
        )
    _save_records(session, feed, plan, stored, seen)
    report = _report(feed, plan, stored, seen)
    _save_feed(session, feed, seen, report)
    return report


def _plan(session: Session, feed: Feed, town: str | None, *, as_of: datetime, progress: Progress) -> _Plan:
    rows = session.execute(text(statements("construction")["known_records"]), {"source": feed.profile.source})
    plan = _Plan(known={row.source_id: row for row in rows})
    due = [each for each in feed.deliveries.values() if each.site and _is_due(each, plan.known, feed.profile)]
    sites = [each.site for each in due if each.site]
    placed = place_sites(session, sites, as_of=as_of, progress=progress) if sites else []
    plan.placed = {each.source_id: at for each, at in zip(due, placed, strict=True)}
    for each in feed.deliveries.values():
        if not plan.here(each.source_id, town):
            plan.elsewhere.append(each.source_id)
            plan.placed.pop(each.source_id, None)
            continue
        before = plan.known.get(each.source_id)
        if before is None or before.gone_since is not None:
            plan.added.append(each.source_id)
            plan.returned += [each.source_id] if before is not None else []
        elif before.raw_hash != each.raw_hash:
            plan.changed.append(each.source_id)
        else:
            plan.unchanged.append(each.source_id)
    plan.gone = [
        row.source_id
        for row in plan.known.values()
        if row.gone_since is None and row.source_id not in feed.deliveries and plan.here(row.source_id, town)
    ]
    return plan


def _is_due(each: Delivery, known: Mapping[str, Any], profile: Profile) -> bool:
    """New, changed, back again, read with a changed profile, or still waiting to be confirmed."""
    before = known.get(each.source_id)
    if before is None or before.gone_since is not None or before.held or before.site_id is None:
        return True
    return (before.raw_hash, before.profile_hash) != (each.raw_hash, profile.hash)


def _cancel(session: Session, feed: Feed, plan: _Plan, day: datetime) -> None:
    if not plan.gone:
        return
    named = statements("construction")
    sites = [str(plan.known[each].site_id) for each in plan.gone if plan.known[each].site_id]
    session.execute(text(named["cancel_occupations"]), {"sites": sites, "day": day})
    session.execute(text(named["cancel_sites"]), {"sites": sites})
    session.execute(text(named["forget_findings_of_sites"]), {"sites": sites})
    session.execute(
        text(named["mark_records_gone"]), {"source": feed.profile.source, "gone": plan.gone, "day": day}
    )


def _save_records(session: Session, feed: Feed, plan: _Plan, stored: StoredSites, seen: datetime) -> None:
    rows = []
    for source_id in (*plan.added, *plan.changed, *plan.unchanged):
        each, before, placed = (
            feed.deliveries[source_id],
            plan.known.get(source_id),
            plan.placed.get(source_id),
        )
        site_id: UUID | None = placed.site.site_id if placed else None if before is None else before.site_id
        rows.append({
            "source_id": source_id,
            "raw_hash": each.raw_hash,
            "profile_hash": feed.profile.hash,
            "town": placed.location.town() if placed else None if before is None else before.town,
            "site_id": None if site_id is None else str(site_id),
            "held": site_id in stored.held,
            "refused": each.refused,
        })  # fmt: skip
    session.execute(
        text(statements("construction")["save_records"]),
        {"source": feed.profile.source, "seen": seen, "rows": orjson.dumps(rows).decode()},
    )


def _save_feed(session: Session, feed: Feed, seen: datetime, report: SiteReport | None) -> None:
    profile = feed.profile
    session.execute(
        text(statements("construction")["save_feed"]),
        {
            "source": profile.source,
            "title": profile.title,
            "attribution": profile.attribution,
            "licence": profile.licence,
            "url": profile.url,
            "file": feed.file.name,
            "snapshot": seen,
            "report": None if report is None else orjson.dumps(asdict(report)).decode(),
        },
    )


def _report(feed: Feed, plan: _Plan, stored: StoredSites, seen: datetime) -> SiteReport:
    profile, notes, deliveries = feed.profile, feed.notes, feed.deliveries
    here = {*plan.added, *plan.changed, *plan.unchanged}
    refused = [Remark(source_id=d.source_id, number=d.number, reason=d.refused)
               for d in deliveries.values() if d.refused]  # fmt: skip
    held = {str(site_id): reason for site_id, reason in stored.held.items()}
    return SiteReport(
        file=feed.file.name,
        source=profile.source,
        attribution=profile.attribution,
        licence=profile.licence,
        snapshot=seen.isoformat(),
        gone_from=seen.astimezone(TOWN_ZONE).date().isoformat(),
        delivered=len(feed.file.records),
        added=len(plan.added),
        returned=len(plan.returned),
        changed=len(plan.changed),
        unchanged=len(plan.unchanged),
        gone=len(plan.gone),
        stored=stored.written,
        elsewhere=len(plan.elsewhere),
        left_out=feed.left_out,
        merged=len(feed.file.records) - feed.left_out - len(feed.nameless) - len(deliveries),
        open_end=notes.open_end,
        widened=len(notes.widened),
        refused=(*refused, *feed.nameless),
        repaired=_remarks(notes.repaired, deliveries, here),
        parts_left_out=_remarks(notes.left_out, deliveries, here),
        held=tuple(
            Remark(source_id=name, number=deliveries[name].number, reason=held[str(placed.site.site_id)])
            for name, placed in plan.placed.items()
            if str(placed.site.site_id) in held
        ),
        untranslated={f"{name} = {said}": n for (name, said), n in notes.untranslated.most_common()},
        findings=dict(stored.findings),
        street_agrees=sum(each.site.street_check == "agrees" for each in plan.placed.values()),
        street_disagrees=tuple(
            Remark(
                source_id=name,
                number=deliveries[name].number,
                reason=disagreement(each.site, each.location.streets),
            )
            for name, each in plan.placed.items()
            if each.site.street_check == "disagrees"
        ),
    )


def _remarks(
    found: Sequence[tuple[str, str]], deliveries: Mapping[str, Delivery], here: set[str]
) -> tuple[Remark, ...]:
    return tuple(
        Remark(source_id=source_id, number=deliveries[source_id].number, reason=reason)
        for source_id, reason in found
        if source_id in here
    )
