"""People at work while processes die: each repeats what was not answered, with the same Idempotency-Key."""

from __future__ import annotations

import itertools
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
from shapely.geometry import box, mapping

from geo_service.crs import to_lonlat
from geo_service.interval import TOWN_ZONE
from tests.soak.crash_world import World

PATIENCE_S = 90
APPLICANT = {"name": "Erika Absturz", "email": "erika@example.org", "address": "Am Wall 1"}


@dataclass
class Ledger:
    """What was answered: marks of requests with the reference they got; references that were granted."""

    filed: dict[str, str] = field(default_factory=dict)
    granted: set[str] = field(default_factory=set)
    unanswered: list[str] = field(default_factory=list)
    repeated: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class Load:
    """Some citizens and clerks, until told to stop; then each finishes what it has begun."""

    def __init__(self, world: World, ledger: Ledger, *, citizens: int = 3, clerks: int = 2) -> None:
        self.world, self.ledger = world, ledger
        self.places = itertools.count(len(ledger.filed))
        self.waiting: queue.Queue[str] = queue.Queue()
        self.stopping = threading.Event()
        deeds: list[Callable[[httpx.Client], None]] = [self._file] * citizens + [self._decide] * clerks
        self.threads = [threading.Thread(target=self._work, args=(deed,), daemon=True) for deed in deeds]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> None:
        """Everybody goes home once the last request is answered."""
        self.stopping.set()
        for thread in self.threads:
            thread.join(PATIENCE_S + 10)
        assert not any(thread.is_alive() for thread in self.threads)

    def _work(self, deed: Callable[[httpx.Client], None]) -> None:
        with httpx.Client(base_url=self.world.address, timeout=15) as client:
            while not self.stopping.is_set():
                deed(client)

    def _file(self, client: httpx.Client) -> None:
        mark = uuid.uuid4().hex
        answer = self._insist(client, "/api/v1/permits", self._body(mark), {}, mark)
        if answer is not None:
            with self.ledger.lock:
                self.ledger.filed[mark] = answer["reference"]
            self.waiting.put(answer["reference"])

    def _decide(self, client: httpx.Client) -> None:
        try:
            reference = self.waiting.get(timeout=0.2)
        except queue.Empty:
            return
        who = {"Authorization": f"Bearer {self.world.key}"}
        for to in ("in_review", "granted"):
            path = f"/api/v1/permits/{reference}/transitions"
            answer = self._insist(client, path, {"to": to}, who, f"{reference} {to}")
            if answer is None:
                return
        with self.ledger.lock:
            self.ledger.granted.add(reference)

    def _insist(
        self, client: httpx.Client, path: str, body: dict[str, Any], headers: dict[str, str], key: str
    ) -> dict[str, Any] | None:
        """The answer, however often it has to be asked for; None where there never was one."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                answer = client.post(path, json=body, headers={**headers, "Idempotency-Key": key})
            except httpx.TransportError:
                answer = None
            if answer is not None and answer.is_success:
                return dict(answer.json())
            still_running = (
                answer is not None and answer.status_code == 409 and "retry-after" in answer.headers
            )
            if answer is not None and answer.status_code < 500 and not still_running:
                raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")
            with self.ledger.lock:
                self.ledger.repeated += 1
            time.sleep(0.1)
        with self.ledger.lock:
            self.ledger.unanswered.append(key)
        return None

    def _body(self, mark: str) -> dict[str, Any]:
        """A skip from today on, each at a place of its own: the clock makes a granted one active."""
        place = next(self.places)
        x, y = self.world.middle
        x, y = x - 1000 + place % 200 * 10, y - 500 + place // 200 * 10
        today = datetime.now(TOWN_ZONE).date()
        return {
            "type": "Feature",
            "geometry": dict(mapping(to_lonlat(box(x, y, x + 2, y + 2)))),
            "properties": {
                "use_type": "container", "from": today.isoformat(), "until": (today + timedelta(days=2)).isoformat(),
                "purpose": mark, "urgent_reason": "Probe", "applicant": APPLICANT, "takes": [],
            },
        }  # fmt: skip
