"""The mail server: its address, and one message handed to it in one conversation.

The moment that cannot be made safe is between the end of a message and the server's answer (RFC 5321, 4.2.5
and 4.5.3.2.6; RFC 1047). It is made as short as it can be: everything is sent first, then `before_end` notes
that the end is about to be sent, then the end goes out. A server throws away what has no end.
"""

from __future__ import annotations

import contextlib
import re
import select
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final, Literal
from urllib.parse import unquote, urlsplit

from geo_service.errors import SetupError
from geo_service.settings import Settings
from geo_service.towns.mail_address import is_address

Security = Literal["none", "starttls", "tls"]
_SCHEMES: Final[dict[str, tuple[Security, int]]] = {
    "smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465),
}  # fmt: skip
_STEP_TIMEOUT_S: Final = 10.0
_ANSWER_TIMEOUT_S: Final = 600.0  # RFC 5321, 4.5.3.2.6: giving up early makes doubles
_STOP_AFTER_S: Final = 3.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class NotAccepted(Exception):
    """The server has not taken the message. passing: another try may succeed. No personal data in `kind`."""

    def __init__(self, kind: str, said: str, *, passing: bool) -> None:
        super().__init__(kind)
        self.kind, self.said, self.passing = kind, said, passing


class NobodyKnows(Exception):
    """The message was sent to its end, and no answer came."""


class NoLongerOurs(Exception):
    """`before_end` said that the message must not be sent."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MailServer:
    """Where messages go, who sends them, and the address of this service for the links in them."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    sender: str
    base_url: str
    step_timeout_s: float = _STEP_TIMEOUT_S


def mail_server(settings: Settings) -> MailServer | None:
    """From the settings; None where no mail server is configured. Raises SetupError for half a setting."""
    if settings.smtp_url is None:
        return None
    parts = urlsplit(settings.smtp_url.get_secret_value())
    try:
        port = parts.port
    except ValueError:
        port = 0
    rest = parts.path.strip("/") or parts.query
    if parts.scheme not in _SCHEMES or not parts.hostname or port == 0 or rest:
        raise SetupError(
            "GEO_SERVICE_SMTP_URL is an address like smtp+starttls://user:password@mail.example.org:587 "
            "(smtp, smtp+starttls or smtps; special characters in user and password as %40)."
        )
    security, usual = _SCHEMES[parts.scheme]
    if parts.password and security == "none" and parts.hostname not in _LOOPBACK:
        raise SetupError(
            "GEO_SERVICE_SMTP_URL: a password needs smtp+starttls:// or smtps://, else anybody reads it."
        )
    if settings.mail_from is None or not is_address(settings.mail_from):
        raise SetupError("GEO_SERVICE_MAIL_FROM must be the address that messages are sent from.")
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    return MailServer(
        host=parts.hostname,
        port=port or usual,
        security=security,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password or ""),
        sender=settings.mail_from,
        base_url=(settings.public_url or f"http://{shown}:{settings.port}").rstrip("/"),
    )


def hand_over(
    server: MailServer,
    message: EmailMessage,
    *,
    before_end: Callable[[], bool],
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Give one message to the server; returning means that the server has taken it.

    before_end: asked when everything but the end is sent; False throws the message away.
    Raises NotAccepted, NobodyKnows or NoLongerOurs. The message has its From and To, one address each.
    """
    raw = message.as_bytes()
    try:
        smtp = _open(server)
    except (OSError, smtplib.SMTPException) as error:
        raise NotAccepted("connection", _said(error), passing=True) from None
    try:
        sender, recipient = (message[name].addresses[0].addr_spec for name in ("From", "To"))
        _send_all_but_the_end(smtp, sender, recipient, raw)
        if not before_end():
            raise NoLongerOurs
        _end(smtp, should_stop)
        with contextlib.suppress(OSError, smtplib.SMTPException):
            smtp.quit()
    finally:
        smtp.close()


def _open(server: MailServer) -> smtplib.SMTP:
    # Reading the known authorities takes longer than a whole conversation: only where they are asked for.
    context = None if server.security == "none" else ssl.create_default_context()
    smtp: smtplib.SMTP
    if server.security == "tls":
        smtp = smtplib.SMTP_SSL(server.host, server.port, timeout=server.step_timeout_s, context=context)
    else:
        smtp = smtplib.SMTP(server.host, server.port, timeout=server.step_timeout_s)
    try:
        assert smtp.sock is not None
        # The end of a message goes out by itself: without this it waits 40 ms for the answer to the rest.
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        smtp.ehlo_or_helo_if_needed()
        if server.security == "starttls":
            smtp.starttls(context=context)
            smtp.ehlo_or_helo_if_needed()
        if server.user:
            smtp.login(server.user, server.password or "")
    except BaseException:
        smtp.close()
        raise
    return smtp


def _send_all_but_the_end(smtp: smtplib.SMTP, sender: str, recipient: str, raw: bytes) -> None:
    try:
        _expect("sender", smtp.mail(sender), 250)
        _expect("recipient", smtp.rcpt(recipient), 250, 251)
        _expect("data", smtp.docmd("DATA"), 354)
        # A dot that begins a line is doubled (RFC 5321, 4.5.2); the policy ends every line with CR LF.
        smtp.send(re.sub(rb"(?m)^\.", b"..", raw))
        if not raw.endswith(b"\r\n"):
            smtp.send(b"\r\n")
    except (OSError, smtplib.SMTPException) as error:
        raise NotAccepted("connection", _said(error), passing=True) from None


def _end(smtp: smtplib.SMTP, should_stop: Callable[[], bool]) -> None:
    try:
        smtp.send(b".\r\n")
        _await_answer(smtp, should_stop)
        answer = smtp.getreply()
    except (OSError, smtplib.SMTPException):
        raise NobodyKnows from None
    _expect("message", answer, 250)


def _await_answer(smtp: smtplib.SMTP, should_stop: Callable[[], bool]) -> None:
    """Wait for the server as long as it may take; a worker that is to stop waits a little only."""
    assert smtp.sock is not None
    give_up = time.monotonic() + _ANSWER_TIMEOUT_S
    asked_to_stop = False
    while not select.select([smtp.sock], [], [], 0.5)[0]:
        if not asked_to_stop and should_stop():
            asked_to_stop = True
            give_up = time.monotonic() + _STOP_AFTER_S
        if time.monotonic() >= give_up:
            raise TimeoutError
    smtp.sock.settimeout(_STEP_TIMEOUT_S * 3)


def _expect(kind: str, answer: tuple[int, bytes], *good: int) -> None:
    code, words = answer
    if code not in good:
        said = f"{code} {words.decode('utf-8', 'replace')}"
        raise NotAccepted(kind, said, passing=not 500 <= code <= 599)


def _said(error: Exception) -> str:
    """What went wrong, for the desk."""
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return f"{error.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
    return f"{type(error).__name__}: {error}"
