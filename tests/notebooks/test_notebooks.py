"""The notebooks run from the first to the last cell against a real server, and keep no output in git."""

from __future__ import annotations

import json
import os
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


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, address: str) -> None:
    notebook = read(path, as_version=4)
    environment = {**os.environ, "GEO_SERVICE_PUBLIC_URL": address}
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    client.execute(env=environment)
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    assert "blocked" in printed
    assert "K01 block" in printed


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_output(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    assert [cell["id"] for cell in cells if cell.get("outputs") or cell.get("execution_count")] == []
