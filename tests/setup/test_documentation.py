"""A setting that README does not explain does not exist for the people who run the service."""

from __future__ import annotations

import re
from pathlib import Path

from geo_service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_readme_names_exactly_the_settings_there_are() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"GEO_SERVICE_([A-Z_]+[A-Z])", readme)) - {"SHARED_DATA"}  # for tests only
    assert {name.upper() for name in Settings.model_fields} == named


def test_every_make_verb_is_in_the_help() -> None:
    verbs = re.findall(r"^([a-z-]+):.*", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    explained = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert {"run", "test", "lint", "bench", "conformance", "soak"} <= set(explained)
    assert set(verbs) - set(explained) == {"setup-tests"}


def test_locked_lists_name_no_registry() -> None:
    lists = [*(ROOT / ".lock").rglob("*"), *(ROOT / "tests" / "identity" / "provider").glob("*.*")]
    for path in lists:
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"index-url|find-links|\"resolved\"", text), path
