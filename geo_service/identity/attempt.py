"""A sign-in on its way through the OpenID provider: one secret in the browser's cookie, the rest from it.

State, nonce and PKCE verifier are HMACs of the secret. So nothing is stored here, any server process can go
on with it, and only the browser that began can finish: nobody else has the cookie.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

import orjson

from geo_service.identity.secrets import new_secret

ATTEMPT_SECONDS = 10 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """town: AGS of the desk that is wanted. next: a path of this service to go on to."""

    secret: str
    town: str
    next: str

    @property
    def state(self) -> str:
        """Comes back with the browser; another value is another browser's."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Comes back inside the ID token; another value is another sign-in's."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """PKCE: proves that who redeems the code is who asked for it. 43 characters."""
        return self._derived("code verifier")

    def is_state(self, sent: str) -> bool:
        """True if `sent` is this attempt's; compared in constant time."""
        return hmac.compare_digest(sent.encode(), self.state.encode())

    def in_cookie(self) -> str:
        """As the cookie's value."""
        place = base64.urlsafe_b64encode(orjson.dumps([self.town, self.next]))
        return f"{self.secret}.{place.decode().rstrip('=')}"  # with a "=" it would be quoted

    def _derived(self, use: str) -> str:
        digest = hmac.new(self.secret.encode(), use.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def begin_attempt(town: str, next_path: str) -> Attempt:
    """A new one with a secret of its own."""
    return Attempt(secret=new_secret(), town=town, next=next_path)


def attempt_in_cookie(value: str | None) -> Attempt | None:
    """The attempt behind a cookie's value, or None where there is none to be read."""
    secret, _, place = (value or "").partition(".")
    try:
        town, next_path = orjson.loads(base64.urlsafe_b64decode(place + "=" * (-len(place) % 4)))
    except (ValueError, TypeError):
        return None
    if len(secret) < 43 or not isinstance(town, str) or not isinstance(next_path, str):
        return None
    return Attempt(secret=secret, town=town, next=next_path)
