"""The papers of the demo against PDF/UA-1 (ISO 14289-1), read by veraPDF from Maven's repository."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import httpx

from geo_service.db.database import Database, owner_session
from geo_service.identity.api_keys import create_api_key

_HERE = Path(__file__).resolve().parent / "verapdf"
_TOWN, _SLUG = "06431002", "bensheim"


def run_verapdf(demo: Database, address: str) -> int:
    """Every kind of paper as a clerk downloads it; 0 when all pass, and where veraPDF cannot be had.

    address: of the demo's service, without a slash at its end.
    """
    if shutil.which("mvn") is None or shutil.which("java") is None:
        print("Maven or Java is not here, so veraPDF did not read our papers.", flush=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="verapdf-") as folder:
        jars, papers = Path(folder) / "jars", Path(folder) / "papers"
        fetched = subprocess.run(
            ["mvn", "-q", "-B", "-f", str(_HERE / "pom.xml"), "dependency:copy-dependencies",
             f"-DoutputDirectory={jars}"],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if fetched.returncode != 0:
            print("veraPDF cannot be had from Maven's repository here.", flush=True)
            return 0
        papers.mkdir()
        with owner_session(demo) as owner:
            key = create_api_key(owner, role="clerk", town=_TOWN, name="papers")
        _download(address, key, papers)
        print("Our papers against PDF/UA-1, by veraPDF:", flush=True)
        command = ["java", "-cp", f"{jars}{os.sep}*", str(_HERE / "CheckPapers.java")]
        files = sorted(path.name for path in papers.iterdir())
        return subprocess.run([*command, *files], cwd=papers, timeout=600, check=False).returncode


def _download(address: str, key: str, folder: Path) -> None:
    """Receipt, site plan and notices of the town's cases, and a blank form."""
    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}, timeout=60) as client:
        listed = client.get("/api/v1/permits", params={"town": _TOWN, "limit": 100}).raise_for_status().json()
        decisions = set()
        for case in listed["features"]:
            reference = case["properties"]["reference"]
            for notice in client.get(f"/api/v1/permits/{reference}/documents").json().get("notices", []):
                if notice["decision"] not in decisions:
                    decisions.add(notice["decision"])
                    _keep(client, notice["address"], folder / f"notice-{notice['decision']}.pdf")
        for name in ("receipt", "site-plan"):
            _keep(client, f"/api/v1/permits/{reference}/{name}.pdf", folder / f"{name}.pdf")
        _keep(client, f"/towns/{_SLUG}/forms/geruest.pdf", folder / "form.pdf")
        assert "granted" in decisions, decisions


def _keep(client: httpx.Client, path: str, target: Path) -> None:
    target.write_bytes(client.get(path).raise_for_status().content)
