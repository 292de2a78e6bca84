"""Names of files as people see them: never a path, never a character that deceives."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

_LONGEST = 120
_UNNAMED = "Unterlage"
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,8}$")
# Letters, digits and signs stay; what controls the direction of writing or is not to be seen goes.
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def extension_of(name: str) -> str:
    """The last extension of a name with its point, small letters; empty where there is none."""
    found = _EXTENSION.search(_last_part(name))
    return found[0].lower() if found else ""


def shown_name(name: str, extension: str) -> str:
    r"""`name` as it is kept and shown, with the `extension` that fits its type.

    >>> shown_name("C:\\temp\\Plan 1.PDF", ".pdf")
    'Plan 1.pdf'
    >>> shown_name("../../etc/passwd", ".png")
    'passwd.png'
    """
    last = _last_part(name)
    visible = "".join(c for c in last if unicodedata.category(c) not in _INVISIBLE)
    words = " ".join(unicodedata.normalize("NFC", visible).split())
    known = {extension, ".jpeg", ".jpg", ".png", ".pdf"}
    found = _EXTENSION.search(words)
    stem = words[: found.start()] if found and found[0].lower() in known else words
    return f"{stem[:_LONGEST].strip('. ') or _UNNAMED}{extension}"


def attachment(name: str) -> str:
    """The header Content-Disposition that has a browser keep a file and never show it."""
    return _disposition("attachment", name)


def inline(name: str) -> str:
    """The same for a sheet of our own, which may be shown."""
    return _disposition("inline", name)


def _disposition(how: str, name: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def _last_part(name: str) -> str:
    return re.split(r"[/\\]", name)[-1]
