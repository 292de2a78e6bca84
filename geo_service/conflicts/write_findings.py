"""Stores findings as they are now; what settled ones keep is said in the statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.ask_many import chunks
from geo_service.conflicts.finding import Finding
from geo_service.interval import TOWN_ZONE
from geo_service.occupations.parameters import general_value
from geo_service.sql.loader import statements, text

WRITTEN_AT_ONCE = 1000  # no statement runs long, even where ten thousand stand on one spot
_WRITE = text(statements("conflicts")["write_findings"])


def write_findings(session: Session, findings: Iterable[Finding], *, as_of: datetime) -> None:
    """Store findings as they are now, each key once."""
    day = as_of.astimezone(TOWN_ZONE).date()
    noise = {"m2": general_value("overlap_noise_m2", day), "m": general_value("length_noise_m", day)}
    for part in chunks(findings, WRITTEN_AT_ONCE):
        rows = orjson.dumps([_finding_row(finding) for finding in part]).decode()
        session.execute(_WRITE, {"rows": rows, "noise_m2": noise["m2"], "noise_m": noise["m"]})


def _finding_row(finding: Finding) -> dict[str, Any]:
    other, fixed, beside = finding.other, finding.fixed, finding.beside
    return {
        "finding_id": finding.finding_id,
        "mine_occupation": finding.mine_occupation,
        "other_occupation": None if other is None else other.occupation_id,
        "mine_source": finding.mine_source,
        "other_source": None if beside is None else beside.source_id,
        "mine_town": finding.mine_town,
        "other_town": None if beside is None else beside.town,
        "segment_id": finding.segment_id,
        "rule": finding.rule,
        "number": finding.number,
        "rule_version": finding.rule_version,
        "severity": finding.severity,
        "could_be": finding.could_be,
        "measured": finding.measured,
        "limit_value": finding.limit,
        "unit": finding.unit,
        "needed_for_grant": finding.needed_for_grant,
        "missing": list(finding.missing) or None,
        "geometry": None if finding.ewkb is None else finding.ewkb.hex(),
        "during": None if finding.during is None else finding.during.to_range(),
        "together": list(finding.together) or None,
        "document": {
            "title": dict(finding.title),
            "legal_source": finding.legal_source,
            "explanation": dict(finding.explanation),
            "advice": dict(finding.advice),
            "worse": finding.worse,
            "object": None if fixed is None else fixed.kind,
        },
    }
