"""The JSON of what a desk keeps on its map: a GeoJSON Feature in CRS84 with its findings and its record."""

from __future__ import annotations

from typing import Any, TypeVar

import shapely
from sqlalchemy.orm import Session

from geo_service.conflicts.check import MAX_FINDINGS
from geo_service.conflicts.finding import finding_document, other_document, verdict_of
from geo_service.conflicts.stored_findings import list_findings
from geo_service.identity.caller import Caller
from geo_service.occupations.row import get_occupation
from geo_service.permits.permit_document import instant, lonlat_document
from geo_service.sql.loader import statements, text
from geo_service.town_objects.keep_objects import Page
from geo_service.town_objects.kind import Kept
from geo_service.town_objects.record_change import Change, list_changes
from geo_service.town_objects.related import list_detours_of, list_standing_in
from geo_service.web.labels import label
from geo_service.web.object_kinds import ServedKind

T = TypeVar("T")


def object_document(session: Session, served: ServedKind[T], kept: Kept[T], caller: Caller) -> dict[str, Any]:
    """One object as the desk of its town reads it; what is of other towns is cut to `caller`."""
    document = object_feature(served, kept)
    told = _findings(session, kept, caller) if served.occupies else _affected(session, served, kept, caller)
    document["properties"] |= told
    if served.path in ("construction-sites", "events"):
        document["properties"]["detours"] = list_detours_of(session, kept.object_id)
    changes = list_changes(session, served.kind.collection, kept.object_id)
    document["properties"]["history"] = [_change(change) for change in changes]
    return document


def object_feature(served: ServedKind[T], kept: Kept[T]) -> dict[str, Any]:
    """The object itself, as it stands in lists."""
    words = served.words(kept.object)
    state = {f"state_label_{lang}": label(served.state_list, kept.state, lang) for lang in ("de", "en")}
    if served.kind_list is not None:
        kinds = {f"kind_label_{lang}": label(served.kind_list, words["kind"], lang) for lang in ("de", "en")}
        state |= kinds
    return {
        "type": "Feature",
        "id": str(kept.object_id),
        "geometry": lonlat_document(_place(kept.object)),
        "properties": {
            "town": kept.town,
            "state": kept.state,
            **state,
            "next": list(served.kind.life.follows[kept.state]),
            **words,
            "version": kept.version,
            "created_at": instant(kept.created_at),
            "updated_at": instant(kept.updated_at),
        },
    }


def _place(thing: Any) -> shapely.Geometry:
    return thing.way if hasattr(thing, "way") else thing.area


def _findings(session: Session, kept: Kept[Any], caller: Caller) -> dict[str, Any]:
    """The findings of its occupation, the worst first, and what it was found to take."""
    asked = {"source_id": kept.object_id}
    found_id = session.execute(
        text(statements("occupations")["find_occupation_of_source"]), asked
    ).scalar_one_or_none()
    if found_id is None:  # delivered by an import that only stored the row
        return {"verdict": "clear", "findings": [], "findings_total": 0, "takes_derived": False}
    findings = list_findings(session, found_id)
    mine = get_occupation(session, found_id)
    told: dict[str, Any] = {
        "verdict": verdict_of([finding for finding in findings if finding.status == "open"]),
        "findings": [finding_document(finding, caller) for finding in findings[:MAX_FINDINGS]],
        "findings_total": len(findings),
        "takes_derived": mine.takes_derived,
    }
    if mine.area is not None:
        told["takes"] = None if mine.takes is None else sorted(mine.takes)
        told["area_m2"] = round(float(mine.area.area), 2)
    return told


def _affected(session: Session, served: ServedKind[T], kept: Kept[T], caller: Caller) -> dict[str, Any]:
    """What stands or is planned where a place has its effect; nothing once it is cancelled."""
    assert served.in_force is not None
    area = _place(kept.object)
    told: dict[str, Any] = {"area_m2": round(float(area.area), 2), "affected": []}
    if kept.state == "in_force":
        when = served.in_force(kept.object)
        standing = list_standing_in(session, area, when.period, recurrence=when.spans)
        told["affected"] = [other_document(other, caller) for other in standing]
    return told


def _change(change: Change) -> dict[str, Any]:
    return {
        "at": instant(change.at),
        "role": change.actor_role,
        "by": change.actor_name,
        "deed": change.deed,
        "state": change.state,
        "fields": list(change.fields),
        "overrides": list(change.overrides),
    }


def page_document(served: ServedKind[T], page: Page[T]) -> dict[str, Any]:
    """A page of a list as a FeatureCollection, for the clerks of the town."""
    return {
        "type": "FeatureCollection",
        "features": [object_feature(served, kept) for kept in page.objects],
        "numberReturned": len(page.objects),
        "cursor": page.cursor,
    }
