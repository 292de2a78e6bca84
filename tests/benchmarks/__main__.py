"""`make bench`: everything side by side, one table on the terminal and in docs/benchmarks.md.

Exit 0 when every ratio that must hold is reached, 1 otherwise.
`python -m tests.benchmarks pages` runs one part.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from tests.benchmarks.checks import measure_checks
from tests.benchmarks.grants import measure_grants
from tests.benchmarks.ground import peer_python
from tests.benchmarks.network import measure_network
from tests.benchmarks.pages import measure_pages
from tests.benchmarks.report import Row, machine, table, write_page
from tests.benchmarks.roads_import import measure_roads
from tests.benchmarks.screening import measure_screening

PARTS: dict[str, Callable[[], list[Row]]] = {
    "pages": measure_pages,
    "checks": measure_checks,
    "screening": measure_screening,
    "roads": measure_roads,
    "network": measure_network,
    "grants": measure_grants,
}


def main(names: list[str]) -> int:
    """Run the parts named, or all; only a run of all parts writes the page."""
    start = time.perf_counter()
    print(machine(), flush=True)
    peer_python()
    rows: list[Row] = []
    for name in names or list(PARTS):
        print(f"{name} …", flush=True)
        rows += PARTS[name]()
    print(table(rows) if names else write_page(rows))
    print(f"{time.perf_counter() - start:.0f} s")
    return 0 if all(row.reached or row.note.startswith("goal of a later step") for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
