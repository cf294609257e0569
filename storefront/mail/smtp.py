"""Sends mail by SMTP (RFC 5321), over TLS if the server offers it."""

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
    """Send a message (RFC 5322) to one recipient.

    Args:
        address: the server: `smtp://user:password@host:587` (TLS if the server offers it), or `smtps://…:465`.
        recipient: the e-mail address of the recipient.
        text: the message with its headers.

    Raises:
        OSError, smtplib.SMTPException: the server did not accept the message.
    """
    with _connect(address) as server:
        server.send_message(email.message_from_string(text, policy=email.policy.SMTP), to_addrs=[recipient])


def check_login(address: str) -> None:
    """Connect to the server, log in if there is a password, and disconnect: checks the configuration.

    Raises:
        OSError, smtplib.SMTPException: the server cannot be used.
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
        if url.username:
            # A password is never sent without TLS.
            if not isinstance(server.sock, ssl.SSLSocket):
                raise smtplib.SMTPNotSupportedError("the server offers no TLS, so no password is sent to it")
            server.login(unquote(url.username), unquote(url.password or ""))
        yield server
