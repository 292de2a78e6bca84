"""What the service knows of the person behind a case, for that person: one JSON document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from geo_service.conflicts.finding import Finding
from geo_service.identity.caller import PUBLIC
from geo_service.permits.permit import NoSuchPermit, Permit
from geo_service.permits.permit_document import instant, permit_document
from geo_service.sql.loader import statements, text
from geo_service.towns.town import Town


def my_data(
    session: Session, permit: Permit, findings: list[Finding], town: Town, *, as_of: datetime
) -> dict[str, Any]:
    """Everything stored with the case but the desk's internal notes. NoSuchPermit without the token."""
    if "applicant" not in permit.parties:
        raise NoSuchPermit()
    who = session.execute(
        text(statements("permits")["get_applicant"]), {"permit_id": permit.permit_id}
    ).mappings()
    return {
        "exported_at": instant(as_of),
        "responsible": {
            "town": town.ags,
            "name": town.name,
            "contact": town.texts(permit.use.language).contact,
        },
        "applicant": dict(found) if (found := who.one_or_none()) else None,
        "case": permit_document(permit, findings, PUBLIC, as_of=as_of),
        "kept": {
            "draft_days": town.settings.draft_days,
            "retention_days": town.settings.retention_days,
            "de": (
                f"Ein Entwurf wird {town.settings.draft_days} Tage nach der letzten Änderung gelöscht. "
                f"{town.settings.retention_days} Tage nach dem Ende des Vorgangs werden Ihre Angaben "
                "gelöscht; die Entscheidung bleibt ohne Bezug zu Ihnen erhalten."
            ),
            "en": (
                f"A draft is deleted {town.settings.draft_days} days after it was last changed. "
                f"{town.settings.retention_days} days after the end of the case your data are deleted; "
                "the decision stays without any link to you."
            ),
        },
        "not_included": {
            "de": "Interne Vermerke der Sachbearbeitung; fragen Sie danach bei der genannten Stelle.",
            "en": "Internal notes of the desk; ask the contact named here for them.",
        },
    }
