"""The command as a person calls it, on a real database: a report, or one readable line."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.cli import main
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from tests.roads.osm_scene import osm_file, school, street, town_scene


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Command:
    """`geo-service import roads …` against one database, without the cost of a process."""

    def __init__(self, address: str, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self.address, self.patch, self.captured = address, patch, captured
        patch.setenv("GEO_SERVICE_DATABASE_URL", address)

    def run(self, *arguments: str) -> Result:
        self.patch.setattr(sys, "argv", ["geo-service", "import", "roads", *arguments])
        self.captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output = self.captured.readouterr()
        return Result(int(ended.value.code or 0), output.out, output.err)

    def count(self) -> int:
        with psycopg.connect(self.address) as connection:
            row = connection.execute("SELECT count(*) FROM road_segment").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def command(
    cluster: LocalCluster,
    empty_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    # A login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it.
    dbname = conninfo_to_dict(empty_database.owner)["dbname"]
    return Command(cluster.conninfo(str(dbname), "postgres"), monkeypatch, capsys)


@pytest.fixture
def scene(tmp_path: Path) -> Path:
    return osm_file(tmp_path, {10: street(1, 2, 3, name="Hauptstraße"), 11: street(4, 2, 5)})


@pytest.fixture
def web_address(tmp_path: Path) -> Iterator[str]:
    """A web server on this machine that offers the test's folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_the_report_as_a_table_and_as_json(command: Command, scene: Path) -> None:
    first = command.run(str(scene))
    assert (first.returncode, first.stderr) == (0, "")
    assert "2 highway lines" in first.stdout
    again = command.run(str(scene), "--json")
    report = json.loads(again.stdout)
    assert (report["added"], report["unchanged"], report["segments"], report["towns_added"]) == (0, 4, 4, [])
    assert command.count() == 4


def with_facilities(folder: Path) -> Path:
    """The scene of `town_scene` with a school in its town and one 3 km beyond, and a bus route."""
    extra = (
        school(90, (100, 50)) + school(91, (3500, 0)) + '\n<relation id="30" version="1">'
        '<member type="way" ref="10" role=""/><tag k="type" v="route"/><tag k="route" v="bus"/></relation>'
    )
    path = folder / "all.osm"
    path.write_text(town_scene().replace("</osm>", f"{extra}</osm>"), encoding="utf-8")
    return path


def test_schools_stops_and_bus_routes_come_in_the_same_run(command: Command, tmp_path: Path) -> None:
    path = with_facilities(tmp_path)
    roads_only = json.loads(command.run(str(path), "--without", "facilities", "--json").stdout)
    assert (roads_only["segments"], roads_only["facilities"]) == (2, None)
    first = command.run(str(path))
    assert "Facilities in all.osm" in first.stdout and "bus routes: 1 stored, on 1 segments" in first.stdout
    again = json.loads(command.run(str(path), "--json").stdout)
    kinds = {kind["kind"]: (kind["delivered"], kind["unchanged"]) for kind in again["facilities"]["kinds"]}
    assert (again["unchanged"], kinds) == (2, {"school": (2, 2), "bus_route": (1, 1)})


def test_of_one_town_come_the_facilities_around_it(command: Command, tmp_path: Path) -> None:
    path = with_facilities(tmp_path)
    report = json.loads(command.run(str(path), "--town", "neustadt", "--json").stdout)
    assert {kind["kind"]: kind["added"] for kind in report["facilities"]["kinds"]} == {
        "school": 1,
        "bus_route": 1,
    }
    with psycopg.connect(command.address) as connection:
        assert connection.execute("SELECT source_id, town FROM facility").fetchall() == [
            ("node/90", "06999009")
        ]


def test_roads_that_are_refused_bring_no_facilities(command: Command, tmp_path: Path) -> None:
    path = with_facilities(tmp_path)
    refused = command.run(str(path), "--town", "neustadt", "--without", "towns")
    assert refused.returncode == 1
    with psycopg.connect(command.address) as connection:
        assert connection.execute("SELECT count(*) FROM facility").fetchone() == (0,)


