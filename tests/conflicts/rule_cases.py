"""Runs the cases of tests/rules/*.yaml."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
import yaml
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue
from geo_service.conflicts.finding import Finding
from geo_service.db.database import speak_as

FOLDER = Path(__file__).resolve().parent.parent / "rules"
TODAY = date(2026, 5, 1)
FILES = sorted(path.name for path in FOLDER.glob("*.yaml"))


@cache
def cases_of(name: str) -> dict[str, Any]:
    return yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))


def outcome(
    engines: dict[str, Any], scenery: Any, file: str, case: dict[str, Any], found: Catalogue
) -> list[Finding]:
    with Session(engines.get(file, engines[""])) as session:
        speak_as(session, actor="operator")
        for road in case.get("roads", cases_of(file).get("roads", [])):
            scenery.add_road(session, road)
        for words in (*cases_of(file).get("places", []), *case.get("places", [])):
            scenery.add_place(session, words)
        stage = scenery.Scene(session)
        for words in [*case.get("others", []), *([case["other"]] if "other" in case else [])]:
            for one in scenery.each_day(words):
                other = stage.store(one)
                if one.get("takes") == "unknown":
                    stage.set_takes_unknown(other)
                if one.get("course") == "unknown":
                    stage.forget_course(other)
        result = stage.check(case["mine"], found)
        session.rollback()
    return list(result.findings)


def agrees(findings: list[Finding], expected: Any) -> str | None:
    """None, or what is different."""
    if expected == "quiet":
        return None if not findings else f"expected quiet, found {findings[0].severity}"
    wanted = {"severity": expected} if isinstance(expected, str) else expected
    if len(findings) != 1:
        return f"expected one finding, found {len(findings)}"
    found = findings[0]
    seen = {"severity": found.severity, "could_be": found.could_be, "missing": list(found.missing)}
    if "measured" in wanted:
        seen["measured"] = pytest.approx(found.measured, abs=0.002)
    if "limit" in wanted:
        seen["limit"] = pytest.approx(found.limit)
    if "shows_m" in wanted:  # the length of what the map shows; around an area its outline
        seen["shows_m"] = pytest.approx(shapely.from_wkb(found.ewkb).length, abs=0.01)
    if "shows" in wanted:
        seen["shows"] = shapely.from_wkb(found.ewkb).geom_type
    for key, language in (("says", "de"), ("says_en", "en")):
        if key in wanted:
            said = found.explanation[language]
            seen[key] = wanted[key] if wanted[key] in said else said
    different = {key: seen[key] for key in wanted if seen[key] != wanted[key]}
    return f"expected {wanted}, found {different}" if different else None
