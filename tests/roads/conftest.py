"""Sessions of the operator, as the application's role, and of the owner, for towns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.roads.import_roads import RoadFile, import_roads, read_roads
from geo_service.roads.osm_boundaries import read_municipalities
from geo_service.roads.osm_town import write_town_folder
from geo_service.towns.folder import read_town_folder
from geo_service.towns.load_town import load_town
from tests.conftest import clone


@pytest.fixture
def operator(empty_session: Session) -> Iterator[Session]:
    """The operator on a database without rows; rolled back."""
    speak_as(empty_session, actor="operator")
    yield empty_session


@pytest.fixture
def owner(empty_database: Database) -> Iterator[Session]:
    """The owner on the same database: adds towns."""
    with owner_session(empty_database) as session:
        yield session


@pytest.fixture(scope="session")
def limburg_file(shared_data: Path) -> Path:
    return shared_data / "osm-limburg" / "limburg_an_der_lahn.osm.pbf"


@pytest.fixture(scope="session")
def limburg(limburg_file: Path) -> RoadFile:
    return read_roads(limburg_file)


@pytest.fixture(scope="session")
def limburg_database(
    cluster: object, template: str, limburg_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Limburg as a town with its roads, imported once as the application's role."""
    for database in clone(cluster, template):  # type: ignore[arg-type]
        folder = tmp_path_factory.mktemp("limburg")
        (municipality,) = read_municipalities(limburg_file)
        write_town_folder(municipality, folder, taken_prefixes=())
        with owner_session(database) as owner:
            load_town(owner, read_town_folder(folder))
        engine = database.app_engine()
        with operator_session(engine) as session:
            report = import_roads(session, limburg_file)
            assert (report.added, report.crossing_lines, report.skipped) == (8648, 166, {})
        engine.dispose()
        yield database
