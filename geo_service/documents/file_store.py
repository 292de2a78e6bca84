"""Files beside the database, each named by a random id: whole or not there, whenever the power fails.

A file is written under another name, brought to the disk, and renamed; only then is its row written. What
no row names is swept later (sweep.py). The folder lies under GEO_SERVICE_HOME, where no web server looks.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import structlog

from geo_service.db.home import choose_home
from geo_service.errors import NotFound, Unavailable
from geo_service.settings import Settings

_MARK = "database"
_UNFINISHED = ".part"
_log = structlog.get_logger()


class FileIsGone(NotFound):
    """The file of this paper cannot be read on the server; the town's operator has been told."""


@dataclass(frozen=True, slots=True)
class FileStore:
    """The folder of files. It is made when the first file comes."""

    root: Path

    def keep(self, content: bytes, home_id: UUID) -> UUID:
        """Store `content`; returns its new id. home_id: of the database that will name it.

        Raises Unavailable when the disk refuses or the folder belongs to another database.
        """
        file_id = uuid4()
        place = self._place(file_id)
        try:
            self._claim(home_id)
            place.parent.mkdir(mode=0o700, exist_ok=True)
            _write(place, content)
        except OSError as error:
            _log.error("file not stored", folder=str(self.root), reason=error.strerror)
            raise Unavailable("The file cannot be stored right now; try again later.") from error
        return file_id

    def read(self, file_id: UUID, checksum: bytes) -> bytes:
        """The content of a file. checksum: its SHA-256. Raises FileIsGone where it is not what was stored."""
        try:
            content = self._place(file_id).read_bytes()
        except OSError as error:
            _log.error("file missing", file=str(file_id), reason=error.strerror)
            raise FileIsGone() from error
        if sha256(content).digest() != checksum:
            _log.error("file changed on disk", file=str(file_id))
            raise FileIsGone()
        return content

    def remove(self, file_id: UUID) -> None:
        """Remove a file; nothing where there is none."""
        self._place(file_id).unlink(missing_ok=True)

    def belongs_to(self, home_id: UUID) -> bool:
        """True if this is the folder of that database."""
        try:
            return (self.root / _MARK).read_text(encoding="ascii") == str(home_id)
        except OSError:
            return False

    def older_than(self, seconds: float) -> Iterator[UUID]:
        """The files that were stored longer ago; older ones that were never finished go on the way."""
        before = time.time() - seconds
        for path in self.root.glob("??/*"):
            try:
                if path.stat().st_mtime >= before:
                    continue
                if path.suffix == _UNFINISHED:
                    path.unlink()
                else:
                    yield UUID(path.name)
            except (FileNotFoundError, ValueError):  # swept by another process, or none of ours
                continue

    def _place(self, file_id: UUID) -> Path:
        return self.root / file_id.hex[:2] / str(file_id)

    def _claim(self, home_id: UUID) -> None:
        mark = self.root / _MARK
        if not mark.exists():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(mark, str(home_id).encode())
        elif not self.belongs_to(home_id):
            _log.error("folder of files belongs to another database", folder=str(self.root))
            raise Unavailable("The file cannot be stored right now; try again later.")


def file_store(settings: Settings) -> FileStore:
    """The folder of files of a service with these settings. Raises SetupError where there can be none."""
    return FileStore(choose_home(settings) / "files")


def _write(place: Path, content: bytes) -> None:
    draft = place.with_name(f"{place.name}-{uuid4().hex[:8]}{_UNFINISHED}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.rename(place)
    for folder in (place.parent, place.parent.parent):  # the names have to reach the disk, too
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
