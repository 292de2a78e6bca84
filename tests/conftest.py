"""Real PostGIS for every test: one cluster a session, a migrated template, clones, the application's role."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from geo_service.commands.demo import fill
from geo_service.commands.towns import add_town
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate
from geo_service.logs import configure_logs
from geo_service.roads.import_roads import RoadFile, import_roads, read_roads
from geo_service.roads.osm_boundaries import read_municipalities
from geo_service.roads.osm_town import write_town_folder
from geo_service.towns.folder import read_town_folder
from geo_service.towns.load_town import load_town
from tests.quick_folder import quick_folder

configure_logs()  # as the server does: structlog's own default formats every local of a traceback, 5 to 10 s each

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser's driver leaves an event loop running in this thread; what begins one of its own comes before."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The open data beside the project; tests that need it skip with a clear message where it is absent."""
    folder = Path(os.environ.get("GEO_SERVICE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"open data not found at {folder}; set GEO_SERVICE_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def cluster() -> Iterator[LocalCluster]:
    """A throw-away cluster."""
    home = quick_folder("gs-")
    local = LocalCluster(home / "c")
    local.initialise()
    with (local.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")  # thrown away anyway
    local.start()
    yield local
    local.stop()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def template(cluster: LocalCluster) -> str:
    """Name of a migrated database without rows, to be cloned in under 0.1 s."""
    cluster.create_database("template_empty")
    migrate(cluster.database("template_empty"))
    return "template_empty"


def clone(cluster: LocalCluster, template: str) -> Iterator[Database]:
    name = f"t_{uuid.uuid4().hex[:12]}"
    cluster.create_database(name, template=template)
    yield cluster.database(name)
    cluster.drop_database(name)


@pytest.fixture(scope="session")
def limburg_file(shared_data: Path) -> Path:
    return shared_data / "osm-limburg" / "limburg_an_der_lahn.osm.pbf"


@pytest.fixture(scope="session")
def limburg(limburg_file: Path) -> RoadFile:
    return read_roads(limburg_file)


@pytest.fixture(scope="session")
def limburg_database(
    cluster: LocalCluster, template: str, limburg_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Limburg as a town with its roads, imported once as the application's role."""
    for database in clone(cluster, template):
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


@pytest.fixture
def empty_database(cluster: LocalCluster, template: str) -> Iterator[Database]:
    """A clone of its own for one test, no towns in it."""
    yield from clone(cluster, template)


@pytest.fixture
def empty_session(empty_database: Database) -> Iterator[Session]:
    """A session of the application's role on a clone without rows; rolled back."""
    engine: Engine = empty_database.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="public")
        yield session
        session.rollback()
    engine.dispose()


@pytest.fixture(scope="session")
def town_template(cluster: LocalCluster, template: str) -> str:
    """Name of a database with every town of data/towns, tariffs and rule values included; to be cloned."""
    cluster.create_database("template_towns", template=template)
    database = cluster.database("template_towns")
    for folder in sorted((ROOT / "data" / "towns").iterdir()):
        add_town(database, folder)
    return "template_towns"


@pytest.fixture
def town_database(cluster: LocalCluster, town_template: str) -> Iterator[Database]:
    """A clone of its own for one test, with the 23 towns of Kreis Bergstraße in it."""
    yield from clone(cluster, town_template)


@pytest.fixture
def town_session(town_database: Database) -> Iterator[Session]:
    """A session of the application's role on a clone with the towns; speaks as the public, rolled back."""
    engine: Engine = town_database.app_engine()
    with Session(engine) as session:
        speak_as(session, actor="public")
        yield session
        session.rollback()
    engine.dispose()


@pytest.fixture(scope="session")
def demo_template(cluster: LocalCluster, town_template: str) -> str:
    """Name of a database as `geo-service demo` leaves it; to be cloned."""
    cluster.create_database("template_demo", template=town_template)
    fill(cluster.database("template_demo"), lambda _: None)
    return "template_demo"


@pytest.fixture
def demo_database(cluster: LocalCluster, demo_template: str) -> Iterator[Database]:
    """A clone of its own for one test, with the demo's streets, sites and cases in it."""
    yield from clone(cluster, demo_template)
