"""Settings, read once at the edge (`cli.py`, tests) and handed over."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every field is the environment variable `GEO_SERVICE_<NAME>` or a line of `.env`."""

    model_config = SettingsConfigDict(env_prefix="GEO_SERVICE_", env_file=".env", extra="ignore", frozen=True)

    database_url: Annotated[str | None, Field(description="PostGIS to use instead of the own cluster")] = None
    home: Annotated[Path | None, Field(description="Folder of the own cluster and of files")] = None
    host: Annotated[str, Field(description="Address to serve on")] = "127.0.0.1"
    port: Annotated[int, Field(description="Port to serve on", ge=0, le=65535)] = 8000
    workers: Annotated[int, Field(description="Server processes", ge=1, le=64)] = 1
    public_url: Annotated[str | None, Field(description="Address in links behind a proxy")] = None
    trusted_proxies: Annotated[str, Field(description="Proxies whose forwarded headers count")] = ""
    rate_checks: Annotated[str, Field(description="Checks per client address")] = "120/minute"
    rate_filings: Annotated[str, Field(description="Filings per client address")] = "20/hour"
    smtp_url: Annotated[
        SecretStr | None,
        Field(description="Mail server: smtp://, smtp+starttls:// or smtps://user:password@host"),
    ] = None
    mail_from: Annotated[str | None, Field(description="Sender of messages where the town has none")] = None
    rate_sign_ins: Annotated[str, Field(description="Attempts to sign in per client address")] = "30/minute"
    oidc_issuer: Annotated[str | None, Field(description="OpenID provider of the people at desks")] = None
    oidc_client_id: Annotated[str | None, Field(description="This service's name there")] = None
    oidc_client_secret: Annotated[str | None, Field(description="Its secret there", repr=False)] = None
    oidc_claims: Annotated[str, Field(description="Claims with roles such as 06431002:clerk")] = (
        "groups,realm_access.roles"
    )
    demo: Annotated[bool, Field(description="Demo towns, demo sign-in on loopback, no rate limits")] = False
    statement_timeout_ms: Annotated[int, Field(description="Longest statement", ge=100)] = 10_000

    def address(self) -> str:
        """Address of the service in what is printed, without a slash at its end; never what a client said."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")
