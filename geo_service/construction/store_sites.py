"""Stores many sites together with their findings; what must not be binding yet is kept planned.

Whatever becomes binding is checked again under the one lock. A confirmed site over a blocking finding
would answer 409 in a form; an import cannot ask back, so the site is stored as planned, with its findings,
and tried again at the next import. Sites of one delivery that block each other: the earlier start stays.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import chunks
from geo_service.conflicts.become_binding import moment
from geo_service.conflicts.check import CheckQuestion
from geo_service.conflicts.finding import Finding
from geo_service.conflicts.hold_back import Wanted, hold_back, try_one_by_one
from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_questions import KEPT_AT_MOST
from geo_service.construction.desk_facts import keep_desk_facts
from geo_service.construction.save_site import occupation_of, write_sites
from geo_service.construction.site import ConstructionSite
from geo_service.construction.street_check import street_check
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import Location, locate_many
from geo_service.occupations.write_many import save_occupations
from geo_service.sql.loader import statements, text

CHUNK = 500
Progress = Callable[[str, int, int], None]


def quiet(_phase: str, _done: int, _total: int) -> None:
    """Progress for those who do not watch."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlacedSite:
    """A site with where it lies."""

    site: ConstructionSite
    location: Location


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredSites:
    """findings: how many of each severity they have themselves. held: why a confirmed site stays planned."""

    written: int

    findings: Mapping[str, int]
    held: Mapping[UUID, str]


def place_sites(
    session: Session, sites: Sequence[ConstructionSite], *, as_of: datetime, progress: Progress
) -> list[PlacedSite]:
    """Where the sites lie: towns and streets, and whether these are the stated ones.

    What a desk has added to a stored one is kept.
    """
    day = as_of.astimezone(TOWN_ZONE).date()
    found: list[PlacedSite] = []
    for delivered in chunks(sites, CHUNK):
        part = keep_desk_facts(session, delivered)
        locations = locate_many(session, [site.area for site in part], day=day)
        found += [
            PlacedSite(site=replace(site, street_check=street_check(site, at.streets)), location=at)
            for site, at in zip(part, locations, strict=True)
        ]
        progress("place", len(found), len(sites))
    return found


def store_sites(
    session: Session,
    placed: Sequence[PlacedSite],
    *,
    as_of: datetime,
    waiting: Container[UUID] = (),
    progress: Progress = quiet,
) -> StoredSites:
    """Insert or update sites and their occupations and findings. The caller holds the binding lock.

    waiting: sites stored as planned before and otherwise unchanged; they are written only if confirmed now.
    """
    since = moment(session)
    questions = _store_occupations(session, placed, as_of=as_of, progress=progress)
    found = _findings(session, list(questions.values()), as_of=as_of, progress=progress)
    sites = {each.site.site_id: each.site for each in placed}
    held = hold_back(session, _wanted(sites.values(), questions, found), since=since)
    demoted = [_planned(each) for each in placed if each.site.site_id in held.reasons]
    if demoted:
        again = _store_occupations(session, demoted, as_of=as_of, progress=quiet)
        recompute_many(session, list(again.values()), as_of=as_of)
        try_one_by_one(session, held, lambda site_id: occupation_of(sites[site_id], as_of), as_of=as_of)
    final = [_planned(each) if each.site.site_id in held.reasons else each for each in placed]
    written = [
        each.site
        for each in final
        if not (each.site.site_id in held.reasons and each.site.site_id in waiting)
    ]
    done = 0
    for part in chunks(written, CHUNK):
        write_sites(session, part)
        done += len(part)
        progress("write", done, len(written))
    return StoredSites(findings=_count(session, questions.values()), held=held.reasons, written=len(written))


def _planned(each: PlacedSite) -> PlacedSite:
    return replace(each, site=replace(each.site, state="planned"))


def _wanted(
    sites: Iterable[ConstructionSite],
    questions: Mapping[UUID, CheckQuestion],
    found: Mapping[int, tuple[Finding, ...]],
) -> list[Wanted]:
    """The sites that want to be confirmed."""
    wanted = []
    for site in sites:
        occupation_id = questions[site.site_id].mine.occupation_id
        if site.state == "confirmed" and occupation_id is not None:
            wanted.append(
                Wanted(
                    occupation_id=occupation_id,
                    source_id=site.site_id,
                    start=site.period.start,
                    key=site.source_id or "",
                    found=found.get(occupation_id, ()),
                )
            )
    return wanted


def _store_occupations(
    session: Session, placed: Sequence[PlacedSite], *, as_of: datetime, progress: Progress
) -> dict[UUID, CheckQuestion]:
    questions: dict[UUID, CheckQuestion] = {}
    for part in chunks(placed, CHUNK):
        locations = [each.location for each in part]
        stored = save_occupations(session, [occupation_of(each.site, as_of) for each in part], locations)
        for mine, location in zip(stored, locations, strict=True):
            questions[mine.source_id] = CheckQuestion(mine=mine, location=location, max_findings=KEPT_AT_MOST)
        progress("occupy", len(questions), len(placed))
    return questions


def _findings(
    session: Session, questions: Sequence[CheckQuestion], *, as_of: datetime, progress: Progress
) -> Mapping[int, tuple[Finding, ...]]:
    done = 0

    def counted(more: int) -> None:
        nonlocal done
        done += more
        progress("check", done, len(questions))

    return recompute_many(session, questions, as_of=as_of, counted=counted)


def _count(session: Session, questions: Iterable[CheckQuestion]) -> dict[str, int]:
    ids = [question.mine.occupation_id for question in questions]
    rows = session.execute(text(statements("conflicts")["count_findings"]), {"occupations": ids})
    return {row.severity: row.findings for row in rows}
