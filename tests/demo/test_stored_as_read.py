"""What storing an occupation gives back is what is read of it afterwards: findings are made of it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.interval import Interval
from geo_service.occupations.occupation import Occupation
from geo_service.occupations.row import get_occupation, get_occupations
from geo_service.occupations.write_occupation import store_occupation


def differences(one: Occupation, other: Occupation) -> list[str]:
    """Names of the fields that are not the same to the last bit, the reference system of shapes included."""
    return [
        field.name
        for field in fields(Occupation)
        if not same(getattr(one, field.name), getattr(other, field.name))
    ]


def by_hours(one: Occupation) -> Occupation:
    """The same on the first two days only, four hours each, with streets closed."""
    began = one.period.start
    hours = [Interval(began + timedelta(hours=h), began + timedelta(hours=h + 4)) for h in (1, 25)]
    return replace(
        one,
        period=Interval(began, began + timedelta(days=3)),
        recurrence=tuple(hours),
        closed_segments=("a street", "another"),
    )


def same(one: object, other: object) -> bool:
    if isinstance(one, BaseGeometry) and isinstance(other, BaseGeometry):
        return shapely.to_wkb(one) == shapely.to_wkb(other)
    return one == other


def test_every_occupation_of_the_demo_is_given_back_as_it_is_read(demo_session: Session) -> None:
    ids = demo_session.execute(text("SELECT occupation_id FROM occupation")).scalars().all()
    known = get_occupations(demo_session, ids)
    assert len(known) > 40
    assert any(one.detour is not None for one in known) and any(one.takes_derived for one in known)
    for one in [*known, *map(by_hours, known)]:
        stored = store_occupation(demo_session, replace(one, occupation_id=None))
        assert stored.occupation_id == one.occupation_id
        assert differences(stored, get_occupation(demo_session, one.occupation_id or 0)) == []
