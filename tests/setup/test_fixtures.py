"""The shared home of these tests survives that somebody cleans /tmp during a long run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


def test_a_home_that_was_cleaned_away_is_made_again(
    initialised_home: Path, request: pytest.FixtureRequest
) -> None:
    shutil.rmtree(initialised_home)
    home: Path = request.getfixturevalue("home")
    assert (home / "postgres" / "PG_VERSION").is_file()
