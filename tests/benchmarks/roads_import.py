"""How long a road extract takes: `python -m tests.benchmarks.roads_import [FILE.osm.pbf]`.

Reading and splitting is what osmnx and pyrosm do as well; the whole import ends with published segments.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import osmium

from geo_service.db.database import operator_session
from geo_service.roads.import_roads import import_roads, read_roads
from geo_service.roads.osm_file import read_osm_network
from geo_service.roads.osm_segments import cut_at_junctions
from tests.benchmarks.ground import bench_cluster, migrated, road_peers_python
from tests.benchmarks.report import Row

ROOT = Path(__file__).resolve().parents[2]
REPEATS = 5


def default_file() -> Path:
    """The Limburg extract beside the project."""
    folder = Path(os.environ.get("GEO_SERVICE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    return folder / "osm-limburg" / "limburg_an_der_lahn.osm.pbf"


def median_s(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Median of the seconds that `work` takes."""
    taken = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def measure(file: Path) -> dict[str, float]:
    """Seconds per stage and resident memory at its highest, in MB."""
    found = {
        "read_s": median_s(lambda: read_osm_network(file)),
        "read_and_split_s": median_s(lambda: read_roads(file)),
    }
    with bench_cluster() as cluster:
        engine = migrated(cluster, "roads").app_engine()

        def bring_in() -> None:
            with operator_session(engine) as session:
                import_roads(session, file)

        found["whole_import_s"] = median_s(bring_in, repeats=1)
        found["same_again_s"] = median_s(bring_in, repeats=3)
        engine.dispose()
    found["highest_resident_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def measure_roads() -> list[Row]:
    """Reading and splitting Limburg against pyrosm (same file) and osmnx (the same ways as XML)."""
    file = default_file()
    own_s = median_s(lambda: cut_at_junctions(read_osm_network(file)))
    described_s = median_s(lambda: read_roads(file))
    also = f"with cross-sections, classes and bus routes, which no peer reads: {described_s:.2f} s"
    rows = []
    with tempfile.TemporaryDirectory(prefix="gs-bench-") as folder:
        xml = Path(folder) / "highways.osm"
        _write_highways(file, xml)
        for peer, path, note in (
            ("pyrosm", file, f"same file; {also}"),
            ("osmnx", xml, "reads XML only: highway ways of the same file"),
        ):
            command = [
                str(road_peers_python()),
                str(ROOT / "tests/benchmarks/road_peers.py"),
                peer,
                str(path),
                "3",
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                print(f"{peer} did not run: {done.stderr.strip().splitlines()[-1]}", flush=True)
                continue
            peer_s = float(done.stdout.split()[0])
            rows.append(
                Row(
                    "read and split the roads of Limburg, median",
                    f"{own_s:.2f} s",
                    f"{peer} {peer_s:.2f} s",
                    peer_s / own_s,
                    1,
                    note,
                )
            )
    return rows


def _write_highways(file: Path, xml: Path) -> None:
    highways = osmium.FileProcessor(str(file), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))
    with osmium.BackReferenceWriter(str(xml), ref_src=str(file)) as writer:
        for way in highways:
            writer.add(way)


if __name__ == "__main__":
    for name, value in measure(Path(sys.argv[1]) if len(sys.argv) > 1 else default_file()).items():
        print(f"{name:22} {value:8.2f}")
