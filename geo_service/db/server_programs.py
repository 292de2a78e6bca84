"""Finds PostgreSQL's own programs and checks that PostGIS and pgRouting are installed beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from geo_service.errors import SetupError

OLDEST_MAJOR = 14
_ROOT = Path("/usr/lib/postgresql")
_SHARE = Path("/usr/share/postgresql")
_NEEDED = {"postgis": "postgis-3", "pgrouting": "pgrouting"}


def find_server_programs(data: Path | None = None, root: Path = _ROOT, share: Path = _SHARE) -> Path:
    """Folder of initdb, pg_ctl and postgres: the version that wrote `data`, else the newest with PostGIS.

    Raises SetupError naming the packages to install.
    """
    installed = _installed(root)
    written_by = _version_of(data) if data else None
    if written_by is not None and written_by not in installed:
        raise SetupError(
            f"{data} was written by PostgreSQL {written_by}, which is not installed; set GEO_SERVICE_HOME to "
            f"another folder or run: {_install_line(written_by)}"
        )
    if not installed:
        raise SetupError(f"PostgreSQL is missing; run: {_install_line(None)}")
    majors = [written_by] if written_by is not None else sorted(installed, reverse=True)
    recent = [major for major in majors if major >= OLDEST_MAJOR]
    if not recent:
        raise SetupError(
            f"PostgreSQL {max(majors)} is too old; {OLDEST_MAJOR} or newer is needed, "
            f"run: {_install_line(None)}"
        )
    for major in recent:
        if not _missing(share, major):
            return installed[major]
    missing = " and ".join(_missing(share, recent[0]))
    raise SetupError(f"PostgreSQL {recent[0]} lacks {missing}; run: {_install_line(recent[0])}")


def _installed(root: Path) -> dict[int, Path]:
    return {
        int(folder.parent.name): folder
        for folder in root.glob("*/bin")
        if folder.parent.name.isdigit() and (folder / "initdb").exists() and (folder / "pg_ctl").exists()
    }


def _missing(share: Path, major: int) -> list[str]:
    return [name for name in _NEEDED if not (share / str(major) / "extension" / f"{name}.control").exists()]


def _version_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None


def _install_line(major: int | None) -> str:
    as_root = "" if os.geteuid() == 0 or not shutil.which("sudo") else "sudo "
    if major is None:
        return f"{as_root}apt-get install postgresql postgresql-postgis and its postgresql-NN-pgrouting"
    packages = " ".join(f"postgresql-{major}-{package}" for package in _NEEDED.values())
    return f"{as_root}apt-get install postgresql-{major} {packages}"
