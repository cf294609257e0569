"""Sending one mail by SMTP (RFC 5321), over TLS wherever the server has it."""

from __future__ import annotations

import email
import email.policy
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote, urlsplit

TIMEOUT = 10.0  # seconds


def send(address: str, recipient: str, text: str) -> None:
    """Send a mail (as RFC 5322 has it) to one recipient.

    Args:
        address: the server: `smtp://user:password@host:587` (TLS as soon as it is offered), or `smtps://…:465`.
        recipient: to whom.
        text: the mail.

    Raises:
        OSError, smtplib.SMTPException: it did not go out.
    """
    with _connect(address) as server:
        server.send_message(email.message_from_string(text, policy=email.policy.SMTP), to_addrs=[recipient])


def check_login(address: str) -> None:
    """Connect to the server, sign in if there is a password, and leave: to see whether that works.

    Raises:
        OSError, smtplib.SMTPException: it does not.
    """
    with _connect(address):
        pass


@contextmanager
def _connect(address: str) -> Iterator[smtplib.SMTP]:
    url = urlsplit(address)
    host, context = url.hostname or "localhost", ssl.create_default_context()
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, url.port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, url.port or 587, timeout=TIMEOUT)
    with server:
        server.ehlo()
        if url.scheme == "smtp" and server.has_extn("starttls"):
            server.starttls(context=context)
        if (
            url.username
        ):  # never in the clear: without TLS smtplib's own refusal is better than a lost password
            if not isinstance(server.sock, ssl.SSLSocket):
                raise smtplib.SMTPNotSupportedError("the server offers no TLS, so no password is sent to it")
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server
