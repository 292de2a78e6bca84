"""Official road files with a mapping: what is read, what is left out and counted, what is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import LineString, MultiLineString, Point, Polygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.errors import BadProfile, BadRoadFile
from geo_service.roads.import_roads import import_roads, read_roads
from geo_service.roads.road_mapping import RoadMapping, find_mapping, read_mapping
from geo_service.roads.snap_nodes import snap_nodes

EAST, NORTH = 474000.0, 5503000.0

pytestmark = pytest.mark.filterwarnings("ignore:'crs' was not provided")

MAPPING = """
source: test-net
title: Testnetz
attribution: Stadt Test
licence: dl-de/by-2-0
id: nr
fields:
  street_name: name
  road_class: {field: klasse, codes: {G: gemeindestrasse, K: kreisstrasse}}
  highway: {value: residential}
"""


def mapping_of(folder: Path, content: str = MAPPING) -> RoadMapping:
    path = folder / "net.yaml"
    path.write_text(content, encoding="utf-8")
    return read_mapping(path)


def line(*points: tuple[float, float]) -> LineString:
    return LineString([(EAST + x, NORTH + y) for x, y in points])


STREETS = [line((0, 0), (100, 0)), line((100.3, 0), (200, 0)), line((100, 0.2), (100, 90))]


def write(
    path: Path,
    geometries: Sequence[Any],
    *,
    crs: str | None = "EPSG:25832",
    columns: Mapping[str, Sequence[object]] | None = None,
    **options: Any,
) -> Path:
    count = len(geometries)
    values = {
        "nr": [f"{n}" for n in range(count)],
        "name": ["Hauptstraße"] * count,
        "klasse": ["G"] * count,
    }
    values |= columns or {}  # type: ignore[arg-type]
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(geometries, dtype=object)),
        [np.array(column, dtype=object) for column in values.values()],
        list(values),
        crs=crs,
        geometry_type=options.pop("geometry_type", "Unknown"),
        **options,
    )
    return path


def test_ends_that_nearly_meet_share_a_junction(operator: Session, tmp_path: Path) -> None:
    report = import_roads(operator, write(tmp_path / "net.gpkg", STREETS), mapping=mapping_of(tmp_path))
    assert (report.added, report.source, report.skipped, report.unknown) == (3, "test-net", {}, {})
    rows = {row.segment_id: row for row in operator.execute(text("SELECT * FROM road_segment"))}
    assert set(rows) == {"test-net:0", "test-net:1", "test-net:2"}
    first, second, third = (rows[f"test-net:{n}"] for n in range(3))
    assert first.end_node == second.start_node == third.start_node
    assert first.start_node not in (second.end_node, third.end_node)
    assert (first.road_class, first.width_source, first.modes) == (
        "gemeindestrasse",
        "assumed",
        ["car", "bicycle", "foot", "bus"],
    )
    again = import_roads(operator, tmp_path / "net.gpkg", mapping=mapping_of(tmp_path))
    assert (again.unchanged, again.changed, again.added, again.gone) == (3, 0, 0, 0)


def test_without_tolerance_only_equal_ends_meet() -> None:
    assert len({node for pair in snap_nodes(STREETS, 0) for node in pair}) == 6
    assert len({node for pair in snap_nodes(STREETS, 0.5) for node in pair}) == 4


def test_faulty_lines_are_left_out_one_by_one_and_counted(operator: Session, tmp_path: Path) -> None:
    huge = LineString(np.column_stack([EAST + np.arange(1_000_000) / 1e3, np.full(1_000_000, NORTH)]))
    pieces = MultiLineString([line((0, 50), (20, 50)), line((40, 50), (60, 50))])
    dot = LineString([(EAST, NORTH), (EAST, NORTH)])
    geometries = [
        *STREETS,
        None,
        Point(EAST, NORTH),
        huge,
        dot,
        line((0, 9), (9, 9)),
        line((0, 8), (9, 8)),
        pieces,
    ]
    numbers = ["0", "1", "2", "3", "4", "5", "6", "0", "NULL", "9"]
    names = ["NULL", *["Hauptstraße"] * 9]
    path = write(
        tmp_path / "net.gpkg",
        geometries,
        columns={"nr": numbers, "name": names, "klasse": ["X", *["K"] * 9]},
    )
    report = import_roads(operator, path, mapping=mapping_of(tmp_path))
    assert report.skipped == {
        "no_geometry": 1,
        "no_line": 1,
        "too_many_vertices": 1,
        "no_length": 1,
        "id_twice": 1,
        "no_id": 1,
    }
    assert report.unknown == {"klasse: X": 1}
    assert (report.lines, report.added) == (10, 5)
    row = operator.execute(text("SELECT * FROM road_segment WHERE segment_id = 'test-net:0'")).one()
    assert (row.street_name, row.road_class) == (None, "sonstige")


def bad_files(folder: Path) -> dict[str, tuple[Path, str]]:
    whole = write(folder / "whole.gpkg", STREETS).read_bytes()
    (folder / "cut.gpkg").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.gpkg").write_bytes(b"")
    (folder / "words.gpkg").write_bytes(b"no database at all" * 100)
    (folder / "silent.geojson").write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nr":"1","name":"a","klasse":"G"},'
        '"geometry":{"type":"LineString","coordinates":[[474000,5503000],[474100,5503000]]}}]}'
    )
    (folder / "latin.geojson").write_bytes(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"nr":"1","name":"Straße","klasse":"G"},'
        '"geometry":{"type":"LineString","coordinates":[[8.64,49.68],[8.65,49.68]]}}]}'.encode("latin-1")
    )
    feet = [shapely.transform(street, lambda c: c / 0.3048) for street in STREETS]
    return {
        "cut": (folder / "cut.gpkg", "cannot be read"),
        "empty": (folder / "empty.gpkg", "is empty"),
        "words": (folder / "words.gpkg", "cannot be read"),
        "missing": (folder / "nowhere.gpkg", "There is no file"),
        "no crs": (write(folder / "none.gpkg", STREETS, crs=None), "state it in the mapping"),
        "no prj": (write(folder / "none.shp", STREETS, crs=None, geometry_type="LineString"), "does not say in which CRS"),
        "metres as degrees": (folder / "silent.geojson", "are no degrees"),
        "feet": (write(folder / "feet.gpkg", feet), "outside Germany"),
        "wrong zone": (write(folder / "zone.gpkg", STREETS, crs="EPSG:25835"), "outside Germany"),
        "areas": (write(folder / "areas.gpkg", [Polygon([(EAST, NORTH), (EAST + 9, NORTH), (EAST, NORTH + 9)])]), "no lines"),
        "nothing": (write(folder / "nothing.gpkg", []), "holds no lines"),
        "latin-1": (folder / "latin.geojson", "encoding: latin-1"),
        "no field": (write(folder / "field.gpkg", STREETS, columns={"nr": ["NULL"] * 3}), "no usable line (no_id: 3)"),
    }  # fmt: skip


def test_bad_files_are_refused_in_one_line_and_change_nothing(operator: Session, tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path)
    import_roads(operator, write(tmp_path / "net.gpkg", STREETS), mapping=mapping)
    for name, (path, reason) in bad_files(tmp_path).items():
        with pytest.raises(BadRoadFile) as refused:
            import_roads(operator, path, mapping=mapping)
        assert reason in refused.value.detail, (name, refused.value.detail)
        assert "\n" not in refused.value.detail
    assert operator.execute(text("SELECT count(*) FROM road_segment")).scalar_one() == 3


def test_a_mapping_may_say_the_crs_but_not_against_the_file(tmp_path: Path) -> None:
    mapping = mapping_of(tmp_path, MAPPING + "crs: EPSG:25832\n")
    bare = write(tmp_path / "bare.shp", STREETS, crs=None, geometry_type="LineString")
    assert len(read_roads(bare, mapping=mapping).segments) == 3
    other = write(tmp_path / "other.gpkg", STREETS, crs="EPSG:25833")
    with pytest.raises(BadRoadFile, match="only one can be true"):
        read_roads(other, mapping=mapping)


def test_an_old_shapefile_in_latin_1_is_read_when_the_mapping_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "old.shp", STREETS, encoding="ISO-8859-1", geometry_type="LineString")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    file = read_roads(path, mapping=mapping_of(tmp_path, MAPPING + "encoding: latin-1\n"))
    assert {segment.street_name for segment in file.segments} == {"Hauptstraße"}


def test_another_name_than_osm_without_a_mapping_is_told_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(BadRoadFile, match="--mapping"):
        read_roads(write(tmp_path / "net.gpkg", STREETS))


@pytest.mark.parametrize(
    ("old", "new", "line_number", "reason"),
    [
        ("G: gemeindestrasse", "G: strasse", 9, "'strasse' is not known"),
        ("id: nr", "idd: nr", 6, "idd: is not a known key"),
        ("source: test-net", "source: osm", 2, "choose another"),
        ("id: nr", "id: nr\ncrs: EPSG:99999999", 7, "is not a known CRS"),
        ("{value: residential}", "{value: boulevard}", 10, "'boulevard' is not known"),
        ("  street_name: name", "  street_name: {field: a, value: b}", 8, "either field or value"),
        ("id: nr", "id: [", 8, "not valid YAML"),
    ],
)
def test_a_faulty_mapping_names_file_and_line(
    tmp_path: Path, old: str, new: str, line_number: int, reason: str
) -> None:
    with pytest.raises(BadProfile) as refused:
        mapping_of(tmp_path, MAPPING.replace(old, new))
    said = [refused.value.detail, *(f"{fault.pointer}: {fault.detail}" for fault in refused.value.errors)]
    assert any(reason in fault for fault in said), said
    assert any(re.search(rf"net\.yaml:{line_number}\b", fault) for fault in said), said


def test_every_shipped_mapping_is_sound() -> None:
    assert {read_mapping(find_mapping(name)).source for name in ("berlin", "generic")} == {
        "detailnetz-berlin",
        "my-town",
    }
    with pytest.raises(BadProfile, match="known are berlin, generic"):
        find_mapping("atlantis")


@pytest.mark.shared_data
def test_the_network_of_berlin(operator: Session, shared_data: Path) -> None:
    path = shared_data / "berlin" / "detailnetz_strassenabschnitte.gpkg"
    mapping = read_mapping(find_mapping("berlin"))
    report = import_roads(operator, path, mapping=mapping)
    assert (report.lines, report.added, report.skipped, report.unknown) == (9357, 9357, {}, {})
    nodes = operator.execute(text("SELECT count(*) FROM road_node")).scalar_one()
    assert nodes == 8349  # as many as the file's own element numbers name
    alt_moabit = operator.execute(
        text("SELECT * FROM road_segment WHERE source_id = 'DD0BA9BD18B94A43AA981E14F69E241C'")
    ).one()
    assert (alt_moabit.street_name, alt_moabit.network_function) == ("Alt-Moabit", ["main_road"])
    again = import_roads(operator, path, mapping=mapping)
    assert (again.unchanged, again.changed, again.gone) == (9357, 0, 0)
