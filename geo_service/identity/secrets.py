"""Random secrets of 256 bits, and what is stored of them: SHA-256 only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets


def new_secret() -> str:
    """256 random bits as 43 characters that survive headers, cookies and forms."""
    return secrets.token_urlsafe(32)


def stored_form(secret: str) -> bytes:
    """SHA-256: with 256 random bits behind it, nothing slower is needed."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_token(sign_in_cookie: str) -> str:
    """The token a page puts into its forms; made from the cookie, which other sites cannot read."""
    digest = hmac.new(sign_in_cookie.encode(), b"form of the desk", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_csrf_token(sent: str | None, sign_in_cookie: str) -> bool:
    """True if `sent` belongs to the cookie; compared in constant time."""
    return hmac.compare_digest((sent or "").encode(), csrf_token(sign_in_cookie).encode())
