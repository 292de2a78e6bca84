"""Signed detours as a desk keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import shapely
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.conflicts.override import NO_OVERRIDES, Overrides
from geo_service.construction.save_detour import Detour, detour_columns, save_detour
from geo_service.identity.caller import Caller
from geo_service.interval import Interval
from geo_service.sql.loader import statements
from geo_service.town_objects.kind import Kind
from geo_service.town_objects.life import WORKS
from geo_service.town_objects.related import require_of_town


def read_detour(row: Row[Any]) -> Detour:
    """A row of `detour_facts`."""
    same = ("town", "title", "state", "source", "source_id", "belongs_to", "filed_at", "demo")
    return Detour(
        **{name: getattr(row, name) for name in same},
        detour_id=row.object_id,
        way=shapely.from_wkb(bytes(row.place)),
        period=Interval(row.period_start, row.period_end),
        modes=frozenset(row.modes),
    )


def keep_detour(
    session: Session, detour: Detour, by: Caller, as_of: datetime, overrides: Overrides = NO_OVERRIDES
) -> Sequence[str]:
    """What `save_detour` does, for something of the own town; the keys of its findings across a border.

    Raises Invalid, BlockedByFindings (409).
    """
    if detour.belongs_to is not None:
        require_of_town(session, detour.belongs_to, by, "/properties/belongs_to")
    return save_detour(session, detour, as_of=as_of, overrides=overrides).across


DETOURS: Kind[Detour] = Kind(
    collection="detours",
    life=WORKS,
    facts=statements("construction")["detour_facts"],
    key="detour_id",
    read=read_detour,
    columns=detour_columns,
    save=keep_detour,
    save_over=keep_detour,
    cancelled=lambda detour, _: replace(detour, state="cancelled"),
    state=lambda detour: detour.state,
    area=lambda _: None,  # it may cross borders: the town is that of the desk that signs it
)
