"""What a desk has added to an imported site stays when the feed delivers the site anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from geo_service.construction.kept_sites import read_site
from geo_service.construction.site import ConstructionSite
from geo_service.errors import BadInterval
from geo_service.occupations.recurrence import Recurrence, expand
from geo_service.sql.loader import statements, text

# No feed delivers these, so none can contradict them.
_OF_THE_DESK = (
    "contractor", "consents", "detour", "closed_segments", "public_transport_affected", "actual_period",
    "accepted_on", "town_chosen",
)  # fmt: skip


def keep_desk_facts(session: Session, sites: Sequence[ConstructionSite]) -> list[ConstructionSite]:
    """The delivered sites with what a desk has stated beyond the feed, in their order."""
    named = statements("construction")
    asked = text(named["sites_with_desk_facts"].replace("«facts»", named["site_facts"]))
    rows = session.execute(asked, {"sites": [str(site.site_id) for site in sites]})
    known = {site.site_id: site for site in map(read_site, rows)}
    return [_kept(site, known[site.site_id]) if site.site_id in known else site for site in sites]


def _kept(delivered: ConstructionSite, stored: ConstructionSite) -> ConstructionSite:
    return replace(
        delivered,
        **{name: getattr(stored, name) for name in _OF_THE_DESK},
        traffic_order=delivered.traffic_order or stored.traffic_order,
        recurrence=_fitting(stored.recurrence, delivered),
        case_group=delivered.case_group or stored.case_group,
    )


def _fitting(recurrence: Recurrence | None, delivered: ConstructionSite) -> Recurrence | None:
    """The pattern, unless it never falls into the period that is delivered now."""
    if recurrence is None:
        return None
    try:
        expand(recurrence, delivered.period)
    except BadInterval:
        return None
    return recurrence
