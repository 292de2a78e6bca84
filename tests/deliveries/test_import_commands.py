"""`geo-service import …` as a person runs it, and what every desk may read about it afterwards."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict
from starlette.testclient import TestClient
from typer.testing import CliRunner

from geo_service.app import build_app
from geo_service.cli import build_cli
from geo_service.db.database import Database, operator_session, owner_session
from geo_service.db.local_cluster import LocalCluster
from geo_service.deliveries.import_permits import read_permits, store_permits
from geo_service.deliveries.profiles import PermitProfile, find_delivery_profile, read_delivery_profile
from geo_service.identity.api_keys import create_api_key
from geo_service.settings import Settings

HEAD = ["aktenzeichen", "rechtswert", "hochwert", "von", "bis", "status", "nutzung", "name"]
SECRET = "Frau Geheim"


def table(folder: Path, *rows: list[object]) -> Path:
    path = folder / "cases.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=";").writerows([HEAD, *rows])
    return path


def case(number: str, x: float = 475_300, **said: str) -> list[object]:
    values = {"von": "01.07.2030", "bis": "14.07.2030", "status": "erlaubt", "nutzung": "Gerüst", **said}
    return [number, x, 5_503_400, *values.values(), SECRET]


@pytest.fixture
def command(cluster: LocalCluster, town_database: Database, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    # A login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it.
    dbname = str(conninfo_to_dict(town_database.owner)["dbname"])
    monkeypatch.setenv("GEO_SERVICE_DATABASE_URL", cluster.conninfo(dbname, "postgres"))
    return CliRunner()


def test_the_report_is_a_table_or_json_and_names_no_applicant(command: CliRunner, tmp_path: Path) -> None:
    path = str(table(tmp_path, case("[b]1"), case("2", status="???")))
    first = command.invoke(build_cli(), ["import", "permits", path, "--profile", "permits-table"])
    assert first.exit_code == 0, first.output
    assert "written as granted (1)" in first.output
    assert "the state ??? is not in the profile's codes" in first.output
    assert SECRET not in first.output
    again = command.invoke(build_cli(), ["import", "permits", path, "--profile", "permits-table", "--json"])
    report = json.loads(again.stdout)
    assert (report["unchanged"], report["written"], len(report["refused"])) == (2, {}, 1)


def test_a_file_without_one_usable_record_is_a_failure_each_time(command: CliRunner, tmp_path: Path) -> None:
    path = str(table(tmp_path, case("1", x=475.3), case("2", status="???")))
    for _ in range(2):
        answer = command.invoke(build_cli(), ["import", "permits", path, "--profile", "permits-table"])
        assert answer.exit_code == 1
        assert "none of the records of cases.csv could be used" in answer.output


def test_events_and_facilities_by_command(command: CliRunner, tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": [[6.55, 53.21], [6.56, 53.21]]},
        "properties": {"record_id": "D", "type": "ReroutingManagement",
                       "overallStartTime": "2030-08-17T07:00:00Z", "overallEndTime": "2030-08-18T07:00:00Z"},
    }  # fmt: skip
    feed = tmp_path / "feed.geojson"
    feed.write_text(json.dumps({"features": [feature]}), encoding="utf-8")
    events = command.invoke(build_cli(), ["import", "events", str(feed), "--profile", "ndw"])
    assert "written as detour confirmed (1)" in events.output
    osm = tmp_path / "stops.osm"
    stop = '<node id="1" version="1" lat="49.68" lon="8.62"><tag k="highway" v="bus_stop"/></node>'
    osm.write_text(f'<?xml version="1.0"?><osm version="0.6">{stop}</osm>', encoding="utf-8")
    facilities = command.invoke(build_cli(), ["import", "facilities", str(osm), "--json"])
    assert json.loads(facilities.stdout)["kinds"][0]["added"] == 1


def test_a_desk_reads_of_an_import_nothing_about_another_towns_case(
    town_database: Database, tmp_path: Path
) -> None:
    profile = read_delivery_profile(find_delivery_profile("permits", "permits-table"), PermitProfile)
    path = table(tmp_path, case("BEN-1"), case("BEN-2"), case("lost", status="???"))
    engine = town_database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        report = store_permits(session, read_permits(path, profile), as_of=datetime(2026, 7, 1, tzinfo=UTC))
    engine.dispose()
    assert [remark.source_id for remark in report.held] == ["BEN-2"]
    with owner_session(town_database) as owner:
        key = create_api_key(owner, role="clerk", town="06431020", name="Desk of Viernheim")
    with TestClient(build_app(Settings(), town_database), base_url="http://127.0.0.1") as client:
        answer = client.get("/towns/viernheim/desk/imports", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200
    assert "the state ??? is not" in answer.text
    assert "BEN-2" not in answer.text and SECRET not in answer.text