def test_a_web_address_works_and_a_wrong_one_is_explained(
    command: Command, scene: Path, web_address: str
) -> None:
    assert command.run(f"{web_address}/{scene.name}").returncode == 0
    assert command.count() == 4
    wrong = command.run(f"{web_address}/other.osm?key=secret")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.strip() == f"geo-service: {web_address}/other.osm answered 404 File not found."
    silent = command.run("http://127.0.0.1:9/roads.osm")
    assert silent.returncode == 1
    assert silent.stderr.startswith("geo-service: http://127.0.0.1:9/roads.osm could not be downloaded")
    assert command.count() == 4


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.osm.pbf", None, "There is no file"),
        ("empty.osm.pbf", b"", "is empty"),
        ("words.osm.pbf", b"not roads " * 100, "cannot be read as OpenStreetMap data"),
        ("roads.txt", b"not roads", "road files end in"),
    ],
)
def test_a_bad_file_is_one_line_and_exit_1(
    command: Command, tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = command.run(str(tmp_path / name))
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.strip().splitlines()) == 1
    assert said in result.stderr
    assert command.count() == 0


def test_an_unsorted_file_comes_in_whole(command: Command, tmp_path: Path) -> None:
    path = osm_file(tmp_path, {11: street(4, 2, 5), 10: street(1, 2, 3)}, nodes_last=True)
    result = command.run(str(path))
    assert (result.returncode, result.stderr) == (0, "")
    assert command.count() == 4
    lines = with_facilities(tmp_path).read_text(encoding="utf-8").splitlines()
    backwards = tmp_path / "backwards.osm"  # relations, ways, nodes: the town's boundary and the schools too
    backwards.write_text("\n".join([*lines[:2], *reversed(lines[2:-1]), lines[-1]]), encoding="utf-8")
    report = json.loads(command.run(str(backwards), "--json").stdout)
    assert report["towns_added"] == ["Neustadt"]
    assert {kind["kind"]: kind["added"] for kind in report["facilities"]["kinds"]} == {
        "school": 2,
        "bus_route": 1,
    }


def test_an_unknown_town_is_one_line(command: Command, scene: Path) -> None:
    result = command.run(str(scene), "--town", "atlantis")
    assert (result.returncode, result.stderr.strip()) == (1, "geo-service: There is no town 'atlantis'.")
    assert command.count() == 0


def test_without_a_file_the_usage_is_wrong(command: Command) -> None:
    assert command.run().returncode == 2


@pytest.mark.shared_data
def test_limburg_appears_as_a_town_with_its_streets(command: Command, shared_data: Path) -> None:
    file = str(shared_data / "osm-limburg" / "limburg_an_der_lahn.osm.pbf")
    report = json.loads(command.run(file, "--json").stdout)
    assert (report["added"], report["towns_added"]) == (8648, ["Limburg an der Lahn"])
    assert {total["town_name"] for total in report["totals"]} == {"Limburg an der Lahn", None}


def test_one_town_can_be_asked_for_by_its_name_before_it_is_known(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "town.osm"
    file.write_text(town_scene(), encoding="utf-8")
    refused = command.run(str(file), "--town", "neustadt", "--without", "towns")
    assert (refused.returncode, command.count()) == (1, 0)
    report = json.loads(command.run(str(file), "--town", "neustadt", "--json").stdout)
    assert (report["added"], report["elsewhere"], report["towns_added"]) == (1, 1, ["Neustadt"])
    everything = json.loads(command.run(str(file), "--json").stdout)
    assert (everything["added"], everything["unchanged"], everything["towns_added"]) == (1, 1, [])


def test_a_town_whose_name_is_taken_is_not_added_and_its_roads_come_in_all_the_same(
    command: Command, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.osm", tmp_path / "second.osm"
    first.write_text(town_scene(), encoding="utf-8")
    second.write_text(town_scene().replace("06 999 009", "06999011"), encoding="utf-8")
    command.run(str(first))
    result = command.run(str(second), "--json")
    assert result.returncode == 0
    assert "Neustadt was not added as a town" in result.stderr
    assert "neustadt is already taken by Neustadt (06999009)" in result.stderr
    assert json.loads(result.stdout)["unchanged"] == 2
