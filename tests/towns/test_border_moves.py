"""A town is added around what is stored already, and its border moves: what follows it and what stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from geo_service.commands.import_facilities import store_with_findings
from geo_service.commands.towns import AddedTown, add_town
from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import Database, operator_session, owner_session
from geo_service.facilities.osm_facilities import read_osm_facilities
from geo_service.worker.run import work_until_empty
from tests.permits.conftest import Desk
from tests.towns.folders import boundary, write_folder

NEUSTADT = "06999001"
WEST = [[9.0, 50.0], [9.03, 50.0], [9.03, 50.1], [9.0, 50.1], [9.0, 50.0]]  # without what lies at 9.05
SCHOOL = '<node id="1" version="1" lat="50.05" lon="9.052"><tag k="amenity" v="school"/></node>'
EAST_OF_SITE = (0.0, 40.0)  # metres from the middle of the town


def deliver(database: Database, folder: Path) -> None:
    """A site and a school at 9.05 east, where there is no town yet."""
    at = [[9.05, 50.05], [9.0502, 50.05], [9.0502, 50.0501], [9.05, 50.0501], [9.05, 50.05]]
    site = {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [at]},
        "properties": {"id": "S1", "title": "Kanal", "from": "2026-01-01", "until": "2090-01-01"},
    }  # fmt: skip
    feed, osm = folder / "feed.geojson", folder / "school.osm"
    feed.write_text(json.dumps({"type": "FeatureCollection", "features": [site]}), encoding="utf-8")
    osm.write_text(f'<?xml version="1.0"?><osm version="0.6">{SCHOOL}</osm>', encoding="utf-8")
    engine = database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        profile = read_profile(find_profile("geojson"))
        assert store_feed(session, read_feed(feed, profile), as_of=datetime.now(UTC)).added == 1
        store_with_findings(session, read_osm_facilities(osm))
    engine.dispose()


def owners(database: Database) -> dict[str, Any]:
    """Whose everything is that was delivered."""
    query = (
        "SELECT (SELECT town FROM construction_site) AS site, (SELECT town FROM site_feed_record) AS record,"
        " (SELECT town FROM facility) AS school,"
        " (SELECT town FROM occupation WHERE collection = 'construction_sites') AS claim"
    )
    with owner_session(database) as owner:
        return dict(owner.execute(text(query)).one()._mapping)


def all_of(town: str | None) -> dict[str, Any]:
    return dict.fromkeys(("site", "record", "school", "claim"), town)


def add(database: Database, folder: Path, ring: Any = None) -> AddedTown:
    drawn = None if ring is None else boundary([ring])
    return add_town(database, write_folder(folder, geojson=drawn))


def test_what_was_delivered_before_the_town_becomes_its_own(town_database: Database, tmp_path: Path) -> None:
    deliver(town_database, tmp_path)
    assert owners(town_database) == all_of(None)
    added = add(town_database, tmp_path / "t")
    assert (len(added.followed.moved), added.followed.places) == (1, 1)
    assert owners(town_database) == all_of(NEUSTADT)
    again = add(town_database, tmp_path / "t")
    assert (again.followed.moved, again.followed.places) == ((), 0)
    add(town_database, tmp_path / "t", WEST)
    assert owners(town_database) == all_of(None)


def test_a_case_stays_with_the_authority_that_opened_it(
    open_desk: Callable[..., Desk], town_database: Database, tmp_path: Path
) -> None:
    add(town_database, tmp_path / "t")
    desk = open_desk()
    receipt = desk.file(*EAST_OF_SITE, town=NEUSTADT)
    moved = add(town_database, tmp_path / "t", WEST)
    assert [(one.collection, one.name, one.lies_in) for one in moved.followed.outside] == [
        ("permits", receipt["reference"], None)
    ]
    work_until_empty(town_database)
    case = desk.client.get(f"/api/v1/permits/{receipt['reference']}", headers=desk.key(town=NEUSTADT))
    assert case.status_code == 200
    engine = town_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        claim = session.execute(text("SELECT town FROM occupation WHERE collection = 'permits'")).scalar_one()
        query = text("SELECT severity FROM finding WHERE number = 'K24' AND mine_town = :town")
        found = session.execute(query, {"town": NEUSTADT}).scalars().all()
    engine.dispose()
    assert (claim, found) == (NEUSTADT, ["block"])  # its desk reads that the place is no longer in town
