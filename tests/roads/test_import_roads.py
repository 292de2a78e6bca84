"""Importing small hand-written files: what is stored, what a second import does, what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from geo_service.db.database import Database, operator_session, speak_as
from geo_service.errors import BadRoadFile
from geo_service.roads.assign_towns import assign_towns
from geo_service.roads.import_roads import PHASES, TooMuchWouldVanish, import_roads
from tests.roads.osm_scene import PLACES, osm_file, osm_text, street

CROSSROADS = {
    10: street(1, 2, 3, name="Hauptstraße"),
    11: street(4, 2, 5, name="Querweg"),
}


def rows(session: Session) -> dict[str, Row[Any]]:
    return {row.segment_id: row for row in session.execute(text("SELECT * FROM road_segment"))}


def test_a_crossroads_is_four_segments_that_meet(operator: Session, tmp_path: Path) -> None:
    report = import_roads(operator, osm_file(tmp_path, CROSSROADS))
    assert (report.lines, report.added, report.skipped) == (2, 4, {})
    assert report.length_km == pytest.approx(0.4, abs=0.0001)
    stored = rows(operator)
    assert set(stored) == {"osm:1:2", "osm:2:3", "osm:4:2", "osm:2:5"}
    into = {stored[name].end_node for name in ("osm:1:2", "osm:4:2")}
    out_of = {stored[name].start_node for name in ("osm:2:3", "osm:2:5")}
    assert into == out_of
    assert len(into) == 1
    assert [row.length_m for row in stored.values()] == pytest.approx([100] * 4, abs=0.02)
    assert {row.town for row in stored.values()} == {None}


def test_every_phase_is_announced(operator: Session, tmp_path: Path) -> None:
    heard: list[str] = []
    import_roads(operator, osm_file(tmp_path, CROSSROADS), progress=heard.append)
    assert tuple(heard) == PHASES


def test_ways_before_nodes_are_read_as_well(operator: Session, tmp_path: Path) -> None:
    report = import_roads(operator, osm_file(tmp_path, CROSSROADS, nodes_last=True))
    assert (report.added, report.skipped) == (4, {})
    assert report.length_km == pytest.approx(0.4, abs=0.0001)


def test_an_added_side_street_cuts_one_segment_and_leaves_the_others(
    operator: Session, tmp_path: Path
) -> None:
    import_roads(operator, osm_file(tmp_path, {**CROSSROADS, 12: street(3, 6, name="Neuweg")}))
    before = rows(operator)
    places = {**PLACES, 7: (50, 0), 8: (50, 60)}
    ways = {
        10: street(1, 7, 2, 3, name="Hauptstraße"),
        11: CROSSROADS[11],
        12: street(3, 6, name="Neuweg"),
        13: street(7, 8),
    }
    report = import_roads(operator, osm_file(tmp_path, ways, places))
    assert (report.added, report.changed, report.unchanged, report.gone) == (3, 0, 4, 1)
    after = rows(operator)
    kept = set(before) & set(after)
    assert kept == {"osm:2:3", "osm:4:2", "osm:2:5", "osm:3:6"}
    assert all(after[name].gid == before[name].gid for name in kept)
    assert all(after[name].start_node == before[name].start_node for name in kept)


def test_a_line_cut_in_two_by_an_editor_keeps_its_segments(operator: Session, tmp_path: Path) -> None:
    import_roads(operator, osm_file(tmp_path, CROSSROADS))
    before = rows(operator)
    ways = {10: street(1, 2, name="Hauptstraße"), 99: street(2, 3, name="Hauptstraße"), 11: CROSSROADS[11]}
    report = import_roads(operator, osm_file(tmp_path, ways))
    assert (report.added, report.changed, report.unchanged, report.gone) == (0, 1, 3, 0)
    after = rows(operator)
    assert after["osm:2:3"].gid == before["osm:2:3"].gid
    assert after["osm:2:3"].source_id == "99"


def test_one_way_along_and_against_the_axis(operator: Session, tmp_path: Path) -> None:
    ways = {
        10: street(1, 2, oneway="-1"),
        11: street(2, 3, oneway="yes"),
        12: street(2, 4, 6, 3, 5, 2, junction="roundabout"),
    }
    import_roads(operator, osm_file(tmp_path, ways))
    stored = rows(operator)
    assert stored["osm:1:2"].one_way == "backward"
    assert stored["osm:2:3"].one_way == "forward"
    around = [row for row in stored.values() if row.source_id == "12"]
    assert {row.segment_id for row in around} == {"osm:2:3:12", "osm:3:2"}
    assert {row.one_way for row in around} == {"forward"}


def test_what_is_not_built_yet_is_stored_but_carries_nobody(operator: Session, tmp_path: Path) -> None:
    ways = {10: ((1, 2), {"highway": "construction", "construction": "residential", "name": "Neubau"})}
    import_roads(operator, osm_file(tmp_path, ways))
    row = rows(operator)["osm:1:2"]
    assert (row.in_service, row.modes, row.street_name) == (False, [], "Neubau")


def test_a_square_is_counted_as_an_outline(operator: Session, tmp_path: Path) -> None:
    square = ((1, 2, 4, 1), {"highway": "pedestrian", "area": "yes", "name": "Marktplatz"})
    report = import_roads(operator, osm_file(tmp_path, {10: square, 11: street(2, 3)}))
    assert (report.lines, report.outlines) == (2, 1)
    row = next(row for row in rows(operator).values() if row.street_name == "Marktplatz")
    assert (row.modes, row.carriageway_width_m) == (["foot"], None)


def test_a_name_with_markup_is_stored_as_it_is(operator: Session, tmp_path: Path) -> None:
    name = """<img src=x onerror="alert(1)"> & ${7*7} 'Straße'"""
    import_roads(operator, osm_file(tmp_path, {10: street(1, 2, name=name)}))
    assert rows(operator)["osm:1:2"].street_name == name


def test_a_repeated_node_is_one(operator: Session, tmp_path: Path) -> None:
    report = import_roads(operator, osm_file(tmp_path, {10: street(1, 2, 2, 3)}))
    assert (report.added, report.skipped) == (1, {})


def test_two_nodes_at_one_place_give_no_segment(operator: Session, tmp_path: Path) -> None:
    report = import_roads(
        operator, osm_file(tmp_path, {10: street(1, 2), 11: street(2, 7)}, {**PLACES, 7: PLACES[2]})
    )
    assert (report.added, report.skipped) == (1, {"no_length": 1})


def test_missing_nodes_cut_a_line_and_are_counted(operator: Session, tmp_path: Path) -> None:
    ways = {10: street(1, 2, 98, 3, 6), 11: street(98, 99), 12: street(4)}
    report = import_roads(operator, osm_file(tmp_path, ways))
    assert report.skipped == {"nodes_missing_in_part": 1, "nodes_missing": 1, "fewer_than_two_nodes": 1}
    assert set(rows(operator)) == {"osm:1:2", "osm:3:6"}


def test_compressed_xml_is_read(operator: Session, tmp_path: Path) -> None:
    path = tmp_path / "scene.osm.gz"
    path.write_bytes(gzip.compress(osm_text(PLACES, CROSSROADS).encode()))
    assert import_roads(operator, path).added == 4


BAD = {
    "empty.osm.pbf": (b"", "is empty"),
    "text.osm.pbf": (
        b"These are not the roads you are looking for.\n" * 50,
        "cannot be read as OpenStreetMap data",
    ),
    "text.osm": (b"just words", "cannot be read as OpenStreetMap data"),
    "page.osm": (b"<html><body>Not found</body></html>", "cannot be read as OpenStreetMap data"),
    "text.osm.gz": (b"no gzip at all", "cannot be read as OpenStreetMap data"),
    "cut.osm": (osm_text(PLACES, CROSSROADS).encode()[:-40], "cannot be read as OpenStreetMap data"),
    "cut.osm.gz": (
        gzip.compress(osm_text(PLACES, CROSSROADS).encode())[:200],
        "cannot be read as OpenStreetMap data",
    ),
    "nothing.osm": (osm_text({}, {}).encode(), "holds no highway lines"),
    "no_roads.osm": (
        osm_text(PLACES, {1: ((1, 2), {"waterway": "river"})}).encode(),
        "holds no highway lines",
    ),
    "no_nodes.osm": (osm_text({}, CROSSROADS).encode(), "no nodes"),
    "one_node_each.osm": (osm_text(PLACES, {1: street(1), 2: street(2)}).encode(), "can be drawn"),
    "far.osm": (osm_text({1: (0, 0), 2: (900_000, 0)}, {1: street(1, 2)}).encode(), "outside 5.5–15.5° E"),
    "latin1.osm": (
        osm_text(PLACES, {1: street(1, 2, name="Straße")}).encode("latin-1"),
        "cannot be read as OpenStreetMap data",
    ),
    "nan.osm": (
        osm_text(PLACES, CROSSROADS).replace('lat="49', 'lat="nan', 1).encode(),
        "cannot be read as OpenStreetMap data",
    ),
    "entities.osm": (
        b'<!DOCTYPE osm [<!ENTITY a "b">]><osm version="0.6"><node id="1" lat="49" lon="8"/></osm>',
        "cannot be read as OpenStreetMap data",
    ),
    "roads.shp": (b"....", "road files end in"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_in_one_line_and_changes_nothing(
    operator: Session, tmp_path: Path, name: str
) -> None:
    import_roads(operator, osm_file(tmp_path, CROSSROADS))
    before = rows(operator)
    content, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadRoadFile) as refused:
        import_roads(operator, path)
    assert reason in refused.value.detail
    assert "\n" not in refused.value.detail
    assert rows(operator) == before


def test_a_missing_file_is_named(operator: Session, tmp_path: Path) -> None:
    with pytest.raises(BadRoadFile, match=r"There is no file .*nowhere\.osm\.pbf"):
        import_roads(operator, tmp_path / "nowhere.osm.pbf")


TOWN = """
INSERT INTO town (ags, slug, name, kind, boundary, boundary_accuracy_m, attribution)
VALUES (:ags, :ags || '-town', 'Town ' || :ags, 'Stadt',
        ST_Multi(ST_MakeEnvelope(:west, 5502500, :east, 5503500, 25832)), 1, 'test')
