"""Real OpenStreetMap extracts: the verified counts, nothing lost, the same again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from geo_service.db.database import Database, speak_as
from geo_service.errors import BadRoadFile
from geo_service.roads.import_roads import RoadFile, import_roads, read_roads
from geo_service.roads.osm_boundaries import read_municipalities
from geo_service.roads.osm_file import read_bus_lines, read_osm_network
from geo_service.roads.osm_segments import describe

pytestmark = pytest.mark.shared_data

LIMBURG = "06533009"
NOT_FOR_CARS = {"footway", "path", "steps", "cycleway", "platform", "proposed", "construction", "bus_stop"}


@pytest.fixture
def session(limburg_database: Database) -> Iterator[Session]:
    engine = limburg_database.app_engine()
    with Session(engine) as opened:
        speak_as(opened, actor="operator")
        yield opened
        opened.rollback()
    engine.dispose()


def one(session: Session, sql: str) -> object:
    return session.execute(text(sql)).scalar_one()


def test_limburg_has_the_counts_that_were_verified(limburg: RoadFile) -> None:
    assert limburg.lines == 4704
    assert len(limburg.segments) == 8648
    assert sum(segment.axis.length for segment in limburg.segments) == pytest.approx(692_200, rel=0.0001)
    proposed = sum(segment.axis.length for segment in limburg.segments if segment.highway == "proposed")
    assert proposed == pytest.approx(7_360, abs=10)
    assert len({segment.street_name for segment in limburg.segments} - {None}) == 556
    drivable = sum(segment.highway not in NOT_FOR_CARS for segment in limburg.segments)
    assert drivable == pytest.approx(6_980, abs=5)


def test_lines_that_are_described_together_are_described_alike(limburg_file: Path, limburg: RoadFile) -> None:
    """Lines that differ in what says nothing share one description: it must be each one's own."""
    network = read_osm_network(limburg_file)
    alone = {str(line.line_id): describe(line.tags) for line in network.lines}
    buses = {str(line) for line in read_bus_lines(limburg_file, network)}
    assert len(buses) == 620
    for segment in limburg.segments:
        expected = dict(alone[segment.source_id])
        if segment.source_id in buses:
            expected["network_function"] |= {"bus_route"}
        assert {name: getattr(segment, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("osm-herrenberg/herrenberg-minimal.osm.pbf", 1704),
        ("osm-herrenberg/herrenberg-hindenburgstr-under-construction.osm.pbf", 148),
        ("osm-darmstadt/da_hbf_2.osm.pbf", 533),
        ("osm-darmstadt/luisenplatz-darmstadt.osm.pbf", 158),
    ],
)
def test_every_line_is_kept_with_its_whole_length(shared_data: Path, name: str, lines: int) -> None:
    file = read_roads(shared_data / name)
    assert (file.lines, file.skipped) == (lines, {})
    assert len({segment.source_id for segment in file.segments}) == lines
    assert len({segment.segment_id for segment in file.segments}) == len(file.segments)


def test_a_street_under_construction_carries_nobody(shared_data: Path) -> None:
    file = read_roads(shared_data / "osm-herrenberg/herrenberg-hindenburgstr-under-construction.osm.pbf")
    building = [segment for segment in file.segments if segment.highway == "construction"]
    assert building
    assert not any(segment.modes or segment.in_service for segment in building)


def test_every_junction_of_the_file_is_an_end(limburg_file: Path, limburg: RoadFile) -> None:
    lines_at: dict[int, set[int]] = {}
    for line in read_osm_network(limburg_file).lines:
        for node in line.nodes:
            lines_at.setdefault(node, set()).add(line.line_id)
    shared = {str(node) for node, lines in lines_at.items() if len(lines) > 1}
    ends = {node for segment in limburg.segments for node in (segment.start_node, segment.end_node)}
    assert shared <= ends


def test_the_one_boundary_that_closes_is_limburg(limburg_file: Path) -> None:
    (municipality,) = read_municipalities(limburg_file)
    assert (municipality.ags, municipality.name, municipality.kind) == (
        LIMBURG,
        "Limburg an der Lahn",
        "Kreisstadt",
    )
    assert municipality.boundary.area / 1e6 == pytest.approx(45.15, abs=1)


def test_limburg_becomes_a_town_without_requests(session: Session) -> None:
    row = session.execute(text("SELECT * FROM town WHERE slug = 'limburg-an-der-lahn'")).one()
    assert (row.ags, row.kind, row.accepts_requests, row.demo) == (LIMBURG, "Stadt", False, False)
    assert row.boundary_accuracy_m == 5
    assert "ODbL" in row.attribution


def test_no_length_is_lost_at_the_border(session: Session) -> None:
    assert one(session, "SELECT sum(length_m) / 1000 FROM road_segment") == pytest.approx(692.2, rel=0.001)
    outside = one(
        session,
        "SELECT count(*) FROM road_segment AS s, town AS t"
        " WHERE s.town IS NULL AND ST_Length(ST_Intersection(s.axis, t.boundary)) > s.length_m / 2",
    )
    inside = one(
        session,
        "SELECT count(*) FROM road_segment AS s, town AS t"
        " WHERE s.town = t.ags AND ST_Length(ST_Intersection(s.axis, t.boundary)) < s.length_m / 2 - 0.01",
    )
    assert (outside, inside) == (0, 0)


