"""Shortest ways on the stored segments (pgRouting) against a graph made from the file alone (networkx)."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path

import networkx as nx
import osmium
import pytest
from pyproj import Transformer
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.db.database import Database, speak_as

pytestmark = pytest.mark.shared_data

PAIRS = 200
CAR_STREETS = frozenset(
    [
        "motorway",
        "trunk",
        "primary",
        "secondary",
        "tertiary",
        "motorway_link",
        "trunk_link",
        "primary_link",
        "secondary_link",
        "tertiary_link",
        "unclassified",
        "residential",
        "living_street",
        "service",
        "road",
    ]
)
FOOT_STREETS = (
    CAR_STREETS | frozenset(["track", "path", "pedestrian", "footway", "steps", "corridor"])
) - frozenset(["motorway", "motorway_link", "trunk", "trunk_link"])
YES = {"yes", "designated", "permissive", "destination", "customers", "official", "residents"}
NO = {"no", "private", "military", "emergency"}
NO_CAR = NO | {"agricultural", "forestry", "delivery", "permit", "use_sidepath", "dismount", "discouraged"}

Tags = Mapping[str, str]


def open_to_cars(tags: Tags) -> bool:
    """The most particular tag decides; only motor traffic's own tags open what is usually closed."""
    usual = tags["highway"] in CAR_STREETS and tags.get("area") != "yes"
    for key in ("motorcar", "motor_vehicle", "vehicle", "access"):
        values = set(tags.get(key, "").replace(" ", "").split(";"))
        if values & YES:
            return usual or key in ("motorcar", "motor_vehicle")
        if values & NO_CAR:
            return False
    return usual


def open_on_foot(tags: Tags) -> bool:
    usual = tags["highway"] in FOOT_STREETS and tags.get("motorroad") != "yes"
    for key in ("foot", "access"):
        values = set(tags.get(key, "").replace(" ", "").split(";"))
        if values & YES:
            return usual or key == "foot"
        if values & NO:
            return False
    return usual


BUILT = CAR_STREETS | FOOT_STREETS | {"cycleway", "bridleway", "busway", "bus_guideway"}


def graph_of(file: Path, mode: str) -> nx.DiGraph[int]:
    """Every two neighbouring nodes of a line are an edge; metres in EPSG:25832."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    metres = Transformer.from_crs(4326, 25832, always_xy=True)
    ways = osmium.FileProcessor(str(file), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for way in ways:
        if not way.is_way() or "highway" not in way.tags:
            continue
        tags = dict(way.tags)
        if tags["highway"] not in BUILT or not (open_to_cars if mode == "car" else open_on_foot)(tags):
            continue
        places = [(node.ref, *metres.transform(node.lon, node.lat)) for node in way.nodes]
        for (a, ax, ay), (b, bx, by) in pairwise(places):
            forth, back = directions(tags) if mode == "car" else (True, True)
            for start, end, allowed in ((a, b, forth), (b, a, back)):
                length_m = math.hypot(bx - ax, by - ay)
                if allowed and length_m < graph.get_edge_data(start, end, {"m": math.inf})["m"]:
                    graph.add_edge(start, end, m=length_m)
    return graph


def directions(tags: Tags) -> tuple[bool, bool]:
    said = tags.get("oneway")
    around = tags.get("junction") in ("roundabout", "circular") or tags["highway"].startswith("motorway")
    if said is None and around:
        said = "yes"
    return said != "-1", said not in ("yes", "1", "true")


@pytest.fixture
def session(limburg_database: Database) -> Iterator[Session]:
    engine = limburg_database.app_engine()
    with Session(engine) as opened:
        speak_as(opened, actor="public")
        yield opened
    engine.dispose()


EDGES = {
    "car": "SELECT gid AS id, start_node AS source, end_node AS target,"
    " CASE one_way WHEN 'backward' THEN -1 ELSE length_m END AS cost,"
    " CASE one_way WHEN 'forward' THEN -1 ELSE length_m END AS reverse_cost"
    " FROM road_segment WHERE 'car' = ANY (modes)",
    "foot": "SELECT gid AS id, start_node AS source, end_node AS target, length_m AS cost,"
    " length_m AS reverse_cost FROM road_segment WHERE 'foot' = ANY (modes)",
}


@pytest.mark.parametrize("mode", ["car", "foot"])
def test_shortest_ways_are_as_long_as_in_a_graph_made_from_the_file(
    session: Session, limburg_file: Path, mode: str
) -> None:
    graph = graph_of(limburg_file, mode)
    junctions = session.execute(
        text(
            "SELECT DISTINCT node.node_id, CAST(node.source_id AS bigint) AS osm_id FROM road_node AS node"
            " JOIN road_segment AS s ON node.node_id IN (s.start_node, s.end_node)"
            " WHERE :mode = ANY (s.modes) ORDER BY osm_id"
        ),
        {"mode": mode},
    ).all()
    assert {row.osm_id for row in junctions} <= set(graph)
    chosen = random.Random(20260501)
    pairs = [tuple(chosen.sample(junctions, 2)) for _ in range(PAIRS)]
    wanted = ", ".join(f"({a.node_id}::bigint, {b.node_id}::bigint)" for a, b in pairs)
    rows = session.execute(
        text("SELECT * FROM pgr_dijkstraCost(:edges, :pairs, directed => true)"),
        {"edges": EDGES[mode], "pairs": f"SELECT * FROM (VALUES {wanted}) AS pair (source, target)"},
    )
    stored = {(row.start_vid, row.end_vid): row.agg_cost for row in rows}
    reached = 0
    for here, there in pairs:
        length_m = stored.get((here.node_id, there.node_id))
        try:
            expected_m = nx.dijkstra_path_length(graph, here.osm_id, there.osm_id, weight="m")
        except nx.NetworkXNoPath:
            assert length_m is None, (here.osm_id, there.osm_id)
            continue
        assert length_m == pytest.approx(expected_m, rel=0.001), (here.osm_id, there.osm_id)
        reached += 1
    assert reached > 0.8 * PAIRS


def test_one_way_streets_make_ways_longer(limburg_file: Path) -> None:
    cars = graph_of(limburg_file, "car")
    alone = [edge for edge in cars.edges if not cars.has_edge(edge[1], edge[0])]
    assert len(alone) > 500  # else the comparison above would say nothing about directions
