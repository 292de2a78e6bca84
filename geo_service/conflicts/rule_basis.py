"""The rules and values that findings rest on, kept under their hash: March can be explained in October."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from geo_service.conflicts.catalogue import Catalogue, rule_documents
from geo_service.conflicts.finding import Finding, finding_document
from geo_service.errors import NotFound
from geo_service.identity.caller import Caller
from geo_service.sql.loader import statements, text

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleBasis:
    """Recorded rules with their values. town: AGS, None outside every town; rules: as `rule_documents`."""

    basis_id: str
    town: str | None
    rules: list[Document]
    recorded_at: datetime


def basis_of(found: Catalogue) -> tuple[str, list[Document]]:
    """Hash and documents of the rules and values of a catalogue; worked out once for each."""
    if "basis" not in found.memo:
        rules = rule_documents(found)
        text_of = orjson.dumps([found.town, rules], option=orjson.OPT_SORT_KEYS)
        found.memo["basis"] = (hashlib.sha256(text_of).hexdigest()[:24], rules)
    basis: tuple[str, list[Document]] = found.memo["basis"]
    return basis


def record_basis(session: Session, found: Catalogue) -> str:
    """Record what is in force, if it is not yet; returns its hash."""
    basis_id, rules = basis_of(found)
    named = statements("findings")
    if found.memo.get("basis_recorded"):
        return basis_id
    kept = session.execute(text(named["find_basis"]), {"basis_id": basis_id}).one_or_none()
    if kept is not None and kept.committed:
        found.memo["basis_recorded"] = True
    if kept is None:
        values = {"basis_id": basis_id, "town": found.town, "document": orjson.dumps(rules).decode()}
        session.execute(text(named["record_basis"]), values)
    return basis_id


def get_basis(session: Session, basis_id: str) -> RuleBasis:
    """What is recorded under a hash. Raises NotFound."""
    row = session.execute(text(statements("findings")["get_basis"]), {"basis_id": basis_id}).one_or_none()
    if row is None:
        raise NotFound("There are no rules recorded under this name.")
    return RuleBasis(
        basis_id=row.basis_id, town=row.town, rules=list(row.document), recorded_at=row.recorded_at
    )


def frozen_findings(found: Catalogue, findings: Iterable[Finding], by: Caller) -> list[Document]:
    """Findings as they are kept with a decision: with the values of their rule that were in force."""
    values = {rule["rule"]: rule["parameters"] for rule in basis_of(found)[1]}
    return [
        {**finding_document(each, by), "note": each.note, "values": values.get(each.rule, [])}
        for each in findings
    ]