def test_segments_meet_in_their_nodes(session: Session) -> None:
    apart = one(
        session,
        "SELECT count(*) FROM road_segment AS s"
        " JOIN road_node AS a ON a.node_id = s.start_node JOIN road_node AS b ON b.node_id = s.end_node"
        " WHERE NOT (a.place = ST_StartPoint(s.axis) AND b.place = ST_EndPoint(s.axis))",
    )
    assert apart == 0
    assert one(session, "SELECT count(*) FROM road_segment WHERE start_node IS NULL OR end_node IS NULL") == 0


def test_the_same_file_again_changes_nothing(session: Session, limburg_file: Path) -> None:
    state = (
        "SELECT md5(string_agg(concat_ws(' ', gid, segment_id, updated_at, start_node), ',' ORDER BY gid))"
        " FROM road_segment"
    )
    before = one(session, state)
    report = import_roads(session, limburg_file)
    assert (report.added, report.changed, report.gone, report.unchanged) == (0, 0, 0, 8648)
    assert one(session, state) == before


def test_another_extract_far_away_removes_nothing(session: Session, shared_data: Path) -> None:
    report = import_roads(session, shared_data / "osm-darmstadt" / "luisenplatz-darmstadt.osm.pbf")
    assert (report.gone, report.added) == (
        0,
        len(read_roads(shared_data / "osm-darmstadt" / "luisenplatz-darmstadt.osm.pbf").segments),
    )


def test_a_truncated_extract_is_refused(limburg_file: Path, tmp_path: Path, session: Session) -> None:
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(limburg_file.read_bytes()[:1_000_000])
    before = one(session, "SELECT count(*) FROM road_segment")
    with pytest.raises(BadRoadFile, match=r"cut\.osm\.pbf cannot be read"):
        import_roads(session, cut)
    assert one(session, "SELECT count(*) FROM road_segment") == before


def test_others_see_the_old_network_until_the_import_commits(
    limburg_database: Database, session: Session
) -> None:
    session.execute(text("DELETE FROM road_segment"))
    engine = limburg_database.app_engine()
    with Session(engine) as reader:
        assert one(reader, "SELECT count(*) FROM road_segment") == 8648
    engine.dispose()


def test_a_clerk_cannot_import_over_another_town(session: Session, limburg_file: Path) -> None:
    session.execute(text("DELETE FROM road_segment"))
    speak_as(session, actor="clerk", town="06431002")
    with pytest.raises(ProgrammingError, match="row-level security"):
        import_roads(session, limburg_file)


@pytest.mark.parametrize(("mode", "least"), [("car", 0.95), ("foot", 0.97), ("bicycle", 0.97)])
def test_nearly_everything_open_to_a_mode_hangs_together(session: Session, mode: str, least: float) -> None:
    share = session.execute(
        text(
            "WITH part AS (SELECT component, node FROM pgr_connectedComponents(format("
            " 'SELECT gid AS id, start_node AS source, end_node AS target, 1.0 AS cost FROM road_segment"
            " WHERE %L = ANY (modes)', CAST(:mode AS text)))),"
            " length AS (SELECT part.component, sum(s.length_m) AS metres FROM road_segment AS s"
            " JOIN part ON part.node = s.start_node WHERE :mode = ANY (s.modes) GROUP BY part.component)"
            " SELECT max(metres) / sum(metres) FROM length"
        ),
        {"mode": mode},
    ).scalar_one()
    assert share > least


def test_a_route_through_limburg_follows_one_way_streets(session: Session) -> None:
    graph = (
        "SELECT gid AS id, start_node AS source, end_node AS target,"
        " CASE one_way WHEN 'backward' THEN -1 ELSE length_m END AS cost,"
        " CASE one_way WHEN 'forward' THEN -1 ELSE length_m END AS reverse_cost"
        " FROM road_segment WHERE 'car' = ANY (modes)"
    )
    first_node = (
        "SELECT start_node FROM road_segment WHERE street_name = :street AND 'car' = ANY (modes)"
        " ORDER BY gid LIMIT 1"
    )
    here, there = (
        session.execute(text(first_node), {"street": street}).scalar_one()
        for street in ("Diezer Straße", "Frankfurter Straße")
    )
    steps = session.execute(
        text(
            "SELECT step.node, step.cost, s.one_way, s.start_node, s.length_m"
            " FROM pgr_dijkstra(:graph, CAST(:here AS bigint), CAST(:there AS bigint)) AS step"
            " JOIN road_segment AS s ON s.gid = step.edge"
        ),
        {"graph": graph, "here": here, "there": there},
    ).all()
    assert any(step.one_way == "forward" for step in steps)
    assert len(steps) > 5
    assert all(step.one_way != "forward" or step.node == step.start_node for step in steps)
    assert all(step.cost == step.length_m for step in steps)
