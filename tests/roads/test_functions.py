"""Functions of streets come from the map unless a town sets them; resurfacing brings a no-dig period."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.roads.import_roads import import_roads, read_roads
from geo_service.roads.save_segments import save_segments
from tests.roads.osm_scene import PLACES, osm_text, street

ROUTE = (
    '<relation id="1" version="1"><member type="way" ref="10" role=""/><member type="way" ref="11" role="platform"/>'
    '<tag k="type" v="route"/><tag k="route" v="bus"/></relation>'
)
WAYS = {
    10: street(1, 2),
    11: street(2, 3),
    12: ((2, 4), {"highway": "secondary"}),
    13: ((2, 5), {"highway": "pedestrian"}),
}


def scene(folder: Path) -> Path:
    path = folder / "scene.osm"
    path.write_text(osm_text(PLACES, WAYS, relations=(ROUTE,)), encoding="utf-8")
    return path


def functions(session: Session) -> dict[str, list[str]]:
    rows = session.execute(text("SELECT source_id, network_function FROM road_segment"))
    return {row.source_id: row.network_function for row in rows}


def test_the_map_tells_main_roads_bus_routes_and_pedestrian_zones(operator: Session, tmp_path: Path) -> None:
    import_roads(operator, scene(tmp_path))
    assert functions(operator) == {
        "10": ["access_road", "bus_route"],
        "11": ["access_road"],
        "12": ["main_road"],
        "13": ["pedestrian_zone"],
    }


def test_what_a_town_has_set_stays(operator: Session, tmp_path: Path) -> None:
    import_roads(operator, scene(tmp_path))
    operator.execute(
        text(
            "UPDATE road_segment SET network_function = '{school_route}', functions_set_by = '06431002'"
            " WHERE source_id = '11'"
        )
    )
    again = import_roads(operator, scene(tmp_path))
    assert (again.changed, again.unchanged) == (0, 4)
    assert functions(operator)["11"] == ["school_route"]


def test_after_resurfacing_nobody_digs_for_five_years(operator: Session, tmp_path: Path) -> None:
    segments = read_roads(scene(tmp_path)).segments
    done = [replace(segments[0], surface_completed_on=date(2024, 2, 29)), *segments[1:]]
    save_segments(operator, done, "osm")
    found = "SELECT CAST(period AS text) AS period, ST_Area(area) AS m2, source FROM no_dig_period"
    operator.execute(text("SET LOCAL TIME ZONE 'Europe/Berlin'"))
    (row,) = operator.execute(text(found)).all()
    assert row.period == '["2024-02-29 00:00:00+01","2029-02-28 00:00:00+01")'
    assert row.m2 > 500
    save_segments(operator, segments, "osm")  # the map does not know the date: it stays
    assert len(operator.execute(text(found)).all()) == 1
    save_segments(operator, [replace(done[0], surface_completed_on=date(2025, 6, 1)), *segments[1:]], "osm")
    (row,) = operator.execute(text(found)).all()
    assert row.period.startswith('["2025-06-01')
    save_segments(operator, segments[1:], "osm")
    assert operator.execute(text(found)).all() == []
