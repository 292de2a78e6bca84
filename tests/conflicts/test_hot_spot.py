"""Ten thousand occupations on one spot: a check still answers, one more is still stored, a grant still decided."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts import become_binding, stored_findings
from geo_service.conflicts.become_binding import TooManyFindings, objections, store_with_findings
from geo_service.conflicts.check import check_occupation
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, speak_as
from geo_service.occupations.row import get_occupation

TOWN = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 2000, 2000]}
MANY = 10_000
COPY = """
INSERT INTO occupation (town, collection, source_id, case_group, label, state, counts, binding, published, use_type,
    area, period, exclusive, takes)
SELECT one.town, one.collection, gen_random_uuid(), gen_random_uuid(), one.label, one.state, true, n % 2 = 0, n % 2 = 0,
    one.use_type, ST_Translate(one.area, 0, n * 0.0001), one.period, true, one.takes
FROM occupation AS one, generate_series(2, :many) AS n WHERE one.occupation_id = :id"""


@pytest.fixture
def spot(scenery: Any, empty_database: Database, empty_session: Session) -> Any:
    scenery.add_town(empty_database, **TOWN)
    speak_as(empty_session, actor="operator")
    scene = scenery.Scene(empty_session)
    first = scene.store({}, state="submitted")
    empty_session.execute(text(COPY), {"many": MANY, "id": first})
    empty_session.execute(text("ANALYZE occupation"))
    empty_session.execute(text("SET LOCAL statement_timeout = '10s'"))  # as in the service
    return scene


def test_a_check_answers_with_the_worst_and_the_total(spot: Any, scenery: Any) -> None:
    asked = scenery.occupation({"rect": [5, 0, 10, 4]}, state="submitted")
    start = time.perf_counter()
    result = check_occupation(spot.session, asked, as_of=scenery.as_of)
    took_s = time.perf_counter() - start
    assert (len(result.findings), result.findings_total, result.verdict) == (50, MANY, "blocked")
    assert {finding.severity for finding in result.findings} == {"block"}
    measured = [finding.measured for finding in result.findings]
    assert measured == sorted(measured, reverse=True)
    print(f"check {took_s:.2f} s")
    assert took_s < 5


def test_what_cannot_all_be_kept_is_not_granted(
    spot: Any, scenery: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a supervisor who overrides all that is shown would grant over what is not."""
    for module in (stored_findings, become_binding):
        monkeypatch.setattr(module, "KEPT_AT_MOST", 20)
    granted = scenery.occupation({"rect": [5, 0, 10, 4]}, state="granted")
    claim = store_with_findings(spot.session, granted, as_of=scenery.as_of)
    assert claim.check.findings_total == MANY
    with pytest.raises(TooManyFindings):
        objections(spot.session, claim)


def test_one_more_is_stored_and_decided(spot: Any, scenery: Any) -> None:
    start = time.perf_counter()
    mine = spot.store({"rect": [5, 0, 10, 4]}, state="submitted")
    result = recompute_findings(spot.session, mine, as_of=scenery.as_of)
    first_s = time.perf_counter() - start
    assert (len(result.findings), result.findings_total) == (50, MANY)
    start = time.perf_counter()
    granted = replace(get_occupation(spot.session, mine), state="granted", binding=True, published=True)
    against = objections(spot.session, store_with_findings(spot.session, granted, as_of=scenery.as_of))
    again_s = time.perf_counter() - start
    assert len(against.own) == MANY // 2
    assert against.given == ()  # the same pairs, told by the own findings
    start = time.perf_counter()
    assert len(list_findings(spot.session, mine)) == MANY
    list_s = time.perf_counter() - start
    print(f"stored {first_s:.2f} s, granted {again_s:.2f} s, listed {list_s:.2f} s")
    assert first_s < 60 and again_s < 60
