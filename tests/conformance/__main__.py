"""`make conformance`: the official suites against a demo of our own; where one cannot be had, the port in this folder.

Before them QGIS itself reads every collection and draws our tiles (tests/conformance/qgis_layers.py), and veraPDF
reads our papers (tests/conformance/papers.py).

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
from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.db.migrate import migrate
from geo_service.settings import Settings
from tests.clients.server import serving
from tests.conformance.papers import run_verapdf
from tests.conftest import ROOT
from tests.ogc.rows import insert_rows

# Name, version and what else a run has to be told.
SUITES = (
    ("ets-ogcapi-features10", "1.9", {"noofcollections": "-1"}),
    ("ets-ogcapi-tiles10", "1.2", {}),
)
HERE = Path(__file__).resolve().parent
MANY_STREETS = 25_050


def main() -> int:
    """Run the suites that can be had, and the port where one is missing."""
    found = {name: find_suite(name, version) for name, version, _ in SUITES}
    failed = 0
    with services() as (demo, address, many):
        failed += run_verapdf(demo, address.removesuffix("/ogc"))
        failed += run_qgis(address) + run_qgis(many)
        for name, version, more in SUITES:
            suite = found[name]
            if suite is not None:
                failed += run_official(name, suite, {"iut": address, **more})
            else:
                print(
                    f"The official suite {name} {version} cannot be had from Maven's repository here.",
                    flush=True,
                )
        if None in found.values():
            print("Instead runs our port, method by method; that is no certificate.", flush=True)
            os.environ["GEO_SERVICE_CONFORMANCE_URL"] = address
            failed += int(pytest.main([str(HERE), "-p", "no:cacheprovider"]))
    return min(failed, 1)


def find_suite(name: str, version: str) -> Path | None:
    """The jar of a suite, fetched with Maven; None if there is no Maven or no such artifact."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        return None
    folder = Path(tempfile.mkdtemp(prefix="ets-"))
    artifact = f"org.opengis.cite:{name}:{version}:jar:aio"
    fetched = subprocess.run(
        ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"],
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    jar = next(folder.glob("*.jar"), None) if fetched.returncode == 0 else None
    if jar is None:
        shutil.rmtree(folder)
    return jar


@contextmanager
def services() -> Iterator[tuple[Database, str, str]]:
    """A throw-away demo, its landing page, and that of a service with more streets than clients read in few pages."""
    home = Path(tempfile.mkdtemp(prefix="gs-", dir="/tmp"))
    home.chmod(0o755)
    cluster = LocalCluster(home / "c")
    cluster.initialise()
    cluster.start()
    try:
        for name in ("demo", "many"):
            cluster.create_database(name)
            migrate(cluster.database(name))
        demo, many = cluster.database("demo"), cluster.database("many")
        for folder in sorted((ROOT / "data" / "towns").iterdir()):
            add_town(demo, folder)
        fill(demo, lambda _: None)
        insert_rows(many, roads=MANY_STREETS, sites=40, events=5, detours=5, permits=5)
        settings = Settings(home=home / "files", _env_file=None)
        with serving(demo, settings) as address, serving(many) as other:
            yield demo, f"{address}/ogc", f"{other}/ogc"
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


def run_official(name: str, suite: Path, told: dict[str, str]) -> int:
    """Run a jar and print its counts; 0 when nothing failed."""
    folder = suite.parent
    properties = folder / "run.xml"
    entries = "".join(f'<entry key="{key}">{value}</entry>' for key, value in told.items())
    properties.write_text(
        '<?xml version="1.0"?><!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">'
        f'<properties version="1.0">{entries}</properties>',
        encoding="utf-8",
    )
    subprocess.run(["java", "-jar", str(suite), "-o", str(folder), str(properties)], check=False)
    results = next(folder.rglob("testng-results.xml"), None)
    if results is None:
        print(f"The official suite {name} left no results.", file=sys.stderr)
        return 1
    counts = ElementTree.parse(results).getroot().attrib
    told_counts = ", ".join(f"{counts.get(one, '?')} {one}" for one in ("passed", "failed", "skipped"))
    print(f"{name}: {told_counts}")
    return 0 if counts.get("failed") == "0" else 1


if __name__ == "__main__":
    sys.exit(main())
