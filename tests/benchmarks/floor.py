"""The floor under a page: as many bytes, made before and read from a column by plain SQL, with pgbench."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import psycopg

from geo_service.db.database import OWNER_ROLE
from geo_service.db.local_cluster import LocalCluster, find_server_programs

FILL = """
CREATE TABLE IF NOT EXISTS floor_page (page integer PRIMARY KEY, body text NOT NULL);
ALTER TABLE floor_page ALTER COLUMN body SET STORAGE external;
TRUNCATE floor_page;
INSERT INTO floor_page
SELECT gid / 1000, '{"type":"FeatureCollection","features":[' || string_agg(fragment_crs84, ',') || ']}'
FROM road_segment WHERE gid < %(rows)s GROUP BY gid / 1000"""


def floor_rate(cluster: LocalCluster, name: str, *, pages: int) -> float:
    """Bodies of 1,000 features a second that pgbench reads over one connection, prepared."""
    where = f"host=127.0.0.1 port={cluster.port} dbname={name} user={OWNER_ROLE}"
    with psycopg.connect(where, autocommit=True) as owner:
        for text in FILL.split(";"):
            owner.execute(text, {"rows": pages * 1000} if "%(" in text else None)
        owner.execute("VACUUM (ANALYZE) floor_page")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "page.sql"
        script.write_text(
            f"\\set page random(1, {pages - 1})\nSELECT body FROM floor_page WHERE page = :page;\n"
        )
        done = subprocess.run(
            [str(find_server_programs() / "pgbench"), "-n", "-M", "prepared", "-c", "1", "-T", "4", "-f", str(script), where],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    assert found, done.stdout
    return float(found[1])
