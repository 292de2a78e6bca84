from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def effort() -> int:
    """How many times the usual number of examples; the suite keeps to 1, the long run asks for more."""
    return int(os.environ.get("FUZZ_EFFORT", "1"))
