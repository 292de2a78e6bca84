"""Files that no case names are removed: what a killed server left behind, and what was taken out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from uuid import UUID

from sqlalchemy.orm import Session

from geo_service.documents.file_store import FileStore
from geo_service.documents.kept_documents import file_home
from geo_service.sql.loader import statements, text

# An hour: longer than any request may take between its file and the commit of its row.
GRACE_S = 3600.0
_AT_ONCE = 500


def sweep_files(session: Session, store: FileStore, *, older_than_s: float = GRACE_S) -> int:
    """Remove every file that is older and that no row names; returns how many.

    Nothing in a folder of another database: its files are named there.
    """
    if not store.belongs_to(file_home(session)):
        return 0
    return sum(_sweep(session, store, some) for some in _batches(store.older_than(older_than_s)))


def sweep_file(session: Session, store: FileStore, file_id: UUID) -> int:
    """The same for one file whose row has let it go, at once."""
    return _sweep(session, store, [file_id]) if store.belongs_to(file_home(session)) else 0


def _sweep(session: Session, store: FileStore, files: list[UUID]) -> int:
    rows = session.execute(text(statements("documents")["needed_files"]), {"files": files})
    unnamed = set(files) - set(rows.scalars())
    for file_id in unnamed:
        store.remove(file_id)
    return len(unnamed)


def _batches(files: Iterable[UUID]) -> Iterator[list[UUID]]:
    left = iter(files)
    while some := list(islice(left, _AT_ONCE)):
        yield some
