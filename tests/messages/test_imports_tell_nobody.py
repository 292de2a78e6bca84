"""What is brought in from elsewhere is in the neighbour's list, and no mail is written: it is nobody's step."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import LineString, mapping
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.conflicts.recompute_due import recompute_town, work_off
from geo_service.crs import to_lonlat
from geo_service.db.database import operator_session
from geo_service.deliveries.import_events import read_events, store_events
from geo_service.deliveries.import_permits import read_permits, store_permits
from geo_service.worker.run import work_until_empty
from tests.construction.conftest import Imports, site
from tests.deliveries.test_import_events import ndw, record
from tests.deliveries.test_import_permits import NYC, cafe, shipped, to_feet
from tests.messages.border_objects import along, drawn, lay_street
from tests.messages.test_border import border
from tests.objects.conftest import DAYS, address
from tests.permits.at_border import Border
from tests.permits.conftest import BENSHEIM, HEPPENHEIM, Desk

__all__ = ["border"]

_ACROSS = """SELECT count(*) FROM finding WHERE severity IN ('block', 'warn') AND mine_town <> other_town
    AND (mine_source <> ALL(CAST(:known AS uuid[])) OR other_source <> ALL(CAST(:known AS uuid[])))"""
Brings = Callable[[Session, Border, Path], None]


def a_feed_of_sites(session: Session, border: Border, folder: Path) -> None:
    days = {"von": DAYS["from"], "bis": DAYS["until"]}
    Imports(session, folder).features(site("a", border.area(BENSHEIM), **days), as_of=datetime.now(UTC))


def a_delivery_of_events(session: Session, border: Border, folder: Path) -> None:
    dx, dy = next(to for to, towns in border.sides.items() if towns == [BENSHEIM])
    way = LineString([(border.x - dx, border.y - dy), (border.x + 14 * dx, border.y + 14 * dy)])
    times = {"overallStartTime": f"{DAYS['from']}T07:00:00Z", "overallEndTime": f"{DAYS['until']}T18:00:00Z"}
    line = dict(mapping(to_lonlat(way)))
    closes = {"roadOrCarriagewayOrLaneManagementType": "carriagewayClosures", **times}
    features = [
        record("E", "PublicEvent", line, publicEventType="market", **times),
        record("C", "RoadOrCarriagewayOrLaneManagement", line, **closes),
    ]
    path = folder / "events.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    store_events(session, read_events(path, ndw()), as_of=datetime.now(UTC))


def a_delivery_of_permits(session: Session, border: Border, folder: Path) -> None:
    dx, dy = next(to for to, towns in border.sides.items() if towns == [BENSHEIM])
    x, y = to_feet(border.x + 2 * dx, border.y + 2 * dy)
    row = cafe(1, FINAL_X=x, FINAL_Y=y, APP_SQ_FT=600, EXPIRATION_DATE="15 Dec 2027")
    path = folder / "cafes.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, NYC)
        writer.writeheader()
        writer.writerow(row)
    store_permits(session, read_permits(path, shipped("nyc-sidewalk-cafe")), as_of=datetime.now(UTC))


def messages(desk: Desk) -> list[Any]:
    """Those that a town has written to another one."""
    found = []
    with operator_session(desk.app.state.engine) as session:
        for town in (BENSHEIM, HEPPENHEIM):
            session.execute(text("SELECT set_config('app.town', :town, true)"), {"town": town})
            found += session.execute(text("SELECT kind FROM message WHERE told_town IS NOT NULL")).all()
    return found


@pytest.mark.parametrize("bring", [a_feed_of_sites, a_delivery_of_events, a_delivery_of_permits])
def test_a_delivery_is_in_the_list_and_tells_nobody(border: Border, tmp_path: Path, bring: Brings) -> None:
    desk = border.desk
    theirs = border.file(HEPPENHEIM)
    with operator_session(desk.app.state.engine) as session:
        bring(session, border, tmp_path)
    work_until_empty(desk.database)  # what follows from it in the background
    with operator_session(desk.app.state.engine) as session:
        assert session.execute(text(_ACROSS), {"known": [theirs["permit_id"]]}).scalar_one() > 0
    assert messages(desk) == []


def test_a_street_that_is_brought_in_tells_nobody(border: Border) -> None:
    """The footway is narrower than it was said to be: two that fitted beside each other do not any more."""
    desk, engine = border.desk, border.desk.app.state.engine
    lay_street(border, footway_width_left_m=4.5, footway_width_right_m=4.5)
    sent = {**desk.body(takes=["footway"]), "geometry": along(border, -12, -0.5, 3.0, 4.0)}
    assert desk.client.post("/api/v1/permits", json=sent).json()["town"] == HEPPENHEIM
    body = drawn(border, "construction-sites", state="planned", takes=["footway"])
    sent = {**body, "geometry": along(border, -1, 12, 4.5, 5.5)}
    assert desk.client.post(address("construction-sites"), json=sent, headers=desk.key()).status_code == 201
    narrow = (
        "SELECT count(DISTINCT mine_town) FROM finding WHERE number = 'K04' AND severity IN ('block', 'warn')"
    )
    with operator_session(engine) as session:
        assert session.execute(text(narrow)).scalar_one() == 0
    lay_street(border, footway_width_left_m=2.5, footway_width_right_m=2.5)
    for town in (BENSHEIM, HEPPENHEIM):
        with operator_session(engine) as session:
            found = recompute_town(session, town, reason="roads")
        assert found is not None
        work_off(engine, found, now=lambda: datetime.now(UTC))
    with operator_session(engine) as session:
        assert session.execute(text(narrow)).scalar_one() == 2
    assert messages(desk) == []
