"""Where throw-away databases live: in memory, where there is room; copying a database there takes a fifth of the time."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

_MEMORY, _DISK = Path("/dev/shm"), Path("/tmp")
_ROOM_BYTES = 6_000_000_000


def quick_folder(prefix: str) -> Path:
    """A new empty folder that the server's user may look into; a short path, because a socket's name is limited to 107 bytes."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_MEMORY if roomy else _DISK))
    folder.chmod(0o755)
    return folder
