"""A hundred clerks of one town with a hundred thousand cases, one click every three seconds each."""

from __future__ import annotations

import asyncio
import json
import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import httpx

from geo_service.commands.towns import add_town
from geo_service.db.database import owner_session
from geo_service.identity.api_keys import create_api_key
from geo_service.settings import Settings
from tests.benchmarks.ground import bench_cluster, migrated
from tests.clients.server import serving
from tests.soak.cases import TOWN, fill_cases

ROOT = Path(__file__).resolve().parents[2]
CASES, CLERKS, PAUSE_S, SECONDS, WARM_S = 100_000, 100, 3.0, 60.0, 6.0
QUEUE = "/towns/{slug}/desk"
# What people click on: mostly the queue in one of its views, a search, now and then a case.
VIEWS = ("", "?view=todo", "?view=urgent", "?view=overdue", "?view=waiting", "?view=all", "?view=clearing")
WORDS = ("Müller", "Hauptstr.", "Rodensteinstraße 77", "Gerüstbau", "505123", "Schäfer Ringstr", "xyz")


@dataclass(frozen=True)
class Clicked:
    """Milliseconds of the server, by the pattern of the route; failed: answers that were no 200."""

    milliseconds: dict[str, list[float]]
    failed: int
    seconds: float

    def percentile(self, route: str, percent: int) -> float:
        return quantiles(self.milliseconds[route], n=100)[percent - 1]

    def middle(self, route: str) -> float:
        return median(self.milliseconds[route])


def measure_clerks() -> Clicked:
    """One server process over a cluster of its own, as `make run` starts it."""
    with bench_cluster() as cluster, tempfile.NamedTemporaryFile(prefix="gs-soak-", suffix=".log") as log:
        database = migrated(cluster, "clerks")
        add_town(database, ROOT / "data" / "towns" / "bensheim")
        fill_cases(database, CASES)
        with owner_session(database) as owner:
            key = create_api_key(owner, role="clerk", town=TOWN, name="soak")
        with serving(database, Settings(_env_file=None), log_to=log.name) as address:
            asyncio.run(_work(address, key, WARM_S))
            begun = Path(log.name).stat().st_size
            start = time.perf_counter()
            failed = asyncio.run(_work(address, key, SECONDS))
            seconds = time.perf_counter() - start
        return Clicked(_read(Path(log.name), begun), failed, seconds)


async def _work(address: str, key: str, seconds: float) -> int:
    """All clerks for so long; how many answers were no 200."""
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/html"}
    limits = httpx.Limits(max_connections=CLERKS, max_keepalive_connections=CLERKS)
    failed = 0
    async with httpx.AsyncClient(base_url=address, headers=headers, limits=limits, timeout=30) as client:
        found = (await client.get("/api/v1/permits", params={"limit": 100, "sort": "deadline"})).json()
        references = [each["properties"]["reference"] for each in found["features"]]
        end = time.monotonic() + seconds

        async def clerk(number: int) -> None:
            nonlocal failed
            dice = random.Random(number)
            await asyncio.sleep(PAUSE_S * number / CLERKS)
            while time.monotonic() < end:
                began = time.monotonic()
                path, query = _click(dice, references)
                answer = await client.get(path, params=query)
                failed += answer.status_code != 200
                await asyncio.sleep(max(0.0, PAUSE_S - (time.monotonic() - began)))

        await asyncio.gather(*(clerk(number) for number in range(CLERKS)))
    return failed


def _click(dice: random.Random, references: list[str]) -> tuple[str, dict[str, str] | None]:
    desk = "/towns/bensheim/desk"
    lot = dice.random()
    if lot < 0.6:
        return desk + dice.choice(VIEWS), None
    if lot < 0.8:
        return desk, {"q": dice.choice(WORDS)}
    return f"{desk}/cases/{dice.choice(references)}", None


def _read(log: Path, begun: int) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    with log.open("rb") as lines:
        lines.seek(begun)
        for line in lines:
            if line.startswith(b"{") and b'"event":"request"' in line:
                told = json.loads(line)
                found.setdefault(told["route"], []).append(told["ms"])
    return found
