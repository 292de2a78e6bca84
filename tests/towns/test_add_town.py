"""A town is added from its folder while others work; again is an update; a fault stores nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from shapely.geometry import Point
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.commands.towns import add_town
from geo_service.crs import to_town
from geo_service.db.database import Database, speak_as
from geo_service.errors import BadTownFolder
from geo_service.fees.in_force import tariff_in_force
from geo_service.towns.town import find_town, get_town, towns_at
from tests.towns.folders import RULES, TARIFF, TOML, boundary, write_folder

NEUSTADT = "06999001"


def version(session: Session) -> int:
    return int(session.execute(text("SELECT last_value FROM configuration_version")).scalar_one())


def test_a_new_town_is_usable_at_once_by_a_process_that_runs(town_database: Database, tmp_path: Path) -> None:
    engine = town_database.app_engine()
    with Session(engine) as running:
        assert find_town(running, "neustadt") is None
        before = version(running)
        running.rollback()
        added = add_town(town_database, write_folder(tmp_path / "t"))
        assert (added.outcome, added.tariffs, added.own_values, added.warnings) == ("new", 1, 1, ())
        assert get_town(running, "neustadt").settings.lead_time_days == {"geruest": 10}
        assert [share.town.ags for share in towns_at(running, to_town(Point(9.05, 50.05)))] == [NEUSTADT]
        tariff = tariff_in_force(running, NEUSTADT, date(2026, 6, 1))
        assert tariff is not None
        assert tariff.items[0].prices[0].eur == Decimal("1.5")
        assert version(running) > before
    engine.dispose()


def test_the_same_folder_again_changes_nothing_and_an_edited_one_is_an_update(
    town_database: Database, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "t")
    add_town(town_database, folder)
    assert add_town(town_database, folder).outcome == "unchanged"
    assert (
        add_town(town_database, write_folder(folder, tariff=TARIFF.replace("1.50", "1.60"))).outcome
        == "changed"
    )
    assert add_town(town_database, write_folder(folder, tariff=None, rules=None)).outcome == "changed"
    engine = town_database.app_engine()
    with Session(engine) as session:
        assert tariff_in_force(session, NEUSTADT, date(2026, 6, 1)) is None
        assert (
            session.execute(
                text("SELECT count(*) FROM town_parameter WHERE town = :ags"), {"ags": NEUSTADT}
            ).scalar_one()
            == 0
        )
    engine.dispose()


def test_a_moved_border_moves_the_town(town_database: Database, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "t")
    add_town(town_database, folder)
    east = [[9.1, 50.0], [9.2, 50.0], [9.2, 50.1], [9.1, 50.1], [9.1, 50.0]]
    assert add_town(town_database, write_folder(folder, geojson=boundary([east]))).outcome == "changed"
    engine = town_database.app_engine()
    with Session(engine) as session:
        assert towns_at(session, to_town(Point(9.05, 50.05))) == []
        assert [share.town.ags for share in towns_at(session, to_town(Point(9.15, 50.05)))] == [NEUSTADT]
    engine.dispose()


def test_a_tariff_is_in_force_from_its_first_to_its_last_day(town_database: Database, tmp_path: Path) -> None:
    ended = TARIFF.replace("    official", "    valid_until: 2025-06-30\n    official", 1)
    newer = TARIFF.replace("tariffs:\n", "").replace("2025-01-01", "2026-01-01")
    add_town(town_database, write_folder(tmp_path / "t", tariff=ended + newer))
    engine = town_database.app_engine()
    with Session(engine) as session:
        days = [date(2024, 12, 31), date(2025, 1, 1), date(2025, 6, 30), date(2025, 7, 1), date(2026, 1, 1)]
        found = [tariff_in_force(session, NEUSTADT, day) for day in days]
        assert [tariff and tariff.valid_from.year for tariff in found] == [None, 2025, 2025, None, 2026]
    engine.dispose()


@pytest.mark.parametrize(
    ("key", "mine", "taken", "holder"),
    [
        ("ags", '"06999001"', '"06431002"', "belongs to Bensheim with the slug bensheim"),
        ("slug", '"neustadt"', '"bensheim"', "already taken by Bensheim (06431002)"),
        ("reference_prefix", '"NEU"', '"BEN"', "already taken by Bensheim (06431002)"),
    ],
)
def test_what_belongs_to_another_town_is_refused(
    town_database: Database, tmp_path: Path, key: str, mine: str, taken: str, holder: str
) -> None:
    folder = write_folder(tmp_path / "t", toml=TOML.replace(mine, taken))
    line = {"ags": 1, "slug": 2, "reference_prefix": 5}[key]
    with pytest.raises(BadTownFolder) as refused:
        add_town(town_database, folder)
    assert refused.value.detail.startswith(f"{folder}/town.toml:{line}: {key}: ")
    assert holder in refused.value.detail


def test_a_fault_in_the_last_file_stores_nothing_of_the_others(
    town_database: Database, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "t", rules=RULES.replace("overlap_noise_m2", "overlap_niose_m2"))
    with pytest.raises(BadTownFolder, match=r"rules\.yaml:1: .*overlap_niose_m2"):
        add_town(town_database, folder)
    engine = town_database.app_engine()
    with Session(engine) as session:
        assert find_town(session, NEUSTADT) is None
    engine.dispose()


def test_a_boundary_drawn_over_another_town_is_taken_with_a_warning(
    town_database: Database, tmp_path: Path
) -> None:
    square = [[8.6, 49.66], [8.66, 49.66], [8.66, 49.7], [8.6, 49.7], [8.6, 49.66]]
    added = add_town(town_database, write_folder(tmp_path / "t", geojson=boundary([square])))
    assert any("Bensheim (06431002)" in warning for warning in added.warnings)


def test_a_use_added_to_the_unpublished_ones_disappears_from_the_public(
    town_database: Database, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path / "t")
    add_town(town_database, folder)
    engine = town_database.app_engine()
    with Session(engine) as session, session.begin():
        speak_as(session, actor="clerk", town=NEUSTADT)
        session.execute(
            text(
                "INSERT INTO permit (permit_id, town, reference, case_group, use_type, area, area_m2, period,"
                " status, filed_at, findings_at_grant, decided_at)"
                " SELECT id, '06999001', 'NEU-2026-000001', id, 'geruest',"
                " ST_Transform(ST_MakeEnvelope(9.05, 50.05, 9.0501, 50.0501, 4326), 25832), 79,"
                " '[2026-06-01,2026-06-15)', 'granted', now(), '[]', now() FROM gen_random_uuid() AS id"
            )
        )
    shown = text("SELECT count(*) FROM published_permit WHERE town = '06999001'")
    with Session(engine) as session:
        assert session.execute(shown).scalar_one() == 1
        session.rollback()
        hidden = TOML.replace('["umzug_halteverbot"]', '["umzug_halteverbot", "geruest"]')
        add_town(town_database, write_folder(folder, toml=hidden))
        assert session.execute(shown).scalar_one() == 0
        session.rollback()
        add_town(town_database, write_folder(folder))
        assert session.execute(shown).scalar_one() == 1
    engine.dispose()
