"""Where the own cluster and its files live, and which user runs PostgreSQL: never root."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import tempfile
from pathlib import Path

from geo_service.errors import SetupError
from geo_service.settings import Settings

# sun_path holds 108 bytes with its closing zero; "/.s.PGSQL.5432.lock" has to fit behind the folder.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432.lock")


def server_user() -> pwd.struct_passwd | None:
    """Account that runs PostgreSQL: None (ourselves) unless we are root, then postgres, else nobody."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise SetupError(
        "PostgreSQL does not run as root and there is no user postgres; run: adduser --system postgres"
    )


def first_closed_folder(path: Path, user: pwd.struct_passwd) -> Path | None:
    """The uppermost existing folder above `path` that `user` may not enter, or None."""
    for folder in reversed(path.parents):
        if not folder.exists():
            return None
        status = folder.stat()
        if status.st_uid == user.pw_uid:
            bit = stat.S_IXUSR
        elif status.st_gid in os.getgrouplist(user.pw_name, user.pw_gid):
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not status.st_mode & bit:
            return folder
    return None


def _default_home() -> Path:
    checkout = Path(__file__).resolve().parents[2]
    if (checkout / "pyproject.toml").is_file():
        return checkout / ".geo_service"
    if os.geteuid() == 0:
        return Path("/var/lib/geo_service")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "geo_service"


def choose_home(settings: Settings) -> Path:
    """GEO_SERVICE_HOME, else `.geo_service` in the checkout, else a folder the server's user can reach.

    Raises SetupError when the folder that was asked for cannot be reached by that user. With a database of
    its own to talk to (GEO_SERVICE_DATABASE_URL) only files lie there, and nobody else has to reach them.
    """
    user = None if settings.database_url else server_user()
    if settings.home is not None:
        home = settings.home.expanduser().resolve()
        closed = first_closed_folder(home, user) if user else None
        if user and closed:
            raise SetupError(
                f"GEO_SERVICE_HOME={home} cannot be reached by the user {user.pw_name}, who runs PostgreSQL, "
                f"because {closed} is closed to others; choose another folder or run: chmod o+x {closed}"
            )
        return home
    home = _default_home()
    if user and first_closed_folder(home, user):
        return Path(f"/var/lib/geo_service-{_short_name(home)}")
    return home


def socket_folder(home: Path) -> Path:
    """`home`/run, or a folder in the temporary directory when that path is too long for a Unix socket."""
    folder = home / "run"
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder
    return Path(tempfile.gettempdir()) / f"geo_service-{os.geteuid()}-{_short_name(home)}"


def make_folder(folder: Path, mode: int, owner: pwd.struct_passwd | None = None) -> None:
    """Create a folder with exactly this mode and owner; refuses one that belongs to somebody else."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if owner and folder.stat().st_uid in (0, owner.pw_uid):
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(mode)
    except OSError as error:
        raise SetupError(
            f"{folder} cannot be written ({error.strerror}); set GEO_SERVICE_HOME to another folder"
        ) from error


def _short_name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:10]
