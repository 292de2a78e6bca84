"""`make conformance`: the official suite against a demo of our own; where it cannot be had, the port in this folder.

Before it QGIS's own provider reads every collection (tests/conformance/qgis_layers.py).

Exit 0 when nothing failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest

from geo_service.commands.demo import fill
from geo_service.commands.towns import add_town
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate
from tests.clients.server import serving
from tests.conftest import ROOT

VERSION = "1.9"
ARTIFACT = f"org.opengis.cite:ets-ogcapi-features10:{VERSION}:jar:aio"
HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run one or the other."""
    suite = find_suite()
    with demo_service() as address:
        by_qgis = run_qgis(address)
        if suite is not None:
            return run_official(suite, address) or by_qgis
        print(
            f"The official suite {ARTIFACT} cannot be had from Maven's repository here.\n"
            "Instead runs our port of its abstract tests; that is no certificate.",
            flush=True,
        )
        os.environ["GEO_SERVICE_CONFORMANCE_URL"] = address
        return int(pytest.main([str(HERE), "-p", "no:cacheprovider"])) or by_qgis


def find_suite() -> Path | None:
    """The jar of the suite, fetched with Maven; None if there is no Maven or no such artifact."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="ets-"))
    fetched = subprocess.run(
        ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={ARTIFACT}", f"-DoutputDirectory={folder}"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    return next(folder.glob("*.jar"), None) if fetched.returncode == 0 else None


@contextmanager
def demo_service() -> Iterator[str]:
    """Address of the landing page of a throw-away demo."""
    home = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    home.chmod(0o755)
    cluster = LocalCluster(home / "c")
    cluster.initialise()
    cluster.start()
    try:
        cluster.create_database("conformance")
        database = cluster.database("conformance")
        migrate(database)
        for folder in sorted((ROOT / "data" / "towns").iterdir()):
            add_town(database, folder)
        fill(database, lambda _: None)
        with serving(database) as address:
            yield f"{address}/ogc"
    finally:
        cluster.stop()
        shutil.rmtree(home, ignore_errors=True)


def run_qgis(address: str) -> int:
    """Every collection as a layer of QGIS; 0 when all are as they should be, and where there is no QGIS."""
    python = "/usr/bin/python3"  # the distribution's: its QGIS is no package of ours
    there = (
        subprocess.run([python, "-c", "import qgis.core"], capture_output=True, check=False).returncode == 0
    )
    if not there:
        print("QGIS is not here (Debian's python3-qgis), so its provider was not tried.", flush=True)
        return 0
    print("QGIS's own provider:", flush=True)
    with tempfile.TemporaryDirectory(prefix="qgis-") as profile:
        environment = os.environ | {
            "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": profile, "QGIS_CUSTOM_CONFIG_PATH": profile,
        }  # fmt: skip
        environment.pop("PYTHONPATH", None)
        command = [python, str(HERE / "qgis_layers.py"), address]
        return subprocess.run(command, env=environment, timeout=900, check=False).returncode


def run_official(suite: Path, address: str) -> int:
    """Run the jar and print its counts."""
    folder = suite.parent
    properties = folder / "run.xml"
    properties.write_text(
        '<?xml version="1.0"?><!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'
        f'<properties version="1.0"><entry key="iut">{address}</entry>'
        '<entry key="noofcollections">-1</entry></properties>',
        encoding="utf-8",
    )
    subprocess.run(["java", "-jar", str(suite), "-o", str(folder), str(properties)], check=False)
    results = next(folder.rglob("testng-results.xml"), None)
    if results is None:
        print("The official suite left no results.", file=sys.stderr)
        return 1
    counts = ElementTree.parse(results).getroot().attrib
    print(", ".join(f"{counts.get(name, '?')} {name}" for name in ("passed", "failed", "skipped")))
    return 0 if counts.get("failed") == "0" else 1


if __name__ == "__main__":
    sys.exit(main())
