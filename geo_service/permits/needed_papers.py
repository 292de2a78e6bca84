"""Which papers a use needs (data/use_types.yaml) and its case lacks. A clerk sees it; nothing stops."""

from __future__ import annotations

from sqlalchemy.orm import Session

from geo_service.occupations.use_types import use_types
from geo_service.permits.permit import Permit
from geo_service.sql.loader import statements, text


def missing_papers(session: Session, permit: Permit) -> list[str]:
    """Codes of the list document_kind, in the order of the file. An extension needs what its permit has."""
    if permit.child_kind == "extension":  # the same thing at the same place for longer
        return []
    asked = {"permit_id": permit.permit_id}
    there = set(session.execute(text(statements("documents")["kinds_in_case"]), asked).scalars())
    return [kind for kind in use_types()[permit.use.use_type].documents if kind not in there]
