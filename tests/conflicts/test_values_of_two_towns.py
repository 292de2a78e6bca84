"""Whoever finds something against an occupation does so by the values in force in the own town."""

from __future__ import annotations

from typing import Any

from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, speak_as

WEST = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 1000, 2000], "accuracy_m": 0}
EAST = {"ags": "06431020", "name": "Viernheim", "rect": [0, -1000, 1000, 2000], "accuracy_m": 0}


def test_who_looks_farther_does_not_make_a_neighbour_of_another_town_look_as_far(
    scenery: Any, empty_database: Database, empty_session: Any
) -> None:
    for town in (WEST, EAST):
        scenery.add_town(empty_database, **town)
    with empty_database.owner_connection() as owner:
        owner.execute(
            "INSERT INTO town_parameter (town, parameter, first_day, value, legal_source)"
            " VALUES ('06431020', 'neighbour_distance_m', '2026-01-01', 30, '§')"
        )
    speak_as(empty_session, actor="operator")
    scene = scenery.Scene(empty_session)
    # Both lie twenty metres from the one in the middle, one in the same town, one across the border.
    west, east = scene.store({"rect": [-50, 0, 10, 4]}), scene.store({"rect": [10, 0, 10, 4]})
    middle = scene.store({"rect": [-20, 0, 10, 4]})
    recompute_findings(empty_session, middle, as_of=scenery.as_of)

    def neighbours(occupation_id: int) -> list[str]:
        found = list_findings(empty_session, occupation_id, both=False)
        return [finding.rule for finding in found if finding.number == "K02"]

    assert neighbours(east) == ["close_neighbour"]
    assert neighbours(middle) == neighbours(west) == []
