"""A collection is checked as each of its uses alone with all the others beside it, in few round trips."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import event

from geo_service.conflicts.check import CheckQuestion, OtherRequest, check_question
from geo_service.conflicts.check_together import check_together
from geo_service.db.database import Database, speak_as
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.locate import locate, located

AS_OF = datetime(2026, 5, 1, 10, 0, tzinfo=TOWN_ZONE)


@pytest.fixture
def scene(scenery: Any, empty_database: Database, empty_session: Any) -> Any:
    """Two towns side by side and something granted in each."""
    scenery.add_town(empty_database, ags="06431002", name="West", rect=[-1000, -1000, 1000, 2000])
    scenery.add_town(empty_database, ags="06431011", name="Ost", rect=[0, -1000, 1000, 2000])
    speak_as(empty_session, actor="operator")
    found = scenery.Scene(empty_session)
    for x in (-30, -8, 4, 30):
        found.store({"rect": [x, 0, 6, 4], "heights": [None, 3 if x > 0 else None]})
    return found


def planned(scene: Any, scenery: Any) -> list[CheckQuestion]:
    """Thirty scaffolds and posters in a row, two of them of one case; some overlap, some follow each other."""
    questions = []
    for n in range(30):
        words = {
            "use": "plakat" if n % 4 == 0 else "geruest",
            "rect": [4 * n - 60, 0, 6, 4],
            "days": [date(2026, 6, 1) + timedelta(days=n % 5), date(2026, 6, 5) + timedelta(days=n % 7)],
            "takes": ["carriageway"] if n % 3 else [],
            **({"case": "same"} if n in {10, 11} else {}),
        }
        mine = replace(scenery.occupation(words, state="submitted"), reference=str(n + 1))
        place = locate(scene.session, mine.area, day=AS_OF.date())
        questions.append(CheckQuestion(mine=located(mine, place), location=place))
    return questions


def test_the_same_as_one_check_each_beside_all_others(scene: Any, scenery: Any) -> None:
    questions = planned(scene, scenery)
    everybody = [OtherRequest(occupation=q.mine, streets=q.location.streets) for q in questions]
    expected = [
        check_question(
            scene.session,
            replace(question, others=tuple(o for o in everybody if o.occupation is not question.mine)),
            as_of=AS_OF,
        )
        for question in questions
    ]
    assert check_together(scene.session, questions, as_of=AS_OF) == expected
    among = [f for result in expected for f in result.findings if f.other and f.other.collection == "request"]
    stored = [f for result in expected for f in result.findings if f.other and f.other.occupation_id]
    assert len(among) > 30
    assert len(stored) > 5
    assert {q.mine.town for q in questions} == {"06431002", "06431011"}
    own_case = {f.other.reference for f in expected[10].findings if f.other}
    assert "12" not in own_case
    assert "10" in own_case


def test_one_round_trip_for_each_town(scene: Any, scenery: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = planned(scene, scenery)
    check_together(scene.session, questions[:1], as_of=AS_OF)  # the catalogues of both towns are looked up
    sent: list[str] = []
    engine = scene.session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *call: sent.append(call[2]))
    execute = psycopg.RawCursor.execute  # what is prepared goes to the driver itself
    monkeypatch.setattr(
        psycopg.RawCursor, "execute", lambda *call, **more: sent.append(call[1]) or execute(*call, **more)
    )
    check_together(scene.session, questions, as_of=AS_OF)
    assert (
        2 <= len(sent) <= 2 + 2 + 2
    )  # checks of two towns; at most the look at the values, and measuring rules


def test_each_other_request_stands_in_its_own_streets_only(scene: Any, scenery: Any) -> None:
    scenery.add_road(scene.session, {"line": [[-100, 500], [100, 500]]})
    north, south, beside = ([0, 503, 5, 2], [0, 495, 5, 2], [6, 503, 5, 2])
    scene.store({"rect": south, "takes": ["footway"]})
    scene.store({"rect": south, "takes": ["footway"], "state": "withdrawn"})
    questions = []
    for reference, rect in (("mine", north), ("opposite", south), ("beside", beside)):
        one = scenery.occupation({"rect": rect, "takes": ["footway"]}, state="submitted")
        place = locate(scene.session, one.area, day=AS_OF.date())
        questions.append(
            CheckQuestion(mine=located(replace(one, reference=reference), place), location=place)
        )
    mine, *others = questions
    beside_mine = tuple(OtherRequest(occupation=q.mine, streets=q.location.streets) for q in others)
    result = check_question(scene.session, replace(mine, others=beside_mine), as_of=AS_OF)
    facing = [f.other.source_id for f in result.findings if f.number == "K03" and f.other]
    assert len(facing) == 2
    assert "opposite" in facing
    assert "beside" not in facing


def test_beside_other_requests_only_who_counts_is_met_and_never_oneself(scene: Any, scenery: Any) -> None:
    scenery.add_road(scene.session, {"line": [[-100, 500], [100, 500]]})
    words = {"rect": [0, 498, 10, 4], "excavation": True}
    later = [date(2026, 7, 1), date(2026, 7, 10)]
    for state in ("withdrawn", "granted"):
        scene.store({**words, "rect": [60, 498, 10, 4], "days": later, "state": state})
    mine = scenery.occupation(words, state="submitted")
    place = locate(scene.session, mine.area, day=AS_OF.date())
    question = CheckQuestion(mine=located(replace(mine, reference="1"), place), location=place)
    itself = replace(
        question.mine, case_group=uuid4()
    )  # another group alone is not enough to make it somebody else
    beside = (OtherRequest(occupation=itself, streets=place.streets),)
    result = check_question(scene.session, replace(question, others=beside), as_of=AS_OF)
    assert [(f.number, f.other.state) for f in result.findings if f.other] == [("K22", "granted")]
