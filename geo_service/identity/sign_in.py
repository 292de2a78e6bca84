"""Keys of systems and sign-ins of people; stored as SHA-256, looked up by functions of the database.

For pages: `sign_in_with_key`, `sign_in_person` and `sign_in_for_demo` give a `SignIn`; its token goes into
the cookie of `web/sign_in_cookie.py`. Forms of a signed-in page carry `csrf_token(cookie)` in a field
`csrf_token`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Row
from sqlalchemy.orm import Session

from geo_service.errors import Forbidden, NotSignedIn, SetupError
from geo_service.identity.caller import DESK_ROLES, PUBLIC, Caller, Role, demo_name
from geo_service.identity.loopback import is_loopback
from geo_service.identity.provider import VouchedPerson
from geo_service.identity.secrets import new_secret, stored_form
from geo_service.settings import Settings
from geo_service.sql.loader import statements, text

# A working day, and an hour without a click (the column `idle` of sign_in).
SIGN_IN_SECONDS = 8 * 60 * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """A person's sign-in that has just begun; `token` is shown to the browser only, as a cookie."""

    token: str
    caller: Caller


def _caller(row: Row[tuple[object, ...]], *, signed_in: bool) -> Caller:
    return Caller(
        role=row.role,
        town=row.town,
        name=row.name,
        key_id=str(row.key_id) if row.key_id else None,
        signed_in=signed_in,
    )


def identify(session: Session, *, authorization: str | None, cookie: str | None) -> Caller:
    """The caller behind an Authorization header, else behind a sign-in cookie, else the public.

    Raises NotSignedIn for a key that is unknown, expired or revoked; a stale cookie is only the public.
    """
    if authorization:
        row = session.execute(
            text(statements("identity")["identify_key"]), {"hash": sent_key(authorization)}
        ).one_or_none()
        if row is None:
            raise unknown_key()
        return _caller(row, signed_in=False)
    if cookie:
        row = session.execute(
            text(statements("identity")["identify_sign_in"]), {"hash": stored_form(cookie)}
        ).one_or_none()
        if row is not None:
            return _caller(row, signed_in=True)
    return PUBLIC


def sent_key(authorization: str) -> bytes:
    """The key of an Authorization header as it is stored. Raises NotSignedIn for another scheme."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn(
            "Send the key as: Authorization: Bearer KEY", headers={"WWW-Authenticate": "Bearer"}
        )
    return stored_form(key.strip())


def unknown_key() -> NotSignedIn:
    """The answer to a key that is not in force."""
    return NotSignedIn("This key is unknown, expired or revoked.", headers={"WWW-Authenticate": "Bearer"})


def sign_in_with_key(session: Session, key: str) -> SignIn:
    """Begin a sign-in of eight hours with the key of a clerk, supervisor or admin. Raises NotSignedIn."""
    token = new_secret()
    row = session.execute(
        text(statements("identity")["begin_sign_in"]),
        {"hash": stored_form(key.strip()), "token_hash": stored_form(token), "seconds": SIGN_IN_SECONDS},
    ).one_or_none()
    if row is None:
        raise NotSignedIn("This key is unknown, expired, revoked or not the key of a person at a desk.")
    return SignIn(token=token, caller=_caller(row, signed_in=True))


def sign_in_for_demo(session: Session, settings: Settings, *, town: str, role: Role) -> SignIn:
    """Begin a sign-in without a key, in a demo town of a demo on this machine only. Raises Forbidden."""
    if not demo_sign_in_offered(settings) or role not in DESK_ROLES:
        raise Forbidden("Signing in without a key exists only in the demo on this machine.")
    token = new_secret()
    row = session.execute(
        text(statements("identity")["begin_demo_sign_in"]),
        {
            "town": town,
            "role": role,
            "name": demo_name(role),
            "token_hash": stored_form(token),
            "seconds": SIGN_IN_SECONDS,
        },
    ).one_or_none()
    if row is None:
        raise Forbidden("This is not a demo town.")
    return SignIn(token=token, caller=_caller(row, signed_in=True))


def sign_in_person(session: Session, person: VouchedPerson, *, town: str) -> SignIn:
    """Begin a sign-in at the desk of `town` (AGS) for somebody the OpenID provider vouches for.

    Raises Forbidden where the provider gives them no role there, or the town has barred them.
    """
    role = person.roles.get(town)
    if role is None:
        raise Forbidden("Your account has no role at this desk; the town's administration gives it.")
    token = new_secret()
    stated = {
        "issuer": person.issuer, "subject": person.subject, "name": person.name, "town": town, "role": role,
        "id_token": person.id_token,
    }  # fmt: skip
    row = session.execute(
        text(statements("identity")["begin_person_sign_in"]),
        {
            "person": orjson.dumps(stated).decode(),
            "token_hash": stored_form(token),
            "seconds": SIGN_IN_SECONDS,
        },
    ).one_or_none()
    if row is None:
        raise Forbidden("Your account may not act at this desk; ask the town's administration.")
    return SignIn(token=token, caller=_caller(row, signed_in=True))


def sign_out(session: Session, cookie: str) -> str | None:
    """End the sign-in behind a cookie, if there is one; returns the ID token it began with, if any."""
    ended = session.execute(text(statements("identity")["end_sign_in"]), {"hash": stored_form(cookie)})
    id_token: str | None = ended.scalar_one()
    return id_token


def demo_sign_in_offered(settings: Settings) -> bool:
    """True only for the demo, served on this machine and announced under no other name."""
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    return settings.demo and is_loopback(settings.host) and (public is None or is_loopback(public))


def refuse_public_demo(settings: Settings) -> None:
    """SetupError if a demo, where anybody may sign in as a clerk, would be reachable by others."""
    if settings.demo and not demo_sign_in_offered(settings):
        raise SetupError(
            f"The demo lets anybody sign in as a clerk, so it is served on this machine only: "
            f"host {settings.host!r}, public address {settings.public_url or 'none'}. "
            "Use GEO_SERVICE_HOST=127.0.0.1, or serve without the demo."
        )
