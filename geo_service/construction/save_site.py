"""Stores a construction site together with its occupation and findings, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.check import CheckResult
from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.conflicts.refuse_blocked import save_with_findings
from geo_service.construction.site import ConstructionSite
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.recurrence import expand
from geo_service.occupations.stated_facts import hex_of, recurrence_document, traffic_order_document
from geo_service.occupations.states import standing_of
from geo_service.sql.loader import statements, text

_SAME = (
    "case_number", "title", "kind", "utility", "excavation", "start_verified", "end_verified", "state",
    "is_public", "restriction", "remaining_carriageway_m", "remaining_footway_m", "pedestrian_guidance",
    "cycle_guidance", "client", "source", "source_id", "confidence", "area_widened",
    "stated_street", "stated_street_key", "street_check", "demo", "contractor", "public_transport_affected",
)  # fmt: skip


def save_site(
    session: Session, site: ConstructionSite, *, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> CheckResult:
    """Insert or update a site by its id; its town follows from the area.

    A planned site is always stored, with its findings. Raises BlockedByFindings (409) when a confirmed
    or active one would stand over a blocking finding; the caller rolls back.
    """
    _, result = save_with_findings(session, occupation_of(site, as_of), as_of=as_of, overrides=overrides)
    write_sites(session, [site])
    return result


def write_sites(session: Session, sites: Sequence[ConstructionSite]) -> None:
    """The sites themselves; their occupations are stored already."""
    rows = orjson.dumps([site_columns(site) for site in sites]).decode()
    session.execute(text(statements("construction")["save_sites"]), {"rows": rows})


def occupation_of(site: ConstructionSite, as_of: datetime) -> Occupation:
    """What the site claims of the street."""
    standing = standing_of("construction_sites", site.state, is_public=site.is_public)
    return Occupation(
        collection="construction_sites",
        source_id=site.site_id,
        case_group=site.case_group or site.site_id,
        state=site.state,
        counts=standing.counts,
        binding=standing.binding,
        published=standing.published,
        period=site.period,
        recurrence=None if site.recurrence is None else expand(site.recurrence, site.period),
        exclusive=True,
        filed_at=site.filed_at or as_of,
        town_chosen=site.town_chosen,
        reference=site.case_number,
        label=site.title,
        kind=site.kind,
        area=site.area,
        area_m2=float(site.area.area),
        detour=site.detour,
        excavation=site.excavation,
        restriction=site.restriction,
        takes=site.takes,
        remaining_carriageway_m=site.remaining_carriageway_m,
        remaining_footway_m=site.remaining_footway_m,
        pedestrian_guidance=site.pedestrian_guidance,
        cycle_guidance=site.cycle_guidance,
        consents=site.consents,
        closed_segments=site.closed_segments,
        traffic_order_period=None if site.traffic_order is None else site.traffic_order.period,
        utility=site.utility,
        demo=site.demo,
    )


def site_columns(site: ConstructionSite) -> dict[str, Any]:
    """Columns of table construction_site as JSON values, and what its occupation is told; no contacts."""
    actual = site.actual_period
    return {
        **{name: getattr(site, name) for name in _SAME},
        "site_id": str(site.site_id),
        "area": hex_of(site.area),
        "detour": hex_of(site.detour),
        "period": site.period.to_range(),
        "end_known": site.period.end is not None,
        "actual_period": None if actual is None else actual.to_range(),
        "pattern": recurrence_document(site.recurrence),
        "traffic_order": traffic_order_document(site.traffic_order),
        "consents": sorted(site.consents),
        "closed_segments": list(site.closed_segments),
        "accepted_on": None if site.accepted_on is None else site.accepted_on.isoformat(),
        "takes": None if site.takes is None else sorted(site.takes),
        "case_group": None if site.case_group in (None, site.site_id) else str(site.case_group),
    }
