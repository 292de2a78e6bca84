"""Construction sites as a desk keeps them: with whom to call, and the acceptance of a closed dig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.construction.save_site import save_site, site_columns
from geo_service.construction.site import ConstructionSite
from geo_service.errors import FieldFault, Invalid
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.occupations.stated_facts import recurrence_from, traffic_order_from
from geo_service.sql.loader import statements, text
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import WORKS
from geo_service.town_objects.related import require_of_town, require_segments
from geo_service.zones.reinstatement import accept_reinstatement

_SAME = (
    "title", "state", "source", "source_id", "case_number", "kind", "utility", "excavation", "start_verified",
    "end_verified", "is_public", "restriction", "remaining_carriageway_m", "remaining_footway_m",
    "pedestrian_guidance", "cycle_guidance", "client", "contractor", "phone_24h",
    "public_transport_affected", "accepted_on", "town_chosen", "filed_at", "confidence", "area_widened",
    "stated_street", "stated_street_key", "street_check", "demo",
)  # fmt: skip


def read_site(row: Row[Any]) -> ConstructionSite:
    """A row of `site_facts`."""
    return ConstructionSite(
        **{name: getattr(row, name) for name in _SAME},
        site_id=row.object_id,
        area=shapely.from_wkb(bytes(row.place)),
        period=Interval(row.period_start, row.period_end),
        actual_period=Interval(row.actual_start, row.actual_end) if row.begun else None,
        takes=None if row.takes is None else frozenset(row.takes),
        traffic_order=traffic_order_from(row.traffic_order),
        consents=frozenset(row.consents),
        recurrence=recurrence_from(row.pattern),
        detour=None if row.detour is None else shapely.from_wkb(bytes(row.detour)),
        closed_segments=tuple(row.closed_segments),
        case_group=row.case_group,
    )


def keep_site(
    session: Session,
    site: ConstructionSite,
    by: Caller,
    as_of: datetime,
    overrides: Overrides = NO_OVERRIDES,
) -> Sequence[str]:
    """What `save_site` does, with whom to call and, for a dig that was accepted, its reinstatement.

    Returns the keys of its findings across a border. Raises BlockedByFindings (409), or Invalid for an
    acceptance that has nothing to accept.
    """
    if site.accepted_on is not None:
        _require_closed_dig(site)
    require_segments(session, site.closed_segments)
    if site.case_group not in (None, site.site_id):
        require_of_town(session, site.case_group, by, "/properties/case_group")
    found = save_site(session, site, as_of=as_of, overrides=overrides)
    named = statements("construction")
    if site.phone_24h:
        asked = {"site_id": site.site_id, "town": by.town, "phone_24h": site.phone_24h}
        session.execute(text(named["save_contact"]), asked)
    else:
        session.execute(text(named["forget_contact"]), {"site_id": site.site_id})
    if site.accepted_on is not None:
        accept_reinstatement(
            session,
            source_id=site.site_id,
            title=site.title,
            area=site.area,
            accepted_on=site.accepted_on,
            by=by,
            as_of=as_of,
            demo=site.demo,
        )
    return found.across


def _require_closed_dig(site: ConstructionSite) -> None:
    detail = None
    if site.state != "ended":
        detail = "Only the dig of a site that has ended can be accepted."
    elif not site.excavation:
        detail = "This site did not dig, so there is nothing to accept."
    if detail:
        raise Invalid(detail, errors=[FieldFault("/properties/accepted_on", detail)])


def _cancelled(site: ConstructionSite, _: datetime) -> ConstructionSite:
    return replace(site, state="cancelled")


SITES: Kind[ConstructionSite] = Kind(
    collection="construction_sites",
    life=WORKS,
    facts=statements("construction")["site_facts"],
    key="site_id",
    read=read_site,
    columns=site_columns,
    save=keep_site,
    save_over=keep_site,
    cancelled=_cancelled,
    state=lambda site: site.state,
    area=lambda site: site.area,
)
