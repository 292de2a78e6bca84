"""Widths measured across the axis in drawn carriageways; later imports leave them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from shapely import LineString, Polygon, box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.crs import to_lonlat
from geo_service.errors import BadRoadFile
from geo_service.roads.import_roads import import_roads
from geo_service.roads.import_widths import import_widths
from geo_service.roads.measure_widths import measured_widths_m
from geo_service.roads.road_mapping import find_mapping, read_mapping
from tests.roads.osm_scene import CORNER, osm_file, street

AXIS = LineString([(0, 0), (100, 0)])


def test_a_straight_carriageway_is_as_wide_as_drawn() -> None:
    assert measured_widths_m([AXIS], [box(0, -2, 100, 4)]) == [pytest.approx(6.0)]


def test_a_carriageway_drawn_in_two_halves_is_measured_whole() -> None:
    assert measured_widths_m([AXIS], [box(0, -3, 100, 0), box(0, 0.1, 100, 3)]) == [pytest.approx(6.0)]


def test_what_lies_behind_a_verge_is_another_carriageway() -> None:
    assert measured_widths_m([AXIS], [box(0, -2, 100, 2), box(0, 4, 100, 8)]) == [pytest.approx(4.0)]


def test_a_bay_does_not_move_the_median() -> None:
    assert measured_widths_m([AXIS], [box(0, -2, 100, 2), box(40, 2, 55, 6)]) == [pytest.approx(4.0)]


@pytest.mark.parametrize(
    "areas",
    [[box(0, 5, 100, 9)], [box(0, -2, 30, 2)], [box(-60, -60, 160, 60)], [box(500, 500, 510, 510)]],
    ids=["beside", "less than half", "a square", "elsewhere"],
)
def test_nothing_is_measured_where_the_areas_do_not_tell(areas: list[Polygon]) -> None:
    assert measured_widths_m([AXIS], areas) == [None]


def drawn(path: Path, *areas: Polygon, kind: str = "residential") -> Path:
    moved = [to_lonlat(shapely.transform(area, lambda c: c + CORNER)) for area in areas]
    features = [
        {"type": "Feature", "properties": {"area:highway": kind}, "geometry": shapely.geometry.mapping(area)}
        for area in moved
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def widths(session: Session) -> dict[str, tuple[float, str | None, str]]:
    rows = session.execute(text("SELECT * FROM road_segment"))
    return {r.segment_id: (r.carriageway_width_m, r.carriageway_width_source, r.width_source) for r in rows}


def test_an_import_of_the_map_leaves_what_was_measured(operator: Session, tmp_path: Path) -> None:
    file = osm_file(tmp_path, {10: street(1, 2), 11: street(2, 3)})
    import_roads(operator, file)
    report = import_widths(operator, drawn(tmp_path / "areas.geojson", box(0, -2.6, 99, 2.6)), source="osm")
    assert (report.areas, report.segments, report.measured, report.compared) == (1, 1, 1, 1)
    assert report.median_difference_m is not None
    measured = widths(operator)
    assert measured["osm:1:2"][:2] == (pytest.approx(5.2, abs=0.02), "measured")
    assert measured["osm:1:2"][2] == "assumed"  # its footways still are
    again = import_roads(operator, file)
    assert (again.changed, again.unchanged) == (0, 2)
    changed = import_roads(
        operator, osm_file(tmp_path, {10: street(1, 2, width="9"), 11: street(2, 3, width="9")})
    )
    assert changed.changed >= 1
    assert widths(operator)["osm:1:2"][:2] == measured["osm:1:2"][:2]
    assert widths(operator)["osm:2:3"][:2] == (9.0, "tagged")


def test_the_whole_section_is_as_good_as_what_stands_beside_a_measured_carriageway(
    operator: Session, tmp_path: Path
) -> None:
    file = osm_file(
        tmp_path,
        {10: street(1, 2, sidewalk="no"), 11: street(2, 3, sidewalk__both__width="2"), 12: street(4, 2)},
    )
    import_roads(operator, file)
    import_widths(operator, drawn(tmp_path / "areas.geojson", box(0, -2.6, 199, 2.6)), source="osm")
    found = {name: said[1:] for name, said in widths(operator).items()}
    assert found["osm:1:2"] == ("measured", "measured")  # there is nothing beside it
    assert found["osm:2:3"] == ("measured", "tagged")
    assert found["osm:4:2"] == ("assumed", "assumed")


def test_areas_that_are_no_carriageway_or_no_file_are_refused(operator: Session, tmp_path: Path) -> None:
    with pytest.raises(BadRoadFile, match="no valid area"):
        import_widths(
            operator, drawn(tmp_path / "walk.geojson", box(0, -2, 99, 2), kind="footway"), source="osm"
        )
    (tmp_path / "cut.geojson").write_text('{"type": "FeatureCollection", "features": [{"type": "Fea')
    for name in ("cut.geojson", "nowhere.geojson"):
        with pytest.raises(BadRoadFile):
            import_widths(operator, tmp_path / name, source="osm")


@pytest.mark.shared_data
def test_the_carriageways_of_neukoelln(operator: Session, shared_data: Path) -> None:
    folder = shared_data / "berlin"
    import_roads(
        operator, folder / "detailnetz_strassenabschnitte.gpkg", mapping=read_mapping(find_mapping("berlin"))
    )
    report = import_widths(operator, folder / "area_highway.geojson", source="detailnetz-berlin")
    # Most of the areas are junctions; where a whole street is drawn it is a main road with parking lanes, twice as
    # wide as the table assumes for a town of a tenth of the size.
    assert (report.areas, report.segments, report.measured) == (1310, 454, 64)
    assert report.median_difference_m == pytest.approx(-6.2, abs=0.2)
    found = [width for width, kind, _ in widths(operator).values() if kind == "measured"]
    assert 5 < sorted(found)[len(found) // 2] < 14
