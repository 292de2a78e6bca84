"""`geo-service towns` as an operator types it: a line for each town; a faulty folder ends with 1."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict

from geo_service.commands.towns import add_town
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from tests.towns.folders import TOML, write_folder


@pytest.fixture
def login(cluster: LocalCluster, town_database: Database) -> str:
    """A login that may take on both roles, as GEO_SERVICE_DATABASE_URL needs it."""
    return cluster.conninfo(str(conninfo_to_dict(town_database.owner)["dbname"]), "postgres")


def geo_service(login: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, on the test's database."""
    return subprocess.run(
        [sys.executable, "-c", "from geo_service.cli import main; main()", *arguments],
        capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "GEO_SERVICE_DATABASE_URL": login},
    )  # fmt: skip


def test_towns_are_added_and_listed(login: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "t", toml=TOML.replace('"Neustadt"', '"Neustadt [bold]"'))
    added = geo_service(login, "towns", "add", str(folder), str(folder))
    assert (added.returncode, added.stderr) == (0, "")
    assert "Neustadt [bold] (06999001): new" in added.stdout
    assert added.stdout.endswith("1 new, 0 changed, 1 unchanged\n")
    listed = geo_service(login, "towns", "list")
    assert listed.returncode == 0
    rows = {line.split()[1]: line for line in listed.stdout.splitlines() if line.strip()[:1] == "0"}
    assert len(rows) == 24
    assert rows["heppenheim"].split()[-2:] == ["yes", "official"]
    assert rows["bensheim"].split()[-2:] == ["yes", "example"]
    assert rows["lorsch"].split()[-2:] == ["no", "–"]
    assert "Neustadt [bold]" in rows["neustadt"]


def test_a_faulty_folder_is_one_readable_answer(login: str, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "t", toml=TOML.replace("demo = true\n", ""))
    refused = geo_service(login, "towns", "add", str(folder))
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == f"geo-service: {folder}/town.toml:1: demo: is missing\n"


@pytest.mark.parametrize("at_once", [4])
def test_two_operators_at_the_same_time_add_the_town_once(
    town_database: Database, tmp_path: Path, at_once: int
) -> None:
    folder = write_folder(tmp_path / "t")
    with ThreadPoolExecutor(at_once) as operators:
        outcomes = list(operators.map(lambda _: add_town(town_database, folder).outcome, range(at_once)))
    assert sorted(outcomes) == ["new", *["unchanged"] * (at_once - 1)]
