"""Stored findings follow an import of facilities: what comes, moves or goes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.commands.import_facilities import store_with_findings
from geo_service.conflicts.stored_findings import list_findings, recompute_findings
from geo_service.db.database import speak_as
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.interval import Interval
from geo_service.occupations.incoming_geometry import read_geometry
from geo_service.occupations.use_request import UseRequest, occupation_of
from geo_service.occupations.write_occupation import save_occupation

SCHOOL = '<node id="1" version="1" lat="{lat}" lon="8.6200"><tag k="amenity" v="school"/></node>'
HYDRANT = '<node id="2" version="1" lat="49.7000" lon="8.6400"><tag k="emergency" v="fire_hydrant"/></node>'
STOP = '<node id="3" version="1" lat="49.6600" lon="8.6000"><tag k="highway" v="bus_stop"/></node>'


def bring_in(session: Session, folder: Path, *nodes: str) -> None:
    path = folder / "scene.osm"
    path.write_text(f'<?xml version="1.0"?><osm version="0.6">{"".join(nodes)}</osm>', encoding="utf-8")
    store_with_findings(session, read_osm_facilities(path))


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


def test_a_school_that_comes_moves_and_goes(town_session: Session, tmp_path: Path) -> None:
    speak_as(town_session, actor="operator")
    mine = request_at(town_session, 49.6805, 8.62)
    far = request_at(town_session, 49.66, 8.60)

    def found(occupation_id: int) -> set[str]:
        return {f.number for f in list_findings(town_session, occupation_id)} & {"K16", "K17"}

    bring_in(town_session, tmp_path, SCHOOL.format(lat="49.6800"), HYDRANT)
    assert (found(mine), found(far)) == ({"K17"}, set())
    bring_in(town_session, tmp_path, SCHOOL.format(lat="49.6600"), HYDRANT, STOP)  # 2 km to the south
    assert (found(mine), found(far)) == (set(), {"K16"})
    bring_in(town_session, tmp_path, SCHOOL.format(lat="49.6800"), HYDRANT, STOP)
    assert (found(mine), found(far)) == ({"K17"}, {"K16"})


def test_an_import_that_changes_nothing_computes_nothing(town_session: Session, tmp_path: Path) -> None:
    speak_as(town_session, actor="operator")
    mine = request_at(town_session, 49.6805, 8.62)
    bring_in(town_session, tmp_path, SCHOOL.format(lat="49.6800"))
    town_session.execute(text("UPDATE finding SET updated_at = '2000-01-01' WHERE number = 'K17'"))
    bring_in(town_session, tmp_path, SCHOOL.format(lat="49.6800"))
    stamp = text("SELECT updated_at::date FROM finding WHERE number = 'K17' AND mine_occupation = :id")
    assert town_session.execute(stamp, {"id": mine}).scalar_one() == date(2000, 1, 1)
