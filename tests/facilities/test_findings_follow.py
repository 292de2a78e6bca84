"""Stored findings follow an import of facilities: what comes, moves or goes, bus routes too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import shapely
from shapely import LineString
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo_service.commands.import_facilities import store_with_findings
from geo_service.conflicts.recompute_due import work_off
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import Database, operator_session
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.interval import Interval
from geo_service.occupations.incoming_geometry import read_geometry
from geo_service.occupations.use_request import UseRequest, occupation_of
from geo_service.occupations.write_occupation import save_occupation
from geo_service.roads.osm_segments import SOURCE
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment

SCHOOL = '<node id="1" version="1" lat="{lat}" lon="8.6200"><tag k="amenity" v="school"/></node>'
HYDRANT = '<node id="2" version="1" lat="49.7000" lon="8.6400"><tag k="emergency" v="fire_hydrant"/></node>'
ROUTE = """<relation id="9" version="1"><member type="way" ref="{way}" role=""/>
<tag k="type" v="route"/><tag k="route" v="bus"/><tag k="ref" v="641"/></relation>"""
SECOND = ROUTE.replace('id="9"', 'id="8"')
STOP = '<node id="3" version="1" lat="49.6600" lon="8.6000"><tag k="highway" v="bus_stop"/></node>'


@pytest.fixture
def engine(town_database: Database) -> Iterator[Engine]:
    made = town_database.app_engine()
    yield made
    made.dispose()


def bring_in(engine: Engine, folder: Path, *content: str) -> bool:
    """Import and do the work in the background; False if nothing was concerned."""
    path = folder / "scene.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(content)}</osm>', encoding="utf-8")
    with operator_session(engine) as session:
        _, work_id = store_with_findings(session, read_osm_facilities(path))
    if work_id is not None:
        assert work_off(engine, work_id, now=lambda: datetime.now(UTC))
    return work_id is not None


def request_at(session: Session, lat: float, lon: float) -> int:
    """A scaffold on a footway in June 2027, a school month."""
    area = read_geometry({"type": "Point", "coordinates": [lon, lat]}, pointer="", length_m=10, depth_m=2)
    use = UseRequest(
        use_type="geruest",
        period=Interval.of_days(date(2027, 6, 1), date(2027, 6, 14)),
        area=area,
        takes=frozenset({"footway"}),
    )
    now = datetime.now(UTC)
    occupation_id = save_occupation(session, occupation_of(use, filed_at=now))
    recompute_findings(session, occupation_id, as_of=now)
    return occupation_id


def found(engine: Engine, occupation_id: int) -> set[str]:
    with operator_session(engine) as session:
        return {f.number for f in list_findings(session, occupation_id)} & {"K15", "K16", "K17"}


def test_a_school_that_comes_moves_and_goes(engine: Engine, tmp_path: Path) -> None:
    with operator_session(engine) as session:
        mine = request_at(session, 49.6805, 8.62)
        far = request_at(session, 49.66, 8.60)
    assert bring_in(engine, tmp_path, SCHOOL.format(lat="49.6800"), HYDRANT)
    assert (found(engine, mine), found(engine, far)) == ({"K17"}, set())
    bring_in(engine, tmp_path, SCHOOL.format(lat="49.6600"), HYDRANT, STOP)  # 2 km to the south
    assert (found(engine, mine), found(engine, far)) == (set(), {"K16"})
    bring_in(engine, tmp_path, SCHOOL.format(lat="49.6800"), HYDRANT, STOP)
    assert (found(engine, mine), found(engine, far)) == ({"K17"}, {"K16"})
    assert not bring_in(engine, tmp_path, SCHOOL.format(lat="49.6800"), HYDRANT, STOP)


def test_a_bus_route_that_comes_moves_and_goes(engine: Engine, tmp_path: Path) -> None:
    """Two streets of 5 m, each with something that leaves 3 m of it; a bus needs more."""
    road = Segment(
        segment_id="osm:1", axis=LineString([(475000, 5503000), (475200, 5503000)]), start_node="a",
        end_node="b", road_class="gemeindestrasse", source_id="1", modes=frozenset({"car", "bus"}),
        carriageway_width_m=5.0, footway_width_left_m=2.0, footway_width_right_m=2.0, width_source="measured",
    )  # fmt: skip
    other = replace(
        road, segment_id="osm:2", source_id="2", start_node="c", end_node="d",
        axis=LineString([(475000, 5503400), (475200, 5503400)]),
    )  # fmt: skip
    with operator_session(engine) as session:
        save_segments(session, [road, other], SOURCE)
        now = datetime.now(UTC)
        here, there = (narrowing(session, north_m, now) for north_m in (5503000, 5503400))
    assert (found(engine, here), found(engine, there)) == (set(), set())
    assert bring_in(engine, tmp_path, HYDRANT, ROUTE.format(way=1))
    assert (found(engine, here), found(engine, there)) == ({"K15"}, set())
    assert bring_in(engine, tmp_path, HYDRANT, ROUTE.format(way=2))
    assert (found(engine, here), found(engine, there)) == (set(), {"K15"})
    assert not bring_in(engine, tmp_path, HYDRANT, ROUTE.format(way=2), SECOND.format(way=2))  # no news
    assert bring_in(engine, tmp_path, HYDRANT, ROUTE.format(way=99), SECOND.format(way=99))
    assert (found(engine, here), found(engine, there)) == (set(), set())


def narrowing(session: Session, north_m: float, now: datetime) -> int:
    """A container on the southern 2 m of a carriageway."""
    area = shapely.box(475090, north_m - 2.5, 475100, north_m - 0.5)
    period = Interval.of_days(date(2027, 6, 1), date(2027, 6, 14))
    use = UseRequest(use_type="container", period=period, area=area, takes=frozenset({"carriageway"}))
    occupation_id = save_occupation(session, occupation_of(use, filed_at=now))
    recompute_findings(session, occupation_id, as_of=now)
    return occupation_id


def test_an_import_that_changes_nothing_computes_nothing(engine: Engine, tmp_path: Path) -> None:
    with operator_session(engine) as session:
        mine = request_at(session, 49.6805, 8.62)
    bring_in(engine, tmp_path, SCHOOL.format(lat="49.6800"))
    with operator_session(engine) as session:
        session.execute(text("UPDATE finding SET updated_at = '2000-01-01' WHERE number = 'K17'"))
    assert not bring_in(engine, tmp_path, SCHOOL.format(lat="49.6800"))
    stamp = text("SELECT updated_at::date FROM finding WHERE number = 'K17' AND mine_occupation = :id")
    with operator_session(engine) as session:
        assert session.execute(stamp, {"id": mine}).scalar_one() == date(2000, 1, 1)
