"""Signing in at the town's OpenID provider: authorization code with PKCE, as OpenID Connect Core 1.0 has it.

What the provider says is believed only as an ID token signed with one of its keys, made for this service, for
this very attempt, and not over; docs/sign-in.md shows a provider's side (Keycloak).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from geo_service.identity.attempt import Attempt
from geo_service.identity.desk_roles import desk_roles
from geo_service.identity.provider import ProviderAway, SignInRefused, VouchedPerson
from geo_service.settings import Settings

_LEEWAY_S = 60  # two machines' clocks differ
_PATIENCE_S = 5.0
_METADATA_HOLDS_S = 3600.0
# Signatures of a key pair only: a provider's secret is no proof towards a third, and `none` is none at all.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})


class OpenIdProvider:
    """One provider and this service as its client; keeps what it publishes for an hour."""

    def __init__(self, settings: Settings) -> None:
        self.issuer = (settings.oidc_issuer or "").rstrip("/")
        self.client_id = settings.oidc_client_id or ""
        self.claims = tuple(part.strip() for part in settings.oidc_claims.split(",") if part.strip())
        self._secret = settings.oidc_client_secret or ""
        self._http = httpx.Client(timeout=_PATIENCE_S)
        self._metadata: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    def address_to_sign_in(self, attempt: Attempt, *, back_to: str, language: str) -> str:
        """Where the browser goes to sign in. back_to: this service's callback, as registered there."""
        made: tuple[str, str] = self._client().create_authorization_url(
            self.metadata()["authorization_endpoint"], state=attempt.state, code_verifier=attempt.verifier,
            redirect_uri=back_to, nonce=attempt.nonce, ui_locales=language,
        )  # fmt: skip
        return made[0]

    def redeem(self, attempt: Attempt, *, code: str, iss: str | None, back_to: str) -> VouchedPerson:
        """Who has signed in. iss: as it came with the code (RFC 9207). Raises SignInRefused, ProviderAway."""
        metadata = self.metadata()
        required = metadata.get("authorization_response_iss_parameter_supported") is True
        if (iss is not None or required) and iss != metadata["issuer"]:
            raise SignInRefused()
        token = self._tokens(metadata["token_endpoint"], attempt, code, back_to)
        access_token = token.get("access_token")
        claims = self.check_id_token(str(token.get("id_token", "")), attempt, access_token=access_token)
        told: Mapping[str, Any] = claims
        if not (roles := desk_roles(claims, self.claims)):
            told = {**claims, **self._userinfo(claims["sub"], access_token)}
            roles = desk_roles(told, self.claims)
        name = next((str(told[key]) for key in ("name", "preferred_username", "email") if told.get(key)), "")
        return VouchedPerson(
            issuer=metadata["issuer"], subject=str(claims["sub"])[:255], name=name[:200] or "–",
            roles=roles, id_token=token["id_token"],
        )  # fmt: skip

    def check_id_token(
        self, id_token: str, attempt: Attempt, *, access_token: str | None = None, now: int | None = None
    ) -> Mapping[str, Any]:
        """The claims of an ID token that was made here, for this service and attempt. Raises SignInRefused.

        now: seconds since 1970, None = the clock.
        """
        try:
            try:
                read = self._decoded(id_token, self._keys or self._read_keys())
            except (InvalidKeyIdError, BadSignatureError):
                read = self._decoded(id_token, self._read_keys())  # the provider has new keys
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.metadata()["issuer"]},
                    "aud": {"essential": True, "value": self.client_id},
                    "nonce": {"essential": True, "value": attempt.nonce},
                },
                {"nonce": attempt.nonce, "client_id": self.client_id, "access_token": access_token},
            )
            claims.validate(now=now, leeway=_LEEWAY_S)
        except (JoseError, AuthlibBaseError, ValueError, TypeError) as error:
            raise SignInRefused() from error
        return dict(claims)

    def address_to_sign_out(self, id_token: str, *, back_to: str) -> str | None:
        """Where the browser signs out there, too (RP-Initiated Logout 1.0); None where that cannot be."""
        try:
            endpoint = self.metadata().get("end_session_endpoint")
        except ProviderAway:
            return None  # signed out here, which is what was asked for
        if not endpoint:
            return None
        asked = {
            "id_token_hint": id_token,
            "client_id": self.client_id,
            "post_logout_redirect_uri": back_to,
        }
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    def metadata(self) -> dict[str, Any]:
        """What the provider publishes about itself (Discovery 1.0). Raises ProviderAway."""
        if self._metadata is None or time.monotonic() - self._metadata[0] > _METADATA_HOLDS_S:
            found = self._get(f"{self.issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != self.issuer:
                raise ProviderAway("The sign-in service names another issuer than GEO_SERVICE_OIDC_ISSUER.")
            self._metadata = (time.monotonic(), found)
        return self._metadata[1]

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            self._http, client_id=self.client_id, client_secret=self._secret, scope="openid profile email",
            code_challenge_method="S256",
        )  # fmt: skip

    def _tokens(self, endpoint: str, attempt: Attempt, code: str, back_to: str) -> dict[str, Any]:
        # RFC 6749 section 2.3.1: id and secret are form-encoded before they become Basic.
        auth = httpx.BasicAuth(quote(self.client_id, safe=""), quote(self._secret, safe=""))
        try:
            token: dict[str, Any] = self._client().fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=attempt.verifier,
                redirect_uri=back_to, auth=auth,
            )  # fmt: skip
        except AuthlibBaseError as error:
            raise SignInRefused() from error
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway() from error
        return token

    def _decoded(self, id_token: str, keys: KeySet) -> jwt.Token:
        offered = self.metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
        allowed = [name for name in offered if name in _ALGORITHMS]
        return jwt.decode(id_token, keys, registry=JWSRegistry(algorithms=allowed, strict_check_header=False))

    def _read_keys(self) -> KeySet:
        self._keys = KeySet.import_key_set(self._get(self.metadata()["jwks_uri"]))  # type: ignore[arg-type]
        return self._keys

    def _userinfo(self, subject: str, access_token: str | None) -> dict[str, Any]:
        endpoint = self.metadata().get("userinfo_endpoint")
        if not endpoint or not access_token:
            return {}
        found = self._get(endpoint, {"Authorization": f"Bearer {access_token}"})
        return found if found.get("sub") == subject else {}

    def _get(self, address: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = self._http.get(address, headers=headers)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise ProviderAway() from error
        if not isinstance(found, dict):
            raise ProviderAway()
        return found
