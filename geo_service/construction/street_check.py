"""Does a site lie in the street that its source states? The map answers; it never corrects."""

from __future__ import annotations

from collections.abc import Sequence

from geo_service.construction.site import ConstructionSite
from geo_service.occupations.locate import Street
from geo_service.roads.street_names import names_street


def street_check(site: ConstructionSite, streets: Sequence[Street]) -> str:
    """agrees, disagrees or unknown. streets: those the site's area touches.

    A key counts more than a name. Unknown where nothing is stated, or where no touched street has a key
    or a name to compare: that is no disagreement.
    """
    keys = {street.street_key for street in streets if street.street_key}
    if site.stated_street_key and keys:
        return "agrees" if site.stated_street_key in keys else "disagrees"
    names = {street.street_name for street in streets if street.street_name}
    if not site.stated_street or not names:
        return "unknown"
    return "agrees" if any(names_street(site.stated_street, name) for name in names) else "disagrees"


def disagreement(site: ConstructionSite, streets: Sequence[Street]) -> str:
    """The sentence for the report."""
    stated = site.stated_street or f"street {site.stated_street_key}"
    names = sorted({street.street_name for street in streets if street.street_name})
    return f"stated: {stated}; the place lies in: {', '.join(names[:3]) or 'streets without a name'}"
