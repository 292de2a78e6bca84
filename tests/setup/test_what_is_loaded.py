"""A server that only answers with data does not hold the libraries that draw maps, sheets and files."""

from __future__ import annotations

import subprocess
import sys

import pytest

_ONLY_WHEN_NEEDED = (
    "folium", "geopandas", "pandas", "pyarrow", "pyogrio", "weasyprint", "pypdf", "authlib", "holidays", "PIL", "segno",
)  # fmt: skip
# The command that serves adds nothing of what fills the demo or works off jobs.
_NOT_FOR_SERVING = (*_ONLY_WHEN_NEEDED, "alembic", "procrastinate", "geo_service.demo")


@pytest.mark.parametrize(
    ("module", "kept_out"),
    [("geo_service.app", _ONLY_WHEN_NEEDED), ("geo_service.commands.serve", _NOT_FOR_SERVING)],
)
def test_the_server_loads_no_library_that_draws_or_writes_files(
    module: str, kept_out: tuple[str, ...]
) -> None:
    """Together they take some 150 MB, for every process of the server."""
    code = f"import sys, {module}; print(*sorted({set(kept_out)!r} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
