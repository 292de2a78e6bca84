"""Lists and maps of a desk by their index, as the application's role; every recorded field has its words."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.sql.loader import statements
from geo_service.web.labels import label
from geo_service.web.object_kinds import SERVED, ServedKind
from tests.objects.conftest import entered
from tests.permits.conftest import BENSHEIM, Desk

every_kind = pytest.mark.parametrize("served", SERVED, ids=lambda served: served.path)


@every_kind
def test_a_list_is_read_in_the_order_of_its_index(town_session: Session, served: ServedKind[object]) -> None:
    speak_as(town_session, actor="clerk", town=BENSHEIM)
    for way in ("seqscan", "bitmapscan", "sort"):  # empty tables are planned as if the order did not matter
        town_session.execute(text(f"SET LOCAL enable_{way} = off"))
    query = statements("town_objects")["list_objects"].replace("«facts»", served.kind.facts)
    asked = {"town": BENSHEIM, "states": None, "after_at": None, "after_id": None, "number": 51}
    plan = json.dumps(town_session.execute(text(f"EXPLAIN (FORMAT JSON) {query}"), asked).scalar_one())
    assert f"{served.one}_of_town" in plan
    assert '"Node Type": "Sort"' not in plan


@every_kind
def test_every_recorded_field_has_its_words(desk: Desk, served: ServedKind[object]) -> None:
    stored = entered(desk, served.path)
    with Session(desk.app.state.engine) as session:
        speak_as(session, actor="clerk", town=BENSHEIM)
        query = "SELECT document FROM object_change WHERE object_id = :id"
        (document,) = session.execute(text(query), {"id": stored["id"]}).scalars()
    never_told = {
        "site_id", "event_id", "detour_id", "blackout_id", "no_dig_period_id", "reinstatement_id", "object_id", "town",
        "source", "demo", "recurrence", "end_known", "stated_street", "stated_street_key", "street_check",
    }  # fmt: skip
    wordless = {name for name in document if label("object_field", name, "de") == name} - never_told
    assert wordless == set()
