"""Tables of ratios, on the terminal and in docs/benchmarks.md: a section for each part, with its own day and load."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from geo_service.db.local_cluster import find_server_programs
from tests.benchmarks.ground import peer_python
from tests.benchmarks.pygeoapi_peer import pygeoapi_python

HEAD = """# Benchmarks

Written by `make bench`; `python -m tests.benchmarks checks` measures one part anew and replaces its section only.
Both sides of a row run in the same session on the same rows of the same PostGIS, in turns; medians and ratios, because
seconds depend on the machine.
"""
PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. ratio: how many times better than `against`; wanted: the ratio that must be reached.

    smaller_is_better: the ratio must stay below `wanted`, as with growth.
    """

    work: str
    own: str
    against: str
    ratio: float
    wanted: float
    note: str = ""
    smaller_is_better: bool = False

    @property
    def reached(self) -> bool:
        return self.ratio < self.wanted if self.smaller_is_better else self.ratio >= self.wanted


def table(rows: list[Row]) -> str:
    """Markdown."""
    lines = ["| work | ours | against | ratio | wanted | reached | note |", "|---|---|---|---|---|---|---|"]
    for row in rows:
        wanted = f"{'<' if row.smaller_is_better else '≥'} {row.wanted:g}"
        reached = "yes" if row.reached else "**no**"
        lines.append(
            f"| {row.work} | {row.own} | {row.against} | {row.ratio:.2f} | {wanted} | {reached} | {row.note} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """What it ran on."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = next(
        line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemTotal")
    )
    load = ", ".join(f"{part:.1f}" for part in os.getloadavg())
    return f"{os.cpu_count()} × {names[0] if names else platform.machine()}, {int(memory.split()[1]) / 2**20:.0f} GB memory, load {load}"


def versions() -> str:
    """Versions of both sides."""
    server = subprocess.run(
        [str(find_server_programs() / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    ask = "from importlib.metadata import version as v; print('tipg', v('tipg') + ', asyncpg', v('asyncpg'))"
    peer = subprocess.run([str(peer_python()), "-c", ask], capture_output=True, text=True, check=True)
    ask = "from importlib.metadata import version as v; print('pygeoapi', v('pygeoapi'))"
    other = subprocess.run([str(pygeoapi_python()), "-c", ask], capture_output=True, text=True, check=True)
    own = ", ".join(
        f"{name} {version(name)}" for name in ("starlette", "uvicorn", "psycopg", "geopandas", "shapely")
    )
    return f"{server.stdout.strip()}; Python {platform.python_version()}, {own}; {peer.stdout.strip()}; {other.stdout.strip()}"


def section(name: str, rows: list[Row]) -> str:
    """What the page says of one part."""
    when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}  \n{versions()}"
    return f"## {name}\n\n{when}\n\n{table(rows)}\n"


def write_section(name: str, rows: list[Row], order: Sequence[str], page: Path = PAGE) -> str:
    """Replace the section of one part, or add it in its place; the others stay. Returns the section."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    found = dict(re.findall(r"(?ms)^## (\w+)\n(.*?)(?=^## |\Z)", text))
    kept = {part: f"## {part}\n{body.rstrip()}\n" for part, body in found.items() if part in order}
    kept[name] = section(name, rows)
    page.parent.mkdir(exist_ok=True)
    page.write_text("\n".join([HEAD, *(kept[part] for part in order if part in kept)]), encoding="utf-8")
    return kept[name]
