"""A pid file that a killed database server left behind: when it may be removed."""

from __future__ import annotations

import os
from pathlib import Path

_SERVER_NAMES = {"postgres", "postmaster"}


def has_living_server(data: Path) -> bool:
    """True if the process that the pid file of `data` names is a database server and no zombie."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        name, state = _name_and_state(pid)
    except (OSError, ValueError, IndexError):
        return False
    return name in _SERVER_NAMES and state != "Z"


def forget_dead_server(data: Path) -> bool:
    """Remove the pid file of `data` if its process is a zombie or another program by now; True if it did.

    Only when no process works in the folder any more: PostgreSQL itself reads from that file which shared
    memory a killed server's sessions may still write through.
    """
    left = data / "postmaster.pid"
    try:
        pid = int(left.read_text(encoding="ascii").splitlines()[0])
        name, state = _name_and_state(pid)
    except (OSError, ValueError, IndexError):
        return False
    if (name in _SERVER_NAMES and state != "Z") or _someone_works_in(data):
        return False
    left.unlink(missing_ok=True)
    return True


def _name_and_state(pid: int) -> tuple[str, str]:
    # "4711 (postgres) S 1 …": the name may itself hold blanks and brackets.
    status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    name, rest = status.split("(", 1)[1].rsplit(")", 1)
    return name, rest.split()[0]


def _someone_works_in(folder: Path) -> bool:
    wanted = os.path.realpath(folder)
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(process / "cwd") == wanted:
                return True
        except OSError:
            continue
    return False
