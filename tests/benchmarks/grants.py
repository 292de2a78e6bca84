"""How many permits a second become binding over HTTP: one lock, checked again, findings stored, committed.

With fsync on, as in a real cluster, and every connection's statements planned before the clock starts. Two sorts:
uses that take nothing of a street, and scaffolds on footways of which none gets too narrow, so that every rule in
the book is asked. Each by one server process and by two.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import uvloop
from shapely import LineString
from shapely.geometry import box
from sqlalchemy import text
from sqlalchemy.orm import Session

from geo_service.commands.towns import add_town
from geo_service.conflicts.catalogue import rulebook
from geo_service.db.database import Database, operator_session, owner_session, speak_as
from geo_service.identity.api_keys import create_api_key
from geo_service.identity.caller import PUBLIC, Caller
from geo_service.interval import TOWN_ZONE, Interval
from geo_service.occupations.use_request import UseRequest
from geo_service.permits.applicant import Applicant
from geo_service.permits.decide_permit import Move, move_permit
from geo_service.permits.permit_request import PermitRequest
from geo_service.permits.request_permit import request_permit
from geo_service.roads.save_segments import save_segments
from geo_service.roads.segment import Segment
from geo_service.settings import Settings
from tests.benchmarks.ground import bench_cluster, migrated
from tests.benchmarks.report import Row
from tests.clients.server import serving

TOWN = "06431002"
FOLDER = Path(__file__).resolve().parents[2] / "data" / "towns" / "bensheim"
CONNECTIONS = 8
WARMING, GRANTS = 100, 300  # for each number of processes
PROCESSES = (1, 2)
STREETS, LENGTH_M, GAP_M = 40, 250.0, 20.0
MUST = {"nothing of a street": 50.0, "footways": 15.0}


def measure_grants() -> list[Row]:
    """Grants a second of both sorts, against what must be reached."""
    with bench_cluster() as cluster:
        with (cluster.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write("fsync = on\n")
        cluster.stop()
        cluster.start()
        database = migrated(cluster, "grants")
        add_town(database, FOLDER)
        with owner_session(database) as owner:
            key = create_api_key(owner, role="clerk", town=TOWN, name="bench")
        filed = {sort: _file(database, sort) for sort in MUST}
        for (
            references
        ) in filed.values():  # neighbours wait for each other, and nobody grants a whole street in turn
            Random(0).shuffle(references)
        with owner_session(database) as owner:
            owner.execute(text("ANALYZE"))
        rows = []
        for processes in PROCESSES:
            with ExitStack() as stack:
                servers = [
                    stack.enter_context(serving(database, Settings(), log_to="/dev/null"))
                    for _ in range(processes)
                ]
                ports = [int(address.rpartition(":")[2]) for address in servers]
                for sort, references in filed.items():
                    mine, filed[sort] = references[: WARMING + GRANTS], references[WARMING + GRANTS :]
                    _grant_all(ports, key, mine[:WARMING])
                    rows.append(_row(sort, processes, _grant_all(ports, key, mine[WARMING:])))
        return rows


def _row(sort: str, processes: int, rate: float) -> Row:
    numbers = ", ".join(dict.fromkeys(r.number for r in rulebook().rules if r.kind in ("strip", "network")))
    return Row(
        work=f"grants a second, {CONNECTIONS} connections, {processes} server process{'es' * (processes > 1)}, uses that take {sort}",
        own=f"{rate:.0f}/s",
        against=f"{MUST[sort]:.0f}/s",
        ratio=rate / MUST[sort],
        wanted=1.0,
        note=f"{len(rulebook().rules)} rules, of strips and network: {numbers or 'none yet'}; fsync on",
    )


def _file(database: Database, sort: str) -> list[str]:
    """Requests in review, none over another: on the grass, or 3 m of a footway of 3 m every 8 m along streets."""
    engine = database.app_engine(pool_size=1)
    with operator_session(engine) as session:
        middle = text("SELECT ST_X(p) AS x, ST_Y(p) AS y FROM town, ST_PointOnSurface(boundary) AS p")
        mx, my = session.execute(middle).one()
        if sort == "footways":
            save_segments(session, _streets(mx, my), "bench")
    day = datetime.now(TOWN_ZONE).date() + timedelta(days=60)
    period = Interval.of_days(day, day + timedelta(days=13))
    clerk = Caller(role="clerk", town=TOWN, name="bench")
    references = []
    with Session(engine) as session, session.begin():
        for i in range(len(PROCESSES) * (WARMING + GRANTS)):
            street, place = i % STREETS, i // STREETS
            x, y = mx + place * 8.0, my + street * GAP_M + (3.0 if sort == "footways" else -2000.0)
            depth_m = 1.0 if sort == "footways" else 3.0
            taken = None if sort == "footways" else frozenset[str]()
            speak_as(session, actor="public")
            use = UseRequest(
                use_type="geruest", area=box(x, y, x + 3, y + depth_m), period=period, takes=taken,
                urgent_reason="Messung",
            )  # fmt: skip
            asked = PermitRequest(use=use, purpose="Messung", applicant=Applicant(name="Messung"))
            filed = request_permit(session, asked, filed_by=PUBLIC, as_of=datetime.now(UTC))
            speak_as(session, actor="clerk", town=TOWN)
            reference = str(filed.reference)
            move_permit(session, reference, Move(to="in_review"), caller=clerk, as_of=datetime.now(UTC))
            references.append(reference)
        order = text("UPDATE occupation SET traffic_order_period = period WHERE reference = ANY(:references)")
        speak_as(session, actor="operator")
        session.execute(order, {"references": references})
    engine.dispose()
    return references


def _streets(mx: float, my: float) -> list[Segment]:
    lines = [(f"{i}", [(mx - 20, my + i * GAP_M), (mx + LENGTH_M, my + i * GAP_M)]) for i in range(STREETS)]
    return [
        Segment(
            segment_id=f"bench:{name}", axis=LineString(line), start_node=f"{name}a", end_node=f"{name}b",
            road_class="gemeindestrasse", source_id=name, modes=frozenset({"car", "foot"}),
            carriageway_width_m=6.0, footway_width_left_m=3.0, footway_width_right_m=3.0, width_source="measured",
        )
        for name, line in lines
    ]  # fmt: skip


def _grant_all(ports: Sequence[int], key: str, references: Sequence[str]) -> float:
    """Grants a second; every one must be given."""
    body = json.dumps({"to": "granted"}).encode()
    left = iter(references)
    refused: list[bytes] = []

    async def one_connection(port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
        for reference in left:
            head = (
                f"POST /api/v1/permits/{reference}/transitions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {key}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = int(answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            content = await reader.readexactly(length)
            if b" 200 " not in answer.partition(b"\r\n")[0]:
                refused.append(content)
        writer.close()

    async def everybody() -> None:
        await asyncio.gather(*(one_connection(ports[i % len(ports)]) for i in range(CONNECTIONS)))

    start = time.perf_counter()
    uvloop.run(everybody())
    took_s = time.perf_counter() - start
    if refused:
        raise RuntimeError(f"{len(refused)} of {len(references)} were refused: {refused[0][:500]!r}")
    return len(references) / took_s
