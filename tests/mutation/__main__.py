"""`make mutate`: takes every condition out of every rule and of the frame, one at a time; exit 1 if no test notices.

`python -m tests.mutation footway_width level` runs some pieces, `rules`, `frame` or `functions` a group of them;
`--list` shows what would be taken out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.mutation.equivalent import reason_why_equal, stale_reasons
from tests.mutation.pieces import Mutant, mutants, pieces
from tests.mutation.report import Told, report

GROUPS = {"rules": "rule", "frame": "statement", "functions": "function"}
DEFAULT = ("rules", "frame")
PROCESSES = 2
ENDLESS_S = 20  # a loop without its end is noticed, too


def wanted(names: Sequence[str]) -> list[Mutant]:
    """The mutants of the named pieces and groups, by default of the rules and the frame."""
    every = pieces()
    known = {*GROUPS, *(piece.name for piece in every)}
    if unknown := set(names) - known:
        raise SystemExit(
            f"No piece named {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}."
        )
    asked = {*(names or DEFAULT)} | {GROUPS[name] for name in names or DEFAULT if name in GROUPS}
    return [mutant for piece in every if {piece.name, piece.how} & asked for mutant in mutants(piece)]


def run_shares(names: Sequence[str]) -> list[Told]:
    """Each process takes every other mutant, with a cluster of its own."""
    environment = {**os.environ, "PGOPTIONS": f"-c statement_timeout={ENDLESS_S}s"}
    with tempfile.TemporaryDirectory(prefix="gs-mutation-") as folder:
        files = [Path(folder) / f"{share}.json" for share in range(PROCESSES)]
        running = [
            subprocess.Popen(
                [sys.executable, "-m", "tests.mutation", "--share", str(share), str(file), *names],
                env=environment, stdout=subprocess.DEVNULL,
            )
            for share, file in enumerate(files)
        ]  # fmt: skip
        try:
            for process in running:
                process.wait()
        except KeyboardInterrupt:
            for process in running:
                process.terminate()
                process.wait()
            raise
        return [Told(**row) for file in files if file.is_file() for row in json.loads(file.read_text())]


def run_share(share: int, file: Path, names: Sequence[str]) -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # its cluster stops, too
    from tests.mutation.run import run  # pytest and the service, which the list does not need

    asked = [mutant for mutant in wanted(names) if reason_why_equal(mutant) is None]
    mine = asked[share::PROCESSES]
    plugin = run(mine)
    told = [{"mutant": f.mutant.key, "by": f.by, "unfit": f.unfit} for f in plugin.fates]
    faults = [{"mutant": fault, "by": None, "fault": True} for fault in plugin.faults]
    file.write_text(json.dumps(told + faults), encoding="utf-8")


def main(words: list[str]) -> int:
    """Run all, or the pieces named."""
    if words[:1] == ["--share"]:
        run_share(int(words[1]), Path(words[2]), words[3:])
        return 0
    if words[:1] == ["--list"]:
        print("\n".join(map(str, wanted(words[1:]))))
        return 0
    began = time.monotonic()
    told = run_shares(words)
    lines, good = report(wanted(words), told, [] if words else stale_reasons(wanted(tuple(GROUPS))))
    print("\n".join(lines))
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
