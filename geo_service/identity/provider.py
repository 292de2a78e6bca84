"""The town's OpenID provider as the rest of the service knows it: is there one, and whom it vouches for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from geo_service.errors import NotSignedIn, SetupError, Unavailable
from geo_service.identity.caller import Role
from geo_service.identity.loopback import is_loopback
from geo_service.settings import Settings

if TYPE_CHECKING:
    from geo_service.identity.oidc import OpenIdProvider


class SignInRefused(NotSignedIn):
    """The sign-in did not succeed; begin it again."""


class ProviderAway(Unavailable):
    """The sign-in service of the town cannot be reached right now; try again shortly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class VouchedPerson:
    """A person the provider has vouched for. roles: AGS → role at that town's desk."""

    issuer: str
    subject: str
    name: str
    roles: Mapping[str, Role]
    id_token: str


def find_provider(settings: Settings) -> OpenIdProvider | None:
    """The provider that the settings name, or None. Raises SetupError when they are not whole or not safe."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or not settings.oidc_client_secret:
        raise SetupError("GEO_SERVICE_OIDC_ISSUER needs GEO_SERVICE_OIDC_CLIENT_ID and _CLIENT_SECRET, too.")
    parts = urlsplit(settings.oidc_issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        raise SetupError(f"GEO_SERVICE_OIDC_ISSUER: {settings.oidc_issuer!r} is not an https address.")
    from geo_service.identity.oidc import OpenIdProvider  # noqa: PLC0415 - with its libraries only where one is used

    return OpenIdProvider(settings)
