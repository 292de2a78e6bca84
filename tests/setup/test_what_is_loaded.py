"""A server that only answers with data does not hold the libraries that draw maps, sheets and files."""

from __future__ import annotations

import subprocess
import sys

_ONLY_WHEN_NEEDED = ("folium", "geopandas", "pandas", "pyarrow", "pyogrio", "weasyprint", "pypdf", "authlib")


def test_the_application_loads_no_library_that_draws_or_writes_files() -> None:
    """Together they take some 150 MB, for every process of the server."""
    code = f"import sys, geo_service.app; print(*sorted({set(_ONLY_WHEN_NEEDED)!r} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []
