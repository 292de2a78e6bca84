"""`geo-service screen` as a person calls it, on the demo: table, files, JSON, or one readable line."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.cli import main
from geo_service.db.local_cluster import LocalCluster
from geo_service.interval import TOWN_ZONE


class Result(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Result]


@pytest.fixture(scope="module")
def address(cluster: LocalCluster, demo_template: str) -> str:
    """The demo, for a login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it."""
    cluster.create_database("screen_command", template=demo_template)
    return cluster.conninfo("screen_command", "postgres")


@pytest.fixture
def screen(address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    parts = conninfo_to_dict(address)
    monkeypatch.setenv(
        "GEO_SERVICE_DATABASE_URL",
        f"postgresql://postgres@/{parts['dbname']}?host={parts['host']}&port={parts['port']}",
    )
    monkeypatch.setenv("COLUMNS", "140")

    def run(*arguments: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["geo-service", "screen", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output = capsys.readouterr()
        return Result(int(ended.value.code or 0), output.out, output.err)

    return run


def test_table_json_and_files_tell_the_same(screen: Run, tmp_path: Path) -> None:
    table = screen()
    assert table.returncode == 0
    assert "Hindernis" in table.stdout
    told = json.loads(screen("--json").stdout)
    assert told["findings_total"] == sum(told["severities"].values()) == sum(told["rules"].values()) > 15
    assert f"{told['findings_total']} Befunde" in table.stdout
    weights = ["block", "undetermined", "warn", "info", "chance"]
    order = [weights.index(one["severity"]) for one in told["findings"]]
    assert order == sorted(order)

    geojson, table_file = tmp_path / "found.geojson", tmp_path / "found.CSV"
    written = screen("--out", str(geojson))
    assert written.returncode == 0
    assert f"{told['findings_total']}" in written.stderr
    features = json.loads(geojson.read_text(encoding="utf-8"))["features"]
    assert len(features) == told["findings_total"]
    assert {one["id"] for one in features} >= {one["id"] for one in told["findings"]}  # the 50 worst
    assert len(told["findings"]) == min(50, len(features))
    assert screen("--out", str(table_file), "--lang", "en").returncode == 0
    rows = list(csv.DictReader(table_file.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["id"] for row in rows} == {one["id"] for one in features}
    # Whoever runs the command reads the database itself: nothing is cut away.
    assert all(one["properties"]["mine"]["id"] for one in features)
    assert all(one["properties"]["other"]["id"] for one in features if one["properties"]["other"])
    english = next(row for row in rows if row["number"] == "K01")
    assert "already given to" in english["explanation"]
    assert list(tmp_path.iterdir()) != []
    assert not list(tmp_path.glob(".*.part"))


def test_the_scope_is_chosen(screen: Run) -> None:
    whole = json.loads(screen("--json").stdout)["findings_total"]
    pairs = json.loads(screen("--json", "--rule", "K01", "--rule", "close_neighbour").stdout)
    assert set(pairs["rules"]) == {"K01", "K02"}
    warnings = json.loads(screen("--json", "--severity", "warn", "--severity", "block").stdout)
    assert set(warnings["severities"]) <= {"warn", "block"}
    assert json.loads(screen("--json", "--town", "viernheim").stdout)["findings_total"] < whole
    in_street = json.loads(screen("--json", "--street", "hauptstr.", "--town", "06431002").stdout)
    assert 0 < in_street["findings_total"] < whole
    far = (datetime.now(TOWN_ZONE).date() + timedelta(days=3000)).isoformat()
    assert json.loads(screen("--json", "--from", far).stdout)["findings_total"] == 0
    assert "Keine Befunde" in screen("--from", far).stdout
    assert json.loads(screen("--json", "--until", far).stdout)["findings_total"] == whole


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--out", "found.txt"), 2, ".geojson, .csv"),
        (("--from", "2026-13-01"), 2, "2026-13-01"),
        (("--from", "2026-06-02", "--until", "2026-06-01"), 2, "lies before"),
        (("--severity", "awful"), 2, "awful"),
        (("--rule", "K99"), 2, "K99"),
        (("--town", "nirgendwo"), 1, "nirgendwo"),
        (("--street", "Nirgendweg"), 1, "Nirgendweg"),
        (("--out", "/nowhere/found.csv"), 1, "/nowhere/found.csv cannot be written"),
    ],
)
def test_wrong_usage_and_what_fails(screen: Run, arguments: tuple[str, ...], code: int, words: str) -> None:
    result = screen(*arguments)
    assert result.returncode == code
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_a_failed_run_leaves_the_old_file(
    screen: Run, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "found.csv"
    out.write_text("old", encoding="utf-8")

    def broken(*_: object) -> dict[str, object]:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("geo_service.commands.screen.screened_document", broken)
    assert screen("--out", str(out)).returncode == 1
    assert out.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["found.csv"]


def test_what_a_spreadsheet_would_run_is_only_text(screen: Run, address: str, tmp_path: Path) -> None:
    with psycopg.connect(address) as owner:
        owner.execute(
            "UPDATE occupation SET label = '=HYPERLINK(1)', use_type = NULL WHERE collection = 'permits'"
        )
    out = tmp_path / "found.csv"
    assert screen("--out", str(out)).returncode == 0
    rows = list(csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines()))
    assert {row["mine_label"] for row in rows if row["mine_collection"] == "permits"} == {"'=HYPERLINK(1)"}
