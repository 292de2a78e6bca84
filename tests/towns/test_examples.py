"""The towns to try imports with: their published sites lie in them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from geo_service.commands.towns import add_town
from geo_service.construction.feed import read_feed
from geo_service.construction.feed_profile import find_profile, read_profile
from geo_service.construction.import_sites import store_feed
from geo_service.db.database import Database, operator_session, owner_session
from geo_service.packed import data_folder

EXAMPLES = data_folder() / "examples"


@pytest.mark.parametrize("folder", sorted(EXAMPLES.iterdir()), ids=lambda folder: folder.name)
def test_an_example_is_a_town_that_takes_no_requests_and_is_not_marked_invented(
    town_database: Database, folder: Path
) -> None:
    assert add_town(town_database, folder).outcome == "new"
    with owner_session(town_database) as owner:
        row = owner.execute(
            text("SELECT demo, accepts_requests FROM town WHERE slug = :s"), {"s": folder.name}
        )
        assert row.one() == (False, False)


@pytest.mark.shared_data
def test_the_sites_of_karlsruhe_are_on_its_map(town_database: Database, shared_data: Path) -> None:
    add_town(town_database, EXAMPLES / "karlsruhe")
    feed = read_feed(
        shared_data / "karlsruhe-baustellen" / "flat_2026-08-07.geojson",
        read_profile(find_profile("karlsruhe")),
    )
    engine = town_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        store_feed(session, feed, as_of=datetime(2026, 8, 7, 14, tzinfo=UTC))
        towns = session.execute(
            text("SELECT town, count(*) AS sites FROM construction_site GROUP BY town")
        ).all()
    engine.dispose()
    counted = {row.town: row.sites for row in towns}
    assert counted.get("08212000", 0) >= 170 and sum(counted.values()) == 173, counted
