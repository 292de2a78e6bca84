"""The conversation itself: with TLS and a sign-in, and never a password to a server that nobody vouches for."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from geo_service.messages.mail_server import MailServer, NoLongerOurs, NotAccepted, Security, hand_over
from tests.messages.conftest import Post, free_port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost, which vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", str(key), "-out", str(certificate)],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


def greet(port: int, trusted: Path) -> None:
    """Wait for the first line of a server that speaks TLS from the start."""
    context = ssl.create_default_context(cafile=trusted)
    plain = socket.create_connection(("localhost", port), 5)
    with context.wrap_socket(plain, server_hostname="localhost") as greeted:  # it closes the plain one, too
        greeted.recv(100)


@pytest.fixture(params=["starttls", "tls"])
def guarded(
    request: pytest.FixtureRequest, certificate: tuple[Path, Path]
) -> Iterator[tuple[Post, MailServer, list[str]]]:
    """A mail server that wants TLS and a sign-in; the users that have tried."""
    tried: list[str] = []

    def sign_in(_: Any, __: Any, ___: Any, ____: str, given: Any) -> AuthResult:
        assert isinstance(given, LoginPassword)
        tried.append(given.login.decode())
        return AuthResult(success=given.password == b"p:w")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    security: Security = request.param
    post, port = Post(), free_port()
    tls = (
        {"ssl_context": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    controller = Controller(
        post, hostname="localhost", port=port, authenticator=sign_in, auth_required=True,
        auth_require_tls=security == "starttls", **tls,
    )  # fmt: skip
    if security == "tls":  # its own way of waiting does not trust the certificate, and waits for ever
        controller._trigger_server = lambda: greet(port, certificate[0])  # type: ignore[method-assign]
    controller.start()
    yield post, MailServer(
        host="localhost", port=port, security=security, user="amt", password="p:w",
        sender="dienst@kreis.example", base_url="http://x", step_timeout_s=5,
    ), tried  # fmt: skip
    controller.stop(no_assert=True)


def mail(body: str = "Guten Tag") -> EmailMessage:
    made = EmailMessage(policy=SMTP)
    made["From"], made["To"], made["Subject"] = "dienst@kreis.example", "erika@example.org", "Grüße"
    made.set_content(body, cte="quoted-printable")
    return made


def test_with_tls_and_a_sign_in(
    guarded: tuple[Post, MailServer, list[str]],
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post, server, tried = guarded
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    hand_over(server, mail(".\r\n..Ende\n.\n"), before_end=lambda: True)
    (sent,) = post.mails
    assert sent["Subject"] == "Grüße" and sent.get_content().splitlines() == [".", "..Ende", "."]
    assert tried == ["amt"]
    with pytest.raises(NoLongerOurs):
        hand_over(server, mail(), before_end=lambda: False)
    assert len(post.mails) == 1


def test_no_password_for_a_server_that_nobody_vouches_for(
    guarded: tuple[Post, MailServer, list[str]],
) -> None:
    post, server, tried = guarded
    with pytest.raises(NotAccepted) as refused:
        hand_over(server, mail(), before_end=lambda: True)
    assert refused.value.passing and "CERTIFICATE_VERIFY_FAILED" in refused.value.said
    assert post.mails == [] and tried == []
