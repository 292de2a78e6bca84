"""E-mail addresses that a message can be sent to: one line, one address, nothing else."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address

_LONGEST = 254  # RFC 5321, 4.5.3.1.3: the path with its brackets has 256
_DOMAIN = re.compile(
    r"(?=.{1,253}$)([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
)
_LOCAL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")


def is_address(text: str) -> bool:
    """True for `name@host.domain` in ASCII; other names need SMTPUTF8, which few servers offer."""
    local, at, domain = text.rpartition("@")
    if not at or len(text) > _LONGEST or not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return False
    try:
        return Address(addr_spec=text).addr_spec == text
    except (HeaderParseError, ValueError, IndexError):
        return False


def known_address(text: str) -> str:
    """`text`, if it is an address. Raises ValueError."""
    if not is_address(text):
        raise ValueError(f"{text!r} is not an e-mail address like amt@example.org")
    return text
