"""`make bench`: everything side by side, tables on the terminal and in docs/benchmarks.md.

Exit 0 when every ratio that must hold is reached, 1 otherwise.
`python -m tests.benchmarks checks` runs one part and replaces its section of the page.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.benchmarks.alternatives import measure_alternatives
from tests.benchmarks.checks import measure_checks
from tests.benchmarks.grants import measure_grants
from tests.benchmarks.ground import peer_python
from tests.benchmarks.network import measure_network
from tests.benchmarks.pages import measure_pages
from tests.benchmarks.report import Row, machine, write_section
from tests.benchmarks.roads_import import measure_roads
from tests.benchmarks.screening import measure_screening
from tests.benchmarks.sites_import import measure_sites
from tests.benchmarks.strips import measure_strips

PARTS: dict[str, Callable[[], list[Row]]] = {
    "pages": measure_pages,
    "checks": measure_checks,
    "strips": measure_strips,
    "network": measure_network,
    "alternatives": measure_alternatives,
    "grants": measure_grants,
    "screening": measure_screening,
    "roads": measure_roads,
    "sites": measure_sites,
}


def main(names: list[str]) -> int:
    """Run the parts named, or all; each writes its section as soon as it is measured."""
    if unknown := set(names) - PARTS.keys():
        print(f"unknown: {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}", file=sys.stderr)
        return 2
    print(machine(), flush=True)
    peer_python()
    reached = True
    for name in names or PARTS:
        start = time.perf_counter()
        print(f"{name} …", flush=True)
        rows = PARTS[name]()
        print(write_section(name, rows, tuple(PARTS)))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
        reached &= all(row.reached or row.note.startswith("goal of a later step") for row in rows)
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
