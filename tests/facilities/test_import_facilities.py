from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import speak_as
from geo_service.errors import BadRoadFile
from geo_service.facilities.osm_facilities import kind_of, read_osm_facilities
from geo_service.facilities.store_facilities import FacilityReport, match_routes, store_facilities
from geo_service.roads.import_roads import import_roads

HEAD = '<?xml version="1.0"?><osm version="0.6">'
NODES = """
<node id="1" version="1" lat="49.6800" lon="8.6200"/>
<node id="2" version="1" lat="49.6800" lon="8.6210"/>
<node id="3" version="1" lat="49.6805" lon="8.6210"/>
<node id="4" version="1" lat="49.6805" lon="8.6200"/>
<node id="5" version="1" lat="49.6790" lon="8.6200"/>
<node id="10" version="1" lat="49.6801" lon="8.6201"><tag k="highway" v="bus_stop"/><tag k="name" v="Markt"/></node>
<node id="11" version="1" lat="49.6802" lon="8.6202"><tag k="emergency" v="fire_hydrant"/></node>
<node id="12" version="1" lat="49.6802" lon="8.6203"><tag k="public_transport" v="platform"/><tag k="train" v="yes"/></node>
"""
WAYS = """
<way id="20" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="4"/><nd ref="1"/>
  <tag k="amenity" v="school"/><tag k="name" v="&lt;b&gt;Schule&lt;/b&gt;"/></way>
<way id="21" version="1"><nd ref="1"/><nd ref="5"/><tag k="highway" v="residential"/></way>
<way id="22" version="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><nd ref="1"/><tag k="emergency" v="fire_lane"/></way>
"""
ROUTES = """
<relation id="30" version="1"><member type="way" ref="21" role=""/><member type="way" ref="99" role=""/>
  <member type="node" ref="10" role="platform"/>
  <tag k="type" v="route"/><tag k="route" v="bus"/><tag k="ref" v="641"/></relation>
"""


@pytest.fixture
def operator(town_session: Session) -> Iterator[Session]:
    speak_as(town_session, actor="operator")
    yield town_session


def scene(folder: Path, content: str = NODES + WAYS + ROUTES) -> Path:
    path = folder / "scene.osm"
    path.write_text(f"{HEAD}{content}</osm>", encoding="utf-8")
    return path


def counts(report: FacilityReport) -> dict[str, tuple[int, int, int, int, int]]:
    return {k.kind: (k.delivered, k.added, k.changed, k.unchanged, k.gone) for k in report.kinds}


def test_nodes_areas_and_routes_are_found_and_lie_in_their_town(operator: Session, tmp_path: Path) -> None:
    path = scene(tmp_path)
    import_roads(operator, path)
    report = store_facilities(operator, read_osm_facilities(path))
    assert counts(report) == {
        "bus_stop": (1, 1, 0, 0, 0),
        "hydrant": (1, 1, 0, 0, 0),
        "school": (1, 1, 0, 0, 0),
        "fire_area:drive": (1, 1, 0, 0, 0),
        "bus_route": (1, 1, 0, 0, 0),
    }
    school = operator.execute(
        text("SELECT name, town, source_id, ST_Area(place) AS m2 FROM facility WHERE kind = 'school'")
    ).one()
    assert (school.name, school.town, school.source_id) == ("<b>Schule</b>", "06431002", "way/20")
    assert school.m2 == pytest.approx(72.2 * 55.6, rel=0.01)
    assert (report.routes.segments, report.routes.lines, report.routes.lines_unknown) == (1, 2, 1)


def test_the_same_file_again_changes_nothing_and_a_newer_one_is_an_update(
    operator: Session, tmp_path: Path
) -> None:
    store_facilities(operator, read_osm_facilities(scene(tmp_path)))
    again = store_facilities(operator, read_osm_facilities(scene(tmp_path)))
    assert all(k.unchanged == k.delivered and k.gone == 0 for k in again.kinds)
    newer = NODES.replace('v="Markt"', 'v="Marktplatz"').replace('v="fire_hydrant"', 'v="siren"')
    report = store_facilities(operator, read_osm_facilities(scene(tmp_path, newer + WAYS + ROUTES)))
    assert counts(report)["bus_stop"] == (1, 0, 1, 0, 0)
    assert counts(report)["hydrant"] == (0, 0, 0, 0, 1)
    assert counts(report)["school"] == (1, 0, 0, 1, 0)


def test_routes_follow_when_the_roads_come_later(operator: Session, tmp_path: Path) -> None:
    path = scene(tmp_path)
    assert store_facilities(operator, read_osm_facilities(path)).routes.segments == 0
    import_roads(operator, path)
    assert match_routes(operator).segments == 1


def test_a_neighbours_extract_removes_nothing(operator: Session, tmp_path: Path) -> None:
    store_facilities(operator, read_osm_facilities(scene(tmp_path)))
    far = NODES.replace("49.68", "49.60").replace("49.67", "49.59").replace('id="1', 'id="71')
    report = store_facilities(operator, read_osm_facilities(scene(tmp_path, far)))
    assert sum(kind.gone for kind in report.kinds) == 0


def test_a_desk_writes_facilities_of_its_own_town_only(town_session: Session) -> None:
    speak_as(town_session, actor="clerk", town="06431020")
    insert = text(
        "INSERT INTO facility (kind, place, town, source, source_id) VALUES"
        " ('hydrant', ST_SetSRID(ST_MakePoint(470000, 5500000), 25832), :town, 'town', :town)"
    )
    town_session.execute(insert, {"town": "06431020"})
    with pytest.raises(Exception, match="row-level security"):
        town_session.execute(insert, {"town": "06431002"})


def test_a_railway_platform_is_no_bus_stop() -> None:
    assert kind_of({"public_transport": "platform", "railway": "platform"}) is None
    assert kind_of({"public_transport": "platform", "railway": "platform", "bus": "yes"}) == "bus_stop"
    assert kind_of({"public_transport": "stop_position", "bus": "yes"}) is None


@pytest.mark.parametrize("content", ["", "<osm version='0.6'><node id='1' lat", "not osm"])
def test_a_bad_file_is_one_clear_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.osm"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(BadRoadFile, match=r"bad\.osm"):
        read_osm_facilities(path)


def test_a_place_outside_the_plausible_area_is_counted(operator: Session, tmp_path: Path) -> None:
    found = read_osm_facilities(
        scene(tmp_path, NODES.replace('lat="49.6802" lon="8.6202"', 'lat="8" lon="49"'))
    )
    assert found.left_out == {"outside the plausible area": 1}
    store_facilities(operator, found)


@pytest.mark.shared_data
def test_limburg(operator: Session, shared_data: Path) -> None:
    path = shared_data / "osm-limburg" / "limburg_an_der_lahn.osm.pbf"
    import_roads(operator, path)
    found = read_osm_facilities(path)
    report = store_facilities(operator, found)
    delivered = {kind.kind: kind.delivered for kind in report.kinds}
    assert delivered["school"] == 22
    assert delivered["kindergarten"] == 17
    assert delivered["hospital"] == 1
    assert delivered["fire_station"] == 7
    assert delivered["hydrant"] == 8
    assert delivered["bus_route"] == 52
    assert delivered["bus_stop"] >= 177
    assert report.routes.segments > 500
    again = store_facilities(operator, found)
    assert sum(kind.added + kind.changed + kind.gone for kind in again.kinds) == 0
