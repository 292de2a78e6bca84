"""Findings of many at once are those of one after the other, on random scenes: with strips, closures and detours.

Whoever is not among the many is told as well: after a change only the changed ones are asked together.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from shapely.affinity import translate
from sqlalchemy import text

from geo_service.conflicts.recompute_many import recompute_many
from geo_service.conflicts.stored_findings import recompute_findings
from geo_service.conflicts.stored_questions import stored_questions
from geo_service.db.database import Database, speak_as
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.row import get_occupation
from geo_service.occupations.write_occupation import save_occupation

AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
BLOCK_M, ACROSS = 50, 4
FIRST = date(2026, 6, 1)
STORED = """
    SELECT finding_id, rule, severity, could_be, measured, limit_value, missing, needed_for_grant, mine_occupation,
        other_occupation, segment_id, during, together, status, mine_town, other_town, CAST(document AS text) AS said,
        round(CAST(ST_Area(geometry) AS numeric), 3) AS area_m2, round(CAST(ST_Length(geometry) AS numeric), 3) AS length_m
    FROM finding ORDER BY finding_id"""


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Any) -> Any:
    """Streets every fifty metres, in two towns."""
    scenery.add_town(
        empty_database, ags="06431002", name="West", rect=[-500, -500, 575, 1500], accuracy_m=0.1
    )
    scenery.add_town(empty_database, ags="06431020", name="East", rect=[75, -500, 1000, 1500], accuracy_m=0.1)
    speak_as(empty_session, actor="operator")
    for x in range(ACROSS):
        for y in range(ACROSS):
            for a, b in ((x + 1, y), (x, y + 1)):
                if max(a, b) < ACROSS:
                    scenery.add_road(empty_session, {
                        "id": f"{x},{y}-{a},{b}",
                        "line": [[x * BLOCK_M, y * BLOCK_M], [a * BLOCK_M, b * BLOCK_M]],
                        "nodes": [ACROSS * x + y, ACROSS * a + b],
                        "class": "kreisstrasse" if y == b == 0 else "gemeindestrasse",
                    })  # fmt: skip
    return scenery.Scene(empty_session)


def anything(chance: random.Random) -> dict[str, Any]:
    """Something in a street or beside it, some weeks long or without an end."""
    along, across = chance.uniform(0, 150), chance.choice([0, 50, 100, 150]) + chance.uniform(-6, 6)
    x, y = (along, across) if chance.random() < 0.5 else (across, along)
    first = FIRST + timedelta(days=chance.randrange(20))
    words: dict[str, Any] = {
        "rect": [x, y, chance.uniform(0.5, 12), chance.uniform(0.5, 12)],
        "days": [first, None if chance.random() < 0.15 else first + timedelta(days=chance.randrange(15))],
        "use": chance.choice(["geruest", "container", "aufgrabung", "aussengastronomie", "strassenfest"]),
        "state": chance.choice(["granted", "granted", "submitted"]),
        "restriction": chance.choice(["none", "narrowing", "lane_closure", "full_closure"]),
    }
    if chance.random() < 0.2:
        words["detour"] = [[0, 50], [50, 50], [100, 50], [100, 100]]
    if chance.random() < 0.2:
        words["remaining_carriageway_m"] = chance.choice([2.5, 3.5])
    return words


def stored(scene: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in scene.session.execute(text(STORED))]


def one_by_one(scene: Any, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    for occupation_id in ids:
        recompute_findings(scene.session, occupation_id, as_of=AS_OF)
    return stored(scene)


def at_once(scene: Any, ids: Sequence[int]) -> list[tuple[Any, ...]]:
    recompute_many(scene.session, stored_questions(scene.session, ids, as_of=AS_OF), as_of=AS_OF)
    return stored(scene)


@pytest.mark.parametrize("seed", range(3))
def test_many_at_once_find_what_one_after_the_other_finds(scene: Any, seed: int) -> None:
    chance = random.Random(seed)
    ids = [scene.store(anything(chance)) for _ in range(24)]
    together = at_once(scene, ids[:14]) and at_once(scene, ids[14:])
    rules = {row.rule for row in scene.session.execute(text("SELECT rule FROM finding"))}
    assert len(rules) > 7
    assert {"carriageway_width", "footway_width"} < rules
    assert one_by_one(scene, chance.sample(ids, len(ids))) == together

    changed = chance.sample(ids, 6)
    for occupation_id in changed:
        before = get_occupation(scene.session, occupation_id)
        assert before.area is not None
        moved = translate(before.area, chance.uniform(-15, 15), chance.uniform(-15, 15))
        save_occupation(scene.session, replace(before, area=moved, area_m2=moved.area))
    together = at_once(scene, changed)
    assert one_by_one(scene, ids) == together
