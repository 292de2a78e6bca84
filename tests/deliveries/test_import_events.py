"""Events and detours of a feed: one change at a time, with what they claim of the street."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from shapely import LineString
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.construction.save_site import save_site
from geo_service.construction.site import ConstructionSite
from geo_service.crs import to_town
from geo_service.db.database import speak_as
from geo_service.deliveries.import_events import read_events, store_events
from geo_service.deliveries.profiles import EventProfile, find_delivery_profile, read_delivery_profile
from geo_service.deliveries.report import DeliveryReport
from geo_service.errors import BadSiteFile
from geo_service.interval import Interval

NOW = datetime(2026, 7, 26, 9, tzinfo=UTC)
LINE = [[6.55, 53.21], [6.551, 53.21]]
Bring = Callable[..., DeliveryReport]


def ndw() -> EventProfile:
    return read_delivery_profile(find_delivery_profile("events", "ndw"), EventProfile)


def record(name: str, kind: str, geometry: Any = "line", **said: Any) -> dict[str, Any]:
    if geometry == "line":
        geometry = {"type": "LineString", "coordinates": LINE}
    return {
        "type": "Feature",
        "geometry": geometry,
        "properties": {
            "situation_id": "S1", "record_id": name, "type": kind, "overallStartTime": "2026-08-17T07:00:00Z",
            "overallEndTime": "2026-08-23T18:00:00Z", "comment": name, **said,
        },
    }  # fmt: skip


EVENT = record("E", "PublicEvent", {"type": "Point", "coordinates": [6.55, 53.22]}, publicEventType="market")
CLOSURE = record("C", "RoadOrCarriagewayOrLaneManagement",
                 roadOrCarriagewayOrLaneManagementType="carriagewayClosures")  # fmt: skip
DETOUR = record(
    "D", "ReroutingManagement", {"type": "LineString", "coordinates": [[6.56, 53.21], [6.57, 53.21]]}
)


@pytest.fixture
def bring(empty_session: Session, tmp_path: Path) -> Iterator[Bring]:
    speak_as(empty_session, actor="operator")

    def bring_in(*features: dict[str, Any], **options: Any) -> DeliveryReport:
        path = tmp_path / "feed.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        return store_events(empty_session, read_events(path, ndw()), as_of=NOW, **options)

    yield bring_in


@pytest.mark.shared_data
def test_the_dutch_sample_every_record_accounted_for(empty_session: Session, shared_data: Path) -> None:
    speak_as(empty_session, actor="operator")
    path = shared_data / "ndw-planned" / "ndw_groningen_sample.geojson"
    report = store_events(empty_session, read_events(path, ndw()), as_of=NOW)
    assert report.delivered == 1743
    stored, left_out = sum(report.written.values()), sum(report.left_out.values())
    assert (stored, len(report.refused), report.merged, left_out) == (149 + 266, 14, 222, 1092)
    assert stored + len(report.refused) + report.merged + left_out == report.delivered
    assert {r.reason for r in report.refused} == {"a detour is a line, not a Point"}
    counts = empty_session.execute(
        text(
            "SELECT (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM detour) AS detours,"
            " (SELECT count(*) FROM occupation) AS occupations,"
            " (SELECT count(*) FROM detour JOIN event ON event_id = belongs_to) AS tied"
        )
    ).one()
    assert (counts.events, counts.detours, counts.occupations) == (149, 266, 415)
    assert counts.tied == 27
    assert {held.reason.split()[0] for held in report.held} == {
        "K18",  # events on events at the same time
        "K11",  # and on places where a detour leads along no known street: what is not known is no pass
    }
    again = store_events(empty_session, read_events(path, ndw()), as_of=NOW)
    assert (again.unchanged, again.written, again.gone) == (
        429,
        {"event planned": 20, "detour planned": 8},
        0,
    )  # tried again
    assert len(report.held) == len(again.held) == 28


def test_the_closures_of_its_situation_say_where_an_event_is(bring: Bring, empty_session: Session) -> None:
    report = bring(EVENT, CLOSURE, DETOUR)
    assert (report.written, report.merged) == ({"event granted": 1, "detour confirmed": 1}, 1)
    event = empty_session.execute(
        text("SELECT title, kind, restriction, published, town, ST_Area(area) AS m2, event_id FROM event")
    ).one()
    assert event[:5] == ("E", "markt", "full_closure", True, None)
    assert event.m2 == pytest.approx(66.9 * 6, rel=0.02)
    detour = empty_session.execute(text("SELECT belongs_to, modes, ST_Length(way) AS m FROM detour")).one()
    assert (detour.belongs_to, detour.modes) == (event.event_id, ["car"])
    assert detour.m == pytest.approx(668, rel=0.01)
    rows = empty_session.execute(
        text("SELECT collection, binding, counts, area IS NULL AS n, case_group FROM occupation ORDER BY 1")
    ).all()
    assert [tuple(row[:4]) for row in rows] == [("detours", True, True, True), ("events", True, True, False)]
    assert rows[0].case_group == rows[1].case_group == event.event_id


def test_a_newer_file_is_an_update_and_what_is_gone_is_cancelled(
    bring: Bring, empty_session: Session
) -> None:
    other = {**DETOUR, "properties": {**DETOUR["properties"], "record_id": "D2", "situation_id": "S2"}}
    bring(EVENT, CLOSURE, DETOUR, other)
    later = record("E", "PublicEvent", EVENT["geometry"], comment="Markt")
    report = bring(later, CLOSURE, other)
    assert (report.added, report.changed, report.unchanged, report.gone) == (0, 1, 1, 1)
    assert empty_session.execute(text("SELECT title, kind FROM event")).one() == ("Markt", "sonstige")
    states = empty_session.execute(
        text(
            "SELECT d.source_id, d.state, o.counts FROM detour d JOIN occupation o ON o.source_id = d.detour_id"
        )
    )
    assert sorted(map(tuple, states)) == [("D", "cancelled", False), ("D2", "confirmed", True)]
    back = bring(later, CLOSURE, DETOUR, other)
    assert (back.added, back.unchanged) == (1, 2)


def test_a_moved_closure_changes_its_event(bring: Bring, empty_session: Session) -> None:
    bring(EVENT, CLOSURE)
    moved = {**CLOSURE, "geometry": {"type": "LineString", "coordinates": [[6.55, 53.2], [6.551, 53.2]]}}
    assert bring(EVENT, moved).changed == 1
    y = empty_session.execute(
        text("SELECT ST_Y(ST_Transform(ST_Centroid(area), 4326)) FROM event")
    ).scalar_one()
    assert y == pytest.approx(53.2, abs=1e-4)


def test_a_file_without_most_records_stops(bring: Bring, empty_session: Session) -> None:
    bring(EVENT, CLOSURE, DETOUR)
    alien = record("X", "ReroutingManagement")
    with pytest.raises(BadSiteFile, match="2 of the 2 records stored from ndw-events are not in the file"):
        bring(alien)
    assert empty_session.execute(text("SELECT count(*) FROM event WHERE state = 'granted'")).scalar_one() == 1
    assert bring(alien, force=True).gone == 2


def test_of_two_events_on_one_place_the_earlier_one_is_granted(bring: Bring, empty_session: Session) -> None:
    late = record(
        "A", "PublicEvent", EVENT["geometry"], situation_id="S2", overallStartTime="2026-08-18T07:00:00Z"
    )
    closed = {**CLOSURE, "properties": {**CLOSURE["properties"], "record_id": "C2", "situation_id": "S2"}}
    report = bring(late, closed, EVENT, CLOSURE)
    assert [(held.source_id, held.reason.split()[0]) for held in report.held] == [("A", "K18")]
    states = empty_session.execute(text("SELECT source_id, state FROM event ORDER BY source_id")).all()
    assert [tuple(row) for row in states] == [("A", "planned"), ("E", "granted")]


def test_an_event_over_confirmed_works_waits_as_planned(bring: Bring, empty_session: Session) -> None:
    works = ConstructionSite(
        site_id=uuid4(),
        title="Kanalbau",
        area=to_town(LineString(LINE)).buffer(4),
        period=Interval(NOW),
        state="confirmed",
        source="test",
    )
    save_site(empty_session, works, as_of=NOW)
    report = bring(EVENT, CLOSURE)
    assert report.written == {"event planned": 1}
    assert [remark.source_id for remark in report.held] == ["E"]
    assert report.held[0].reason.startswith("K01 ")
    assert "Kanalbau" in report.held[0].reason
    assert empty_session.execute(text("SELECT published FROM event")).scalar_one() is False
    save_site(empty_session, replace(works, state="cancelled"), as_of=NOW)
    later = bring(EVENT, CLOSURE)
    assert (later.unchanged, later.written, later.held) == (1, {"event granted": 1}, ())


def test_bad_records_are_refused_one_by_one(bring: Bring) -> None:
    report = bring(
        DETOUR,
        record("none", "ReroutingManagement", None),
        record(
            "far",
            "ReroutingManagement",
            {"type": "LineString", "coordinates": [[-74.0, 40.7], [-74.0, 40.8]]},
        ),
        record("epoch", "ReroutingManagement", overallStartTime=1786950000000),
        record("NULL", "ReroutingManagement"),
        record("end", "PublicEvent", EVENT["geometry"], overallEndTime="2026-08-01T00:00:00Z"),
        record("twice", "ReroutingManagement"),
        record("twice", "ReroutingManagement"),
        {"type": "Feature"},
    )
    reasons = {remark.source_id: remark.reason for remark in report.refused}
    assert reasons["none"] == "there is no geometry"
    assert "outside 5.5–15.5° E" in reasons["far"]
    assert "milliseconds since 1970" in reasons["epoch"]
    assert "there is no id" in reasons[""]
    assert "before the start" in reasons["end"]
    assert "several records have this id" in reasons["twice"]
    assert report.written == {"detour confirmed": 1}
    assert report.left_out == {"neither event nor detour: Feature": 1}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"type": "FeatureCollection", "features": [{"type": "Fea', "cut off"),
        ("", "is empty"),
        ('{"type": "FeatureCollection", "features": []}', "holds no record"),
        ('{"features": [], "crs": {"properties": {"name": "EPSG:28992"}}}', "only one can be true"),
    ],
)
def test_a_bad_file_is_one_clear_line(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "feed.geojson"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadSiteFile, match=sentence):
        read_events(path, ndw())


def test_metres_without_a_crs_are_refused(tmp_path: Path) -> None:
    words = find_delivery_profile("events", "ndw").read_text(encoding="utf-8").replace("crs: CRS84\n", "")
    (tmp_path / "own.yaml").write_text(words, encoding="utf-8")
    path = tmp_path / "feed.geojson"
    there = {"type": "LineString", "coordinates": [[233000.0, 582000.0], [233100.0, 582000.0]]}
    path.write_text(json.dumps({"features": [record("D", "ReroutingManagement", there)]}), encoding="utf-8")
    with pytest.raises(BadSiteFile, match="says which CRS"):
        read_events(path, read_delivery_profile(tmp_path / "own.yaml", EventProfile))
