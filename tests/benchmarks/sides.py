"""The two servers that are compared: ours, beginning anew for each state, and the peer, which runs on."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from fastapi import FastAPI

from geo_service.app import build_app
from geo_service.db.database import Database
from geo_service.ogc.collection import CRS84, EPSG_25832, FRAGMENTS
from geo_service.ogc.memory import kept_places, packed_features, packed_lines
from geo_service.settings import Settings
from tests.benchmarks.load import Measured, request_bytes, run_load
from tests.benchmarks.segments import SEGMENTS, boxes, large_boxes, tiles
from tests.clients.server import serving

METRES = EPSG_25832
ITEMS = "/ogc/collections/road_segments/items"


@dataclass(frozen=True, slots=True)
class Sides:
    """The two servers: ours begins anew for each state, the peer runs on."""

    database: Database
    peer_port: int

    @contextmanager
    def own(self, *, unread: bool = False) -> Iterator[int]:
        """Port of a server of ours that has answered nothing yet but counts, one feature of each system and a tile."""
        build = build_unread if unread else build_app
        with serving(self.database, Settings(), log_to="/dev/null", build=build) as own:
            port = int(own.rpartition(":")[2])
            # Every connection of the pool has to have touched the table, as the peer's have; no feature is sent.
            counts = [f"{ITEMS}?resultType=hits&bbox={box}" for box in (*boxes(), *large_boxes())]
            for _ in range(3):
                once(port, counts * 3, connections=8)
            if not unread:
                for crs in (CRS84, METRES):
                    once(port, [f"{ITEMS}?limit=1&bbox={boxes()[-1]}&crs={crs}"])
                    await_in_memory(
                        own, f'features_in_memory{{collection="road_segments",fragment="{FRAGMENTS[crs]}"}}'
                    )
                col, row = tiles(17)[0]
                once(port, [tile_address(17, row, col)])
                await_in_memory(own, 'lines_in_memory{collection="road_segments"}')
            yield port

    def peer(self, paths: list[str], connections: int = 1, seconds: float = 6) -> Measured:
        """The peer's answers to the same."""
        base = f"http://127.0.0.1:{self.peer_port}/collections/public.road_segment"
        requests = [request_bytes(f"{base}{path}") for path in paths]
        return run_load(
            self.peer_port, requests, connections=connections, at_most=len(paths), seconds=seconds
        )


def build_unread(settings: Settings, database: Database) -> FastAPI:
    """An application for which every collection is too large to be read into memory."""
    kept_places.MOST_ROWS = packed_features.MOST_BYTES = packed_lines.MOST_ROWS = -1
    return build_app(settings, database)


def tile_address(zoom: int, row: int, col: int) -> str:
    """A tile of ours."""
    return f"/ogc/collections/road_segments/tiles/WebMercatorQuad/{zoom}/{row}/{col}"


def await_in_memory(base: str, what: str) -> None:
    """Wait until a server holds all segments. what: name and labels of the number that it tells."""
    wanted = f"geo_service_{what} {SEGMENTS}.0"
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with urllib.request.urlopen(f"{base}/metrics", timeout=5) as answer:
            if wanted in answer.read().decode().splitlines():
                return
        time.sleep(0.2)
    raise TimeoutError(wanted)


def ours(path: str) -> bytes:
    """A request of ours."""
    return request_bytes(f"http://127.0.0.1{path}")


def once(port: int, paths: list[str], connections: int = 1) -> Measured:
    """Each address once."""
    return run_load(
        port, [ours(path) for path in paths], connections=connections, at_most=len(paths), seconds=20
    )
