"""`make soak`: the long fault and load runs, as one table; exit 1 where something that must hold does not.

`python -m tests.soak crashes` runs one part (crashes, clerks, connections); `crashes=10` ten rounds of it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.benchmarks.report import machine
from tests.soak.clerks import CASES, CLERKS, QUEUE, measure_clerks
from tests.soak.connections import CONNECTIONS, measure_connections
from tests.soak.crash import measure_crashes

QUEUE_P95_MS = 150.0
GROWTH, GROWTH_MB = 1.05, 10.0  # of resident memory, after the first quarter of a minute


@dataclass(frozen=True)
class Row:
    what: str
    measured: str
    must: str
    reached: bool


def crashes(rounds: int | None) -> list[Row]:
    told = measure_crashes(rounds or 50)
    kills = ", ".join(f"{name} {number}" for name, number in sorted(told.kills.items()))
    return [
        Row(f"{told.rounds} crash rounds; killed: {kills}", told.wrong[0] if told.wrong else "nothing lost, nothing by half",
            "nothing lost, nothing by half", not told.wrong and told.rounds == (rounds or 50)),
        Row("filed, granted, made active by the worker", f"{told.filed}, {told.granted}, {told.active}", "> 0", min(told.filed, told.granted, told.active) > 0),
        Row("mails", ", ".join(f"{state} {number}" for state, number in sorted(told.mails.items())), "each once", not told.wrong),
        Row("requests repeated; longest time without an answer", f"{told.repeated}; {told.worst_gap_s:.1f} s", "-", True),
    ]  # fmt: skip


def clerks(_: int | None) -> list[Row]:
    told = measure_clerks()
    p95 = told.percentile(QUEUE, 95)
    clicks = sum(len(each) for each in told.milliseconds.values())
    rows = [
        Row(f"queue page, {CLERKS} clerks on {CASES:,} cases: 95th percentile of the server's time", f"{p95:.0f} ms (median {told.middle(QUEUE):.0f})",
            f"< {QUEUE_P95_MS:.0f} ms", p95 < QUEUE_P95_MS),
        Row("clicks, and answers that were no 200", f"{clicks} in {told.seconds:.0f} s, {told.failed}", "0 failed", told.failed == 0),
    ]  # fmt: skip
    case = next((route for route in told.milliseconds if route.endswith("/cases/{reference}")), None)
    if case:
        rows.append(
            Row(
                "case page meanwhile",
                f"{told.percentile(case, 95):.0f} ms (median {told.middle(case):.0f})",
                "-",
                True,
            )
        )
    return rows


def connections(_: int | None) -> list[Row]:
    told = measure_connections()
    return [
        Row(
            f"/ogc, {CONNECTIONS} connections for 60 s",
            f"{told.answers} answers, {told.rate:.0f}/s, median {told.median_ms:.0f} ms, 99th {told.p99_ms:.0f} ms",
            "no error",
            True,
        ),
        Row(
            "resident memory of the server, warm and after",
            f"{told.warm_mb:.0f} MB, {told.after_mb:.0f} MB",
            f"≤ {GROWTH:g} × + {GROWTH_MB:.0f} MB",
            told.after_mb <= told.warm_mb * GROWTH + GROWTH_MB,
        ),
    ]


PARTS: dict[str, Callable[[int | None], list[Row]]] = {
    "crashes": crashes,
    "clerks": clerks,
    "connections": connections,
}


def main(names: list[str]) -> int:
    """Run the parts named, or all."""
    start = time.perf_counter()
    print(machine(), flush=True)
    rows: list[Row] = []
    for asked in names or list(PARTS):
        name, _, number = asked.partition("=")
        print(f"{name} …", flush=True)
        rows += PARTS[name](int(number) if number else None)
    print("| what | measured | must | reached |\n|---|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.measured} | {row.must} | {'yes' if row.reached else '**no**'} |")
    print(f"{time.perf_counter() - start:.0f} s")
    return 0 if all(row.reached for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
