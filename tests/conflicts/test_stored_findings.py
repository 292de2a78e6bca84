"""Findings of stored occupations: both directions, settled ones, what stands against a grant, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.binding_lock import take_binding_lock
from geo_service.conflicts.check import check_occupation
from geo_service.conflicts.finding import finding_document
from geo_service.conflicts.stored_findings import (
    findings_against_grant,
    list_findings,
    override_findings,
    recompute_findings,
)
from geo_service.db.database import Database, operator_session, speak_as
from geo_service.errors import NotFound
from geo_service.identity.caller import Caller
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.parameters import general_value
from geo_service.occupations.row import get_occupation
from geo_service.occupations.states import standing_of
from geo_service.occupations.write_occupation import save_occupation

AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)
TOWN = {"ags": "06431002", "name": "Bensheim", "rect": [-1000, -1000, 2000, 2000]}


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Session) -> Any:
    """A scene inside a town, so that nothing is found but what the test is about."""
    scenery.add_town(empty_database, **TOWN)
    speak_as(empty_session, actor="operator")
    return scenery.Scene(empty_session)


def found(scene: Any, occupation_id: int, **more: Any) -> list[tuple[str, str, str]]:
    return [(f.number, f.severity, f.status) for f in list_findings(scene.session, occupation_id, **more)]


def store(scene: Any, words: dict[str, Any], state: str = "granted") -> int:
    occupation_id: int = scene.store(words, state=state)
    recompute_findings(scene.session, occupation_id, as_of=AS_OF)
    return occupation_id


def change(scene: Any, occupation_id: int, **facts: Any) -> None:
    """Write an occupation again with other facts, as its source would."""
    before = get_occupation(scene.session, occupation_id)
    if "state" in facts:
        standing = standing_of(before.collection, facts["state"])
        facts |= {"counts": standing.counts, "binding": standing.binding, "published": standing.published}
    save_occupation(scene.session, replace(before, **facts))
    recompute_findings(scene.session, occupation_id, as_of=AS_OF)


def test_both_directions_are_kept_and_told_once(scene: Any) -> None:
    first = store(scene, {})
    second = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    assert found(scene, second, both=False) == [("K01", "block", "open")]
    assert found(scene, first, both=False) == [("K01", "warn", "open")]
    # The pair is one conflict; both desks see it with the higher severity.
    assert found(scene, first) == found(scene, second) == [("K01", "block", "open")]


def test_who_moves_away_or_ends_is_forgotten_by_everyone(scene: Any, scenery: Any) -> None:
    first = store(scene, {})
    second = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    change(scene, second, area=scenery.place({"rect": [300, 0, 10, 4]}))
    assert found(scene, first) == found(scene, second) == []
    change(scene, second, area=scenery.place({"rect": [5, 0, 10, 4]}))
    assert found(scene, first) == [("K01", "block", "open")]
    change(scene, first, state="revoked")
    assert found(scene, first) == found(scene, second) == []


def settle(scene: Any, occupation_id: int, status: str) -> None:
    scene.session.execute(
        text("UPDATE finding SET status = :status WHERE mine_occupation = :id"),
        {"status": status, "id": occupation_id},
    )


def test_a_settled_finding_reopens_only_when_it_got_worse(scene: Any, scenery: Any) -> None:
    store(scene, {}, "submitted")
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    settle(scene, mine, "accepted")
    change(scene, mine, area=scenery.place({"rect": [4.95, 0, 10, 4]}))  # 0.2 m² more: drawing noise
    assert found(scene, mine, both=False) == [("K01", "warn", "accepted")]
    change(scene, mine, area=scenery.place({"rect": [7, 0, 10, 4]}))  # less
    assert found(scene, mine, both=False) == [("K01", "warn", "accepted")]
    change(scene, mine, area=scenery.place({"rect": [6, 0, 10, 4]}))  # 4 m² more than that
    assert found(scene, mine, both=False) == [("K01", "warn", "open")]


def test_many_small_steps_are_one_large_one(scene: Any, scenery: Any) -> None:
    """0.2 m² at a time is drawing noise; what was accepted at 20 m² is not 30 m² in the end."""
    store(scene, {}, "submitted")
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    settle(scene, mine, "accepted")
    statuses = []
    for step in range(1, 4):
        change(scene, mine, area=scenery.place({"rect": [5 - 0.05 * step, 0, 10, 4]}))
        statuses.append(found(scene, mine, both=False)[0][2])
    assert statuses == ["accepted", "open", "open"]  # 0.2, 0.4 and 0.6 m² more than what was accepted


def test_a_settled_neighbour_may_move_by_the_noise_of_lengths(scene: Any, scenery: Any) -> None:
    noise_m = general_value("length_noise_m", AS_OF.date())
    store(scene, {}, "submitted")
    mine = store(scene, {"rect": [15, 0, 10, 4]}, "submitted")
    settle(scene, mine, "accepted")
    change(scene, mine, area=scenery.place({"rect": [15 - 0.9 * noise_m, 0, 10, 4]}))
    assert found(scene, mine, both=False) == [("K02", "info", "accepted")]
    change(scene, mine, area=scenery.place({"rect": [15 - 1.1 * noise_m, 0, 10, 4]}))
    assert found(scene, mine, both=False) == [("K02", "info", "open")]


def test_a_settled_lead_time_reopens_with_the_first_day_less(scene: Any) -> None:
    """Days have no noise of drawing."""
    mine = store(scene, {"days": [date(2026, 5, 11), date(2026, 5, 20)]}, "submitted")
    assert found(scene, mine) == [("K23", "warn", "open")]
    settle(scene, mine, "accepted")
    later = {"period": Interval.of_days(date(2026, 5, 12), date(2026, 5, 20))}
    change(scene, mine, **later)
    assert found(scene, mine) == [("K23", "warn", "accepted")]
    change(scene, mine, **later)
    assert found(scene, mine) == [("K23", "warn", "accepted")]
    change(scene, mine, period=Interval.of_days(date(2026, 5, 11), date(2026, 5, 20)))
    assert found(scene, mine) == [("K23", "warn", "open")]


def test_since_when_it_blocks_is_known(scene: Any) -> None:
    since = text("SELECT blocking_since FROM finding WHERE mine_occupation = :id")

    def blocking(occupation_id: int) -> list[bool]:
        rows = scene.session.execute(since, {"id": occupation_id}).scalars()
        return [each is not None for each in rows]

    other = store(scene, {}, "submitted")
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    assert blocking(mine) == [False]
    change(scene, other, state="granted")
    assert blocking(mine) == [True]
    first = scene.session.execute(since, {"id": mine}).scalar_one()
    recompute_findings(scene.session, mine, as_of=AS_OF)
    assert scene.session.execute(since, {"id": mine}).scalar_one() == first
    (block,) = list_findings(scene.session, mine, both=False)
    override_findings(scene.session, {block.finding_id: "nur nachts"}, by="Leitung")
    assert blocking(mine) == [False]


def test_a_settled_neighbour_reopens_when_it_comes_nearer(scene: Any, scenery: Any) -> None:
    store(scene, {}, "submitted")
    mine = store(scene, {"rect": [15, 0, 10, 4]}, "submitted")
    settle(scene, mine, "resolved")
    change(scene, mine, area=scenery.place({"rect": [16, 0, 10, 4]}))
    assert found(scene, mine, both=False) == [("K02", "info", "resolved")]
    change(scene, mine, area=scenery.place({"rect": [15.5, 0, 10, 4]}))
    assert found(scene, mine, both=False) == [("K02", "info", "open")]


def test_an_accepted_warning_that_becomes_a_block_is_open_again(scene: Any) -> None:
    other = store(scene, {}, "submitted")
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    settle(scene, mine, "accepted")
    change(scene, other, state="granted")
    assert found(scene, mine, both=False) == [("K01", "block", "open")]


def test_a_grant_is_refused_over_a_block_until_it_is_overridden(scene: Any) -> None:
    store(scene, {})
    mine = store(scene, {"rect": [5, 0, 10, 4], "takes": ["footway"]}, "submitted")
    against = findings_against_grant(scene.session, mine, as_of=AS_OF)
    assert [(f.number, f.severity) for f in against] == [("K01", "block"), ("K26", "info")]
    override_findings(
        scene.session, {f.finding_id: "Der Aufbau steht nur nachts." for f in against}, by="Leitung"
    )
    assert findings_against_grant(scene.session, mine, as_of=AS_OF) == []
    with pytest.raises(NotFound):
        override_findings(scene.session, {"unknown": "…"}, by="Leitung")


def blocking_openly(scene: Any) -> int:
    """What a screening of everything binding would show."""
    question = text("SELECT count(*) FROM finding WHERE severity = 'block' AND status <> 'overridden'")
    return int(scene.session.execute(question).scalar_one())


def test_an_override_holds_for_both_directions_of_the_pair(scene: Any, scenery: Any) -> None:
    first = store(scene, {})
    second = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    (block,) = findings_against_grant(scene.session, second, as_of=AS_OF)
    override_findings(scene.session, {block.finding_id: "Der Aufbau steht nur nachts."}, by="Leitung")
    change(
        scene, second, state="granted"
    )  # now the first stands in something binding, too: no longer a warning
    assert (
        found(scene, first, both=False)
        == found(scene, second, both=False)
        == [("K01", "block", "overridden")]
    )
    assert found(scene, first) == [("K01", "block", "overridden")]
    for again in (first, second, first):
        recompute_findings(scene.session, again, as_of=AS_OF)
    assert blocking_openly(scene) == 0
    assert findings_against_grant(scene.session, first, as_of=AS_OF) == []
    change(scene, second, area=scenery.place({"rect": [4, 0, 10, 4]}))  # 4 m² more than was overridden
    assert found(scene, first, both=False) == found(scene, second, both=False) == [("K01", "block", "open")]


def test_a_direction_found_later_is_covered_by_the_override(scene: Any, scenery: Any) -> None:
    first = store(scene, {})
    second = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    (block,) = findings_against_grant(scene.session, second, as_of=AS_OF)
    override_findings(scene.session, {block.finding_id: "Der Aufbau steht nur nachts."}, by="Leitung")
    forgotten = text("DELETE FROM finding WHERE mine_occupation = :id")
    scene.session.execute(forgotten, {"id": first})
    recompute_findings(scene.session, first, as_of=AS_OF)
    assert found(scene, first, both=False) == [("K01", "warn", "overridden")]
    scene.session.execute(forgotten, {"id": first})
    change(scene, second, area=scenery.place({"rect": [4, 0, 10, 4]}))
    assert found(scene, first, both=False) == [("K01", "warn", "open")]


def test_a_fact_needed_for_the_grant_stands_until_it_is_stored(scene: Any) -> None:
    mine = store(scene, {"takes": ["footway"]}, "submitted")
    settle(scene, mine, "accepted")
    assert [f.number for f in findings_against_grant(scene.session, mine, as_of=AS_OF)] == ["K26"]
    change(scene, mine, traffic_order_period=get_occupation(scene.session, mine).period)
    assert findings_against_grant(scene.session, mine, as_of=AS_OF) == []


def test_what_could_block_stands_against_a_grant(scene: Any) -> None:
    store(scene, {"days": [date(2026, 5, 10), None]})
    mine = store(scene, {}, "submitted")
    assert [(f.severity, f.could_be) for f in findings_against_grant(scene.session, mine, as_of=AS_OF)] == [
        ("undetermined", "block")
    ]


def test_the_other_is_cut_to_who_reads(scene: Any) -> None:
    store(scene, {"use": "container"}, "submitted")
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    (finding,) = list_findings(scene.session, mine)
    public = finding_document(finding)
    assert public["other"]["id"] is None
    assert "Antrag in Bearbeitung" in public["explanation"]["de"]
    reader = finding_document(finding, Caller(role="reader", name="Kreis"))
    assert (reader["other"]["id"], reader["other"]["use_type"]) == (None, "container")
    assert reader["other"]["period"]["start"] == "2026-05-31T22:00:00Z"
    neighbour = finding_document(finding, Caller(role="clerk", town="06431020", name="Viernheim"))
    assert neighbour["other"]["id"] is None
    clerk = finding_document(finding, Caller(role="clerk", town="06431002", name="Bensheim"))
    assert clerk["other"]["id"] is not None
    assert "„Container“" in clerk["explanation"]["de"]


def test_the_desk_of_another_town_does_not_see_them(scene: Any) -> None:
    store(scene, {})
    mine = store(scene, {"rect": [5, 0, 10, 4]}, "submitted")
    speak_as(scene.session, actor="clerk", town="06431020")
    assert list_findings(scene.session, mine) == []
    speak_as(scene.session, actor="clerk", town="06431002")
    assert found(scene, mine) == [("K01", "block", "open")]


@pytest.fixture
def engine(empty_database: Database) -> Iterator[Any]:
    made = empty_database.app_engine()
    yield made
    made.dispose()


@pytest.mark.parametrize("locked", [True, False])
def test_of_many_grants_at_once_for_one_place_one_is_given(
    scenery: Any, engine: Any, empty_database: Database, locked: bool
) -> None:
    """Without the lock several are given: that shows that the test would notice."""
    scenery.add_town(empty_database, **TOWN)
    with operator_session(engine) as session:
        waiting = [
            save_occupation(session, replace(scenery.occupation({}, state="submitted"), source_id=uuid4()))
            for _ in range(4)
        ]
    together = threading.Barrier(len(waiting))
    given: list[int] = []

    def grant(occupation_id: int) -> None:
        together.wait(timeout=20)
        with operator_session(engine) as session:
            if locked:
                take_binding_lock(session)
            mine = get_occupation(session, occupation_id)
            result = check_occupation(session, mine, as_of=AS_OF)
            if not locked:
                together.wait(timeout=20)  # everybody has looked before anybody writes
            if result.verdict != "blocked":
                save_occupation(session, replace(mine, state="granted", binding=True, published=True))
                given.append(occupation_id)

    threads = [threading.Thread(target=grant, args=(occupation_id,)) for occupation_id in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert (len(given) == 1) is locked
