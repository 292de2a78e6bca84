"""A town is added from its folder while the service runs: its pages and interfaces are there at the next request."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from psycopg.conninfo import conninfo_to_dict

from geo_service.db.database import Database
from geo_service.db.local_cluster import LocalCluster
from geo_service.interval import TOWN_ZONE
from tests.clients.server import serving
from tests.towns.folders import TARIFF, TOML, write_folder

KNOWN = "/towns/bensheim/"
NEW = "/towns/neustadt/"
APPLICANT = {"name": "Neu Bürger", "address": "Neustadt"}


def geo_service(login: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "geo_service", *arguments], capture_output=True, text=True, check=False,
        timeout=60, env={**os.environ, "GEO_SERVICE_DATABASE_URL": login}, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def body(**more: Any) -> dict[str, Any]:
    start = datetime.now(TOWN_ZONE).date() + timedelta(days=30)
    days = {"from": start.isoformat(), "until": (start + timedelta(days=9)).isoformat()}
    ring = [[9.05, 50.05], [9.0501, 50.05], [9.0501, 50.0501], [9.05, 50.0501], [9.05, 50.05]]
    return {
        "type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {"use_type": "geruest", **days, **more},
    }  # fmt: skip


def test_a_new_town_is_served_without_a_restart(
    cluster: LocalCluster, town_database: Database, tmp_path: Path
) -> None:
    login = cluster.conninfo(str(conninfo_to_dict(town_database.owner)["dbname"]), "postgres")
    folder = write_folder(tmp_path / "neustadt")
    with serving(town_database) as address, httpx.Client(base_url=address, timeout=30) as client:
        assert client.get(KNOWN).status_code == 200
        assert client.get(NEW).status_code == 404
        before = client.post("/api/v1/conflict-checks", json=body())
        assert before.json()["town"] is None
        towns = client.get("/ogc/collections/towns/items?limit=1000").json()["numberReturned"]

        geo_service(login, "towns", "add", str(folder))
        page = client.get(NEW)
        assert page.status_code == 200 and "Neustadt" in page.text
        assert "Neustadt" in client.get("/").text
        checked = client.post("/api/v1/conflict-checks", json=body()).json()
        assert checked["town"] == "06999001" and float(checked["fee"]["total_eur"]) > 0
        values = {
            value["name"]: value
            for rule in client.get("/api/v1/rules?town=neustadt").json()["rules"]
            for value in rule["parameters"]
        }
        assert values["overlap_noise_m2"]["value"] == 0.5
        assert client.get("/ogc/collections/towns/items?limit=1000").json()["numberReturned"] == towns + 1
        filed = client.post("/api/v1/permits", json=body(applicant=APPLICANT, purpose="Fassade"))
        assert filed.status_code == 201 and filed.json()["reference"].startswith("NEU-")

        # A person of that town, by a key made while the service runs.
        key = geo_service(
            login, "api-keys", "create", "--town", "06999001", "--role", "clerk", "--name", "N"
        ).splitlines()[-1]
        who = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
        assert filed.json()["reference"] in client.get("/towns/neustadt/desk", headers=who).text
        assert client.get("/towns/neustadt/desk/counter", headers=who).status_code == 200

        # The same folder changed: texts and tariff follow, too.
        changed = TOML.replace("Willkommen", "Grüß Gott")
        write_folder(folder, toml=changed, tariff=TARIFF.replace("1.50", "3.00"))
        geo_service(login, "towns", "add", str(folder))
        assert "Grüß Gott" in client.get("/").text
        dearer = client.post("/api/v1/conflict-checks", json=body()).json()
        assert float(dearer["fee"]["total_eur"]) == 2 * float(checked["fee"]["total_eur"])
