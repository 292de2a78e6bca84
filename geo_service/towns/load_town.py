"""Stores a town folder: one transaction of the owner, so that nothing is stored half."""

from __future__ import annotations

from typing import Literal

from shapely import to_wkb
from sqlalchemy.orm import Session

from geo_service.sql.loader import statements, text
from geo_service.towns.folder import TownFolder

Outcome = Literal["new", "changed", "unchanged"]


def load_town(owner: Session, folder: TownFolder) -> Outcome:
    """Store town, settings and boundary; the caller commits (`owner_session`).

    Raises BadTownFolder when the AGS, slug or prefix belongs to another town.
    """
    named = statements("towns")
    owner.execute(text(named["lock_towns"]))
    _refuse_rivals(owner, folder)
    saved = owner.execute(text(named["save_town"]), _columns(folder)).one_or_none()
    if saved is None:
        return "unchanged"
    ags = {"ags": folder.town.ags}
    owner.execute(text(named["forget_pieces"]), ags)
    owner.execute(text(named["save_pieces"]), ags)
    if saved.created:
        return "new"
    owner.execute(text(named["speak_for_town"]), ags)
    owner.execute(text(named["republish_permits"]), ags)
    return "changed"


def overlapping_towns(owner: Session, ags: str) -> list[str]:
    """Other towns that share more than a tenth of the area: names with AGS and km², for a warning."""
    rows = owner.execute(text(statements("towns")["overlapping_towns"]), {"ags": ags})
    return [f"{row.name} ({row.ags}): {row.shared_km2:.2f} km²" for row in rows]


def _refuse_rivals(owner: Session, folder: TownFolder) -> None:
    town = folder.town
    rows = owner.execute(
        text(statements("towns")["rivals"]),
        {"ags": town.ags, "slug": town.slug, "reference_prefix": town.reference_prefix},
    )
    for row in rows:
        holder = f"{row.name} ({row.ags})"
        if row.ags == town.ags:
            if row.slug != town.slug:
                raise folder.refuse_key(
                    "ags", f"{town.ags} already belongs to {row.name} with the slug {row.slug}"
                )
        elif row.slug == town.slug:
            raise folder.refuse_key("slug", f"{town.slug} is already taken by {holder}")
        else:
            raise folder.refuse_key(
                "reference_prefix", f"{town.reference_prefix} is already taken by {holder}"
            )


def _columns(folder: TownFolder) -> dict[str, object]:
    town = folder.town
    return {
        "ags": town.ags,
        "slug": town.slug,
        "name": town.name,
        "kind": town.kind,
        "boundary": to_wkb(folder.boundary.area),
        "boundary_accuracy_m": town.boundary_accuracy_m,
        "attribution": folder.boundary.attribution,
        "reference_prefix": town.reference_prefix,
        "accepts_requests": town.accepts_requests,
        "demo": town.demo,
        "settings": town.settings().model_dump_json(),
    }
