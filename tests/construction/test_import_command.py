"""`geo-service import sites` as a person calls it, on a real database: a report, or one readable line."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.cli import main
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from tests.construction.conftest import PLAIN, site, square


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


class Command:
    def __init__(self, address: str, folder: Path, patch: Any, captured: Any) -> None:
        self.address, self.folder, self.patch, self.captured = address, folder, patch, captured
        patch.setenv("GEO_SERVICE_DATABASE_URL", address)

    def run(self, *arguments: str) -> Result:
        self.patch.setattr(sys, "argv", ["geo-service", "import", "sites", *arguments])
        self.captured.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output = self.captured.readouterr()
        return Result(int(ended.value.code or 0), output.out, output.err)

    def feed(self, *features: dict[str, Any]) -> str:
        path = self.folder / "feed.geojson"
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
        return str(path)

    def sql(self, query: str) -> Any:
        with psycopg.connect(self.address) as connection:
            cursor = connection.execute(query)
            return cursor.fetchone() if cursor.description else None


@pytest.fixture
def command(
    cluster: LocalCluster,
    town_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    # A login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it.
    dbname = conninfo_to_dict(town_database.owner)["dbname"]
    (tmp_path / "profile.yaml").write_text(PLAIN, encoding="utf-8")
    return Command(cluster.conninfo(str(dbname), "postgres"), tmp_path, monkeypatch, capsys)


def test_karlsruhe_from_one_snapshot_to_the_next(command: Command, shared_data: Path) -> None:
    folder = shared_data / "karlsruhe-baustellen" / "series"
    first = command.run(str(folder / "baustellen_2026-08-05.geojson"), "--profile", "karlsruhe")
    assert first.returncode == 0, first.stderr
    assert "Stadt Karlsruhe, Datensatz Baustellen, CC BY 4.0" in first.stdout
    assert "2024V3208" in first.stdout, "what was left out is told with its id"
    again = command.run(str(folder / "baustellen_2026-08-07.geojson"), "--profile", "karlsruhe", "--json")
    report = json.loads(again.stdout)
    assert {name: report[name] for name in ("delivered", "added", "changed", "gone", "unchanged")} == {
        "delivered": 173,
        "added": 4,
        "changed": 5,
        "gone": 7,
        "unchanged": 164,
    }
    found = command.sql(
        "SELECT count(*) FILTER (WHERE counts), count(*) FILTER (WHERE NOT counts), count(town) FROM occupation"
    )
    assert found == (173, 7, 0), "outside every town of this service"


def test_one_town_only(command: Command) -> None:
    feed = command.feed(
        site("bensheim", square(8.622, 49.681)),
        site("lorsch", square(8.567, 49.653)),
        site("lorsch 2", square(8.568, 49.654)),
    )
    profile = str(command.folder / "profile.yaml")
    only = json.loads(command.run(feed, "--profile", profile, "--town", "bensheim", "--json").stdout)
    assert (only["added"], only["elsewhere"]) == (1, 2)
    assert command.sql("SELECT town, source_id FROM construction_site") == ("06431002", "bensheim")
    rest = json.loads(command.run(feed, "--profile", profile, "--json").stdout)
    assert (rest["added"], rest["unchanged"]) == (2, 1)
    fewer = command.feed(site("bensheim", square(8.622, 49.681)))
    only = json.loads(command.run(fewer, "--profile", profile, "--town", "06431002", "--json").stdout)
    assert (only["gone"], only["unchanged"]) == (0, 1), "the others are not asked for"


def test_a_run_that_fails_changes_nothing(command: Command) -> None:
    profile = str(command.folder / "profile.yaml")
    command.sql(
        "ALTER TABLE construction_site ADD CONSTRAINT site_refused CHECK (title <> 'Baustelle b') NOT VALID"
    )
    failed = command.run(command.feed(site("a"), site("b", square(8.5, 49.0))), "--profile", profile)
    assert failed.returncode == 1
    assert failed.stderr.startswith("geo-service: the database answered: ")
    assert len(failed.stderr.strip().splitlines()) == 1
    left = "SELECT (SELECT count(*) FROM occupation), (SELECT count(*) FROM site_feed), (SELECT count(*) FROM finding)"
    assert command.sql(left) == (0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["missing.geojson", "--profile", "karlsruhe"], "missing.geojson: the file is missing"),
        (["x", "--profile", "atlantis"], "There is no profile 'atlantis'; known are berlin"),
        (["x", "--profile", "nowhere.yaml"], "nowhere.yaml: the file is missing"),
    ],
)
def test_refusals_are_one_line(command: Command, arguments: list[str], words: str) -> None:
    answer = command.run(*arguments)
    assert answer.returncode == 1
    assert answer.stderr.startswith("geo-service: ")
    assert words in answer.stderr


def test_text_of_a_feed_is_not_markup(command: Command) -> None:
    feed = command.feed(site("[red]a[/red]", von="[b]x"), site("b", titel="[link=file:///etc]b[/]"))
    answer = command.run(feed, "--profile", str(command.folder / "profile.yaml"))
    assert "[red]a[/red]" in answer.stdout
    assert "'[b]x' is not a date" in answer.stdout
