"""The notebooks run from the first to the last cell against a real server, and keep no output in git."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import read

from geo_service.db.local_cluster import LocalCluster
from tests.clients.server import serving
from tests.conftest import ROOT, clone

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def address(cluster: LocalCluster, demo_template: str) -> Iterator[str]:
    for database in clone(cluster, demo_template):
        with serving(database) as running:
            yield running


def printed_by(path: Path, environment: dict[str, str]) -> str:
    """What a notebook prints and shows when it is run from the first to the last cell."""
    notebook = read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env={**os.environ, **environment})
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    drawn = sum("image/png" in output.get("data", {}) for output in outputs)
    shown = "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in outputs)
    return f"{shown}\n{drawn} pictures"


def test_the_quick_start_runs(address: str) -> None:
    printed = printed_by(ROOT / "notebooks" / "01-quickstart.ipynb", {"GEO_SERVICE_PUBLIC_URL": address})
    assert "blocked" in printed
    assert "K01 block" in printed


def test_the_conflicts_of_karlsruhe_are_screened(shared_data: Path) -> None:
    if not (shared_data / "karlsruhe-baustellen").is_dir():
        pytest.skip(f"the sites of Karlsruhe are not in {shared_data}")
    environment = {"GEO_SERVICE_SHARED_DATA": str(shared_data), "PYTHONPATH": str(ROOT)}
    printed = printed_by(ROOT / "notebooks" / "02-conflicts.ipynb", environment)
    assert "stored       173" in printed
    assert re.search(r"[1-9]\d* findings, [1-9]\d* of them between two sites", printed)
    assert re.search(r"K01 Zwei Nutzungen auf derselben Fläche +[1-9]", printed)
    assert re.search(r"most at once: [1-9]\d* on ", printed)
    assert "2 pictures" in printed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_output(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