"""


def add_test_town(owner: Session, ags: str, west: float, east: float) -> None:
    owner.execute(text(TOWN), {"ags": ags, "west": west, "east": east})
    owner.execute(
        text("INSERT INTO town_piece SELECT ags, (ST_Dump(boundary)).geom FROM town WHERE ags = :ags"),
        {"ags": ags},
    )


@pytest.fixture
def two_towns(owner: Session) -> None:
    """West of 474 130 m lies one town, east of it another, which ends at 474 190 m."""
    add_test_town(owner, "06999001", 473000, 474130)
    add_test_town(owner, "06999002", 474130, 474190)
    owner.commit()


def test_a_segment_belongs_to_the_town_with_most_of_its_length(
    two_towns: None, operator: Session, tmp_path: Path
) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (180, 0), 4: (200, 0), 5: (300, 0), 6: (120, 40)}
    report = import_roads(operator, osm_file(tmp_path, {n: street(n, n + 1) for n in (1, 2, 3, 4)}, places))
    towns = {name: row.town for name, row in rows(operator).items()}
    assert towns == {
        "osm:1:2": "06999001",
        "osm:2:3": "06999002",  # 30 m in the west, 50 m in the east
        "osm:3:4": "06999002",  # 10 m in, 10 m in no town
        "osm:4:5": None,
    }
    assert report.crossing_lines == 2
    assert report.length_km == pytest.approx(0.3, abs=0.0001)


def test_asking_for_one_town_brings_and_replaces_only_that_town(
    two_towns: None, operator: Session, tmp_path: Path
) -> None:
    places = {n: (n * 20 - 25, 0) for n in range(1, 11)}
    ways = {n: street(n, n + 1) for n in range(1, 10)}
    report = import_roads(operator, osm_file(tmp_path, ways, places), town="06999001")
    assert (report.added, report.elsewhere) == (7, 2)
    del ways[3]
    report = import_roads(operator, osm_file(tmp_path, ways, places), town="06999001")
    assert (report.unchanged, report.gone, report.elsewhere) == (6, 1, 2)
    few = {n: ways[n] for n in (1, 2)}
    with pytest.raises(TooMuchWouldVanish, match="only 2 of the 6"):
        import_roads(operator, osm_file(tmp_path, few, places), town="06999001")
    with pytest.raises(BadRoadFile, match="no road of the town 06999777"):
        import_roads(operator, osm_file(tmp_path, few, places), town="06999777")


def test_an_extract_of_the_neighbour_leaves_this_town_as_it_is(
    two_towns: None, operator: Session, tmp_path: Path
) -> None:
    places = {n: (n * 15 - 15, 0) for n in range(1, 14)}
    ways = {n: street(n, n + 1) for n in range(1, 13)}
    import_roads(operator, osm_file(tmp_path, ways, places))
    touching = {n: ways[n] for n in (1, 9, 10, 11, 12)}  # one street of the west town, all of the east
    report = import_roads(operator, osm_file(tmp_path, touching, places))
    assert (report.unchanged, report.gone) == (5, 0)


@pytest.mark.parametrize(
    ("values", "expected_m"),
    [
        ("6.0, 1.5, 2.0, NULL, NULL", 5.0),
        ("6.0, 0, 0, 'lane', 1.85", 3.0),
        ("6.0, 1.5, 1.5, 'track', 2.0", 6.5),
        ("0, 1.2, 1.2, NULL, NULL", 1.2),
        ("0, 0, 0, 'own_way', 2.5", 1.25),
        ("0, 0.75, 0.75, 'segregated_path', 1.5", 1.5),
        ("0, 1.5, 1.5, 'shared_path', 3.0", 1.5),
        ("NULL, NULL, NULL, NULL, NULL", 0.0),
    ],
)
def test_half_of_the_street_reaches_from_the_axis_to_its_outer_edge(
    operator: Session, values: str, expected_m: float
) -> None:
    names = (
        "carriageway_width_m, footway_width_left_m, footway_width_right_m, cycleway_kind, cycleway_width_m"
    )
    operator.execute(
        text(
            "INSERT INTO road_segment"
            f" (segment_id, axis, road_class, in_service, width_source, source, source_id, {names})"
            " VALUES ('test:1', ST_SetSRID('LINESTRING(475000 5503000, 475100 5503000)'::geometry, 25832),"
            f" 'sonstige', true, 'assumed', 'test', '1', {values})"
        )
    )
    found = operator.execute(
        text("SELECT half_street_width_m(segment) FROM road_segment AS segment")
    ).scalar_one()
    assert found == pytest.approx(expected_m)


def test_streets_follow_a_town_that_is_added_later(owner: Session, operator: Session, tmp_path: Path) -> None:
    places = {1: (0, 0), 2: (100, 0), 3: (180, 0), 4: (400, 0)}
    import_roads(operator, osm_file(tmp_path, {n: street(n, n + 1) for n in (1, 2, 3)}, places))
    operator.commit()
    speak_as(owner, actor="operator")
    add_test_town(owner, "06999001", 473000, 474130)
    assert assign_towns(owner, "06999001") == 1
    add_test_town(owner, "06999002", 474130, 474190)
    assert assign_towns(owner, "06999002") == 1
    assert assign_towns(owner, "06999002") == 0
    towns = {
        row.segment_id: (row.town, f'"town":"{row.town}"' in row.fragment_crs84)
        for row in rows(owner).values()
    }
    assert towns == {"osm:1:2": ("06999001", True), "osm:2:3": ("06999002", True), "osm:3:4": (None, False)}
    owner.rollback()


def test_a_failure_before_the_commit_leaves_the_old_network(empty_database: Database, tmp_path: Path) -> None:
    engine = empty_database.app_engine()
    with operator_session(engine) as session:
        import_roads(session, osm_file(tmp_path, CROSSROADS))
    with Session(engine) as session:
        before = rows(session)
    ways = {10: street(1, 2, name="Neuer Name"), 12: street(3, 6)}
    with pytest.raises(DataError), operator_session(engine) as session:
        import_roads(session, osm_file(tmp_path, ways))
        assert len(rows(session)) == 2
        session.execute(text("SELECT 1 / 0"))
    with Session(engine) as session:
        assert rows(session) == before
        assert session.execute(text("SELECT count(*) FROM road_node")).scalar_one() == 5
    engine.dispose()
