"""A delivered file read with its profile: every record a site or refused, and nothing stored yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from geo_service.construction.feed_file import RawRecord, SiteFile, raw_hash, read_site_file
from geo_service.construction.feed_geometry import MetresWithoutCrs
from geo_service.construction.feed_profile import Profile
from geo_service.construction.feed_site import Notes, Unusable, read_site
from geo_service.construction.import_report import Remark
from geo_service.construction.site import ConstructionSite
from geo_service.construction.store_sites import Progress, quiet
from geo_service.construction.without_collecting import without_collecting
from geo_service.errors import BadSiteFile


@dataclass(frozen=True, slots=True)
class Delivery:
    """The records of one source id: the site they describe, or why there is none."""

    source_id: str
    number: int
    raw_hash: str
    site: ConstructionSite | None
    refused: str | None


@dataclass(slots=True)
class Feed:
    """A file read with its profile; nothing is stored yet. nameless: records without a usable id."""

    file: SiteFile
    profile: Profile
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    nameless: list[Remark] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)
    left_out: int = 0


@without_collecting()
def read_feed(path: Path, profile: Profile, *, progress: Progress = quiet) -> Feed:
    """Every record of a file, read or refused one by one. Raises BadSiteFile when the whole is no use."""
    file = read_site_file(path, profile)
    feed = Feed(file=file, profile=profile)
    groups = _by_id(feed)
    for done, (source_id, records) in enumerate(groups.items(), start=1):
        feed.deliveries[source_id] = _deliver(feed, source_id, records)
        if done % 100 == 0 or done == len(groups):
            progress("read", done, len(groups))
    _refuse_useless(feed)
    return feed


def _by_id(feed: Feed) -> dict[str, tuple[RawRecord, ...]]:
    profile = feed.profile
    groups: dict[str, tuple[RawRecord, ...]] = {}
    for record in feed.file.records:
        said = record.get(profile.id)
        source_id = "" if said is None or isinstance(said, dict | list | bool) else str(said).strip()
        if _is_left_out(record, profile):
            feed.left_out += 1
        elif source_id in profile.empty_values or not source_id:
            feed.nameless.append(
                Remark(source_id="", number=record.number, reason=f"there is no id ({profile.id} is empty)")
            )
        else:
            groups[source_id[:200]] = (*groups.get(source_id[:200], ()), record)
    return groups


def _is_left_out(record: RawRecord, profile: Profile) -> bool:
    return any(str(record.get(name)) in words for name, words in profile.leave_out.items())


def _deliver(feed: Feed, source_id: str, records: tuple[RawRecord, ...]) -> Delivery:
    site, refused = None, None
    if len(records) > 1 and feed.profile.same_id == "refuse":
        numbers = ", ".join(str(record.number) for record in records[:5])
        refused = f"{len(records)} records have this id (records {numbers})"
    else:
        try:
            site = read_site(records, source_id, feed.file, feed.profile, feed.notes)
        except Unusable as error:
            refused = str(error)
        except MetresWithoutCrs:
            raise BadSiteFile(
                f"{feed.file.name}: record {records[0].number} ({source_id}) has coordinates that are not "
                "degrees, and neither the file nor the profile names their CRS; add crs to the profile."
            ) from None
    digest = raw_hash(records, feed.profile.ignore_when_comparing)
    return Delivery(source_id, records[0].number, digest, site, refused)


def _refuse_useless(feed: Feed) -> None:
    if not feed.file.records or any(each.site for each in feed.deliveries.values()):
        return
    if feed.left_out == len(feed.file.records):
        raise BadSiteFile(f"{feed.file.name}: every record is left out by the profile.")
    reasons = [f"{each.source_id}: {each.refused}" for each in feed.deliveries.values()]
    reasons += [f"record {each.number}: {each.reason}" for each in feed.nameless]
    raise BadSiteFile(
        f"{feed.file.name}: none of the {len(feed.file.records)} records can be used: "
        + "; ".join(reasons[:3])
    )
