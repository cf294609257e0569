"""How mail leaves the shop: by SMTP (RFC 5321), over TLS if the server offers it.

Without an SMTP server, in development, mail is stored in `mail/` of the instance directory. Pages show it only to
staff who signed in by a link (`accounts.find_letter`).
"""

from __future__ import annotations

import email
import email.policy
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

from flask import current_app

from storefront.mail.messages import plain_text

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


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A stored mail as a page shows it. `link` is the first URL of the text, or empty."""

    subject: str
    text: str
    link: str


def stores_mail() -> bool:
    """Return whether mail is stored instead of sent."""
    return current_app.config["ENV"] != "production" and not current_app.config["SMTP_URL"]


def store_mail(message: EmailMessage, key: str) -> None:
    """Write a mail to the instance directory."""
    _folder().mkdir(exist_ok=True)
    (_folder() / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{key}.eml").write_bytes(message.as_bytes())


def find_stored_mail(key: str) -> StoredMail | None:
    """Return the stored mail with this key. None if there is no such mail, or if mail is not stored.

    It may hold a sign-in link, so only `accounts.find_letter` calls this.
    """
    if not stores_mail() or not re.fullmatch("[0-9a-f]{32}", key):
        return None
    file = next(_folder().glob(f"*-{key}.eml"), None)
    if file is None:
        return None
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    text = plain_text(message)
    link = re.search(r"https?://\S+", text)
    return StoredMail(str(message["Subject"]), text, link[0] if link else "")


def _folder() -> Path:
    return Path(current_app.instance_path) / "mail"
