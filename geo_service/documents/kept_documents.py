"""Papers that the applicant or a clerk adds to a case, at most 20, and takes out before the decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.db.labels import labels_of
from geo_service.documents.file_store import FileStore
from geo_service.documents.inspect_upload import Paper
from geo_service.errors import FieldFault, Forbidden, Invalid, NotFound, Rejected
from geo_service.identity.caller import APPLICANT, Caller
from geo_service.jobs.queue import SWEEP_FILES, defer
from geo_service.permits.permit import Permit
from geo_service.permits.states import UNDECIDED
from geo_service.sql.loader import statements, text

MOST = 20
_OPEN = ("draft", *UNDECIDED)
_NAMED = statements("documents")


class NoSuchDocument(NotFound):
    """There is no such paper in this case."""


class TooManyDocuments(Rejected):
    """A case holds at most 20 papers; take one out first."""


class AlreadyDecided(Rejected):
    """The case has been decided; the applicant's papers stay as they are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A paper of a case; `removed_at`: it was taken out, and only the record of it is left."""

    document_id: UUID
    kind: str
    name: str
    media_type: str
    size_bytes: int
    sha256: bytes
    added_at: datetime
    added_by_role: str
    added_by: str
    removed_at: datetime | None = None
    removed_by_role: str | None = None
    removed_by: str | None = None


def add_document(  # noqa: PLR0913 - what, where, by whom
    session: Session,
    store: FileStore,
    permit: Permit,
    paper: Paper,
    kind: str,
    *,
    caller: Caller,
    as_of: datetime,
) -> Document:
    """Keep `paper` with a case. kind: of the code list document_kind.

    Raises TooManyDocuments, AlreadyDecided (409), Invalid (422) or Unavailable (503).
    """
    if kind not in {code for code, _ in labels_of("document_kind")}:
        detail = "What kind of paper it is is not known."
        raise Invalid(detail, errors=[FieldFault("/kind", detail)])
    by = _who_acts(permit, caller)
    # The file comes first: whoever is killed in between leaves a file without a row, which is swept.
    file_id = store.keep(paper.content, file_home(session))
    try:
        _refuse_decided(_locked_status(session, permit), by)
        if len(documents_left(list_documents(session, permit.permit_id))) >= MOST:
            raise TooManyDocuments()
    except Exception:
        store.remove(file_id)
        raise
    kept = Document(
        document_id=file_id, kind=kind, name=paper.name, media_type=paper.media_type,
        size_bytes=len(paper.content), sha256=paper.sha256, added_at=as_of,
        added_by_role=by.role, added_by=by.name,
    )  # fmt: skip
    columns = (
        "document_id", "kind", "name", "media_type", "size_bytes", "sha256", "added_at", "added_by_role",
        "added_by",
    )  # fmt: skip
    row = {name: getattr(kept, name) for name in columns}
    session.execute(text(_NAMED["add_document"]), {**row, "permit_id": permit.permit_id})
    return kept


def list_documents(session: Session, permit_id: UUID) -> list[Document]:
    """The papers of a case, oldest first, those that were taken out too."""
    rows = session.execute(text(_NAMED["list_documents"]), {"permit_id": permit_id}).mappings()
    return [Document(**{**row, "sha256": bytes(row["sha256"])}) for row in rows]


def documents_left(documents: Sequence[Document]) -> list[Document]:
    """Those that were not taken out."""
    return [one for one in documents if one.removed_at is None]


def get_document(session: Session, permit: Permit, document_id: UUID) -> Document:
    """One paper that is still there. Raises NoSuchDocument."""
    for one in documents_left(list_documents(session, permit.permit_id)):
        if one.document_id == document_id:
            return one
    raise NoSuchDocument()


def may_remove(permit: Permit, document: Document, caller: Caller) -> bool:
    """True if the caller's side added it and the case is undecided."""
    by_applicant = _who_acts(permit, caller).role == APPLICANT.role
    return permit.status in _OPEN and (document.added_by_role == APPLICANT.role) == by_applicant


def may_add(permit: Permit, caller: Caller) -> bool:
    """True if the caller can add a paper now."""
    return permit.status in _OPEN or _who_acts(permit, caller).role != APPLICANT.role


def remove_document(
    session: Session, permit: Permit, document_id: UUID, *, caller: Caller, as_of: datetime
) -> None:
    """Take a paper out: the record stays, the file goes after the commit.

    Raises NoSuchDocument (404), Forbidden (403) for another side's paper, AlreadyDecided (409).
    """
    by = _who_acts(permit, caller)
    document = get_document(session, permit, document_id)
    if _locked_status(session, permit) not in _OPEN:
        raise AlreadyDecided()
    if not may_remove(permit, document, caller):
        raise Forbidden("Only the side that added a paper can take it out.")
    asked = {
        "document_id": document_id, "permit_id": permit.permit_id, "removed_at": as_of,
        "removed_by_role": by.role, "removed_by": by.name,
    }  # fmt: skip
    if session.execute(text(_NAMED["remove_document"]), asked).one_or_none() is None:
        raise NoSuchDocument()
    defer(session, SWEEP_FILES, file=str(document_id))


def file_home(session: Session) -> UUID:
    """Whose folder of files this database names (file_store.py)."""
    return UUID(str(session.execute(text(_NAMED["get_file_home"])).scalar_one()))


def _who_acts(permit: Permit, caller: Caller) -> Caller:
    return caller if "clerk" in permit.parties else APPLICANT


def _refuse_decided(status: str, by: Caller) -> None:
    if by.role == APPLICANT.role and status not in _OPEN:
        raise AlreadyDecided()


def _locked_status(session: Session, permit: Permit) -> str:
    """Where the case is, now that no other writer can move it."""
    named = statements("permits")
    asked = {"permit_id": permit.permit_id}
    session.execute(text(named["lock_permit"]), {**asked, "reference": None})
    return str(session.execute(text(named["status_of_permit"]), asked).scalar_one())
