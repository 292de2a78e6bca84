"""The schema's constraint names and what they mean to a client are one list."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from geo_service.db.constraints import INTERNAL, INTERNAL_TABLES, MEANING, meaning_of
from geo_service.db.database import speak_as
from geo_service.errors import BadHeights, BadInterval, ChangedMeanwhile, GeoServiceError

CONSTRAINTS = """
SELECT conrelid::regclass::text AS of_table, conname AS name FROM pg_constraint
WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'x', 'f')"""


def test_every_constraint_has_a_meaning_or_is_internal(empty_session: Session) -> None:
    rows = empty_session.execute(text(CONSTRAINTS)).all()
    reachable = {row.name for row in rows if row.of_table not in INTERNAL_TABLES}
    assert reachable == set(MEANING) | INTERNAL
    assert not set(MEANING) & INTERNAL
    assert {row.of_table for row in rows} >= INTERNAL_TABLES, "a table that is gone"


OCCUPATION = """
INSERT INTO occupation (town, collection, source_id, case_group, state, counts, binding, published, period, exclusive,
    area, height_from_m, height_to_m)
VALUES (:town, 'permits', gen_random_uuid(), gen_random_uuid(), 'submitted', true, false, false,
    CAST(:period AS tstzrange), true, ST_MakeEnvelope(480000, 5500000, 480010, 5500010, 25832), :low, :high)"""
RIGHT = {"town": None, "period": "[2026-05-01,2026-05-02)", "low": None, "high": None}


@pytest.mark.parametrize(
    ("wrong", "meaning"),
    [
        ({"town": "06999999"}, ChangedMeanwhile),
        ({"period": "empty"}, BadInterval),
        ({"period": "(,2026-05-02)"}, BadInterval),
        ({"low": 5, "high": 2}, BadHeights),
    ],
)
def test_a_broken_constraint_says_what_it_means(
    empty_session: Session, wrong: dict[str, object], meaning: type[GeoServiceError]
) -> None:
    speak_as(empty_session, actor="operator")
    with pytest.raises(IntegrityError) as broken:
        empty_session.execute(text(OCCUPATION), {**RIGHT, **wrong})
    assert meaning_of(broken.value) is meaning
