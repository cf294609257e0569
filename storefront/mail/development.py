"""Mail in development, without an SMTP server: stored in `mail/` of the instance directory and shown on pages."""

from __future__ import annotations

import email
import email.policy
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from flask import current_app


@dataclass(frozen=True, slots=True)
class StoredMail:
    """A stored mail as a page shows it. `link` is the first URL of the text, or empty."""

    subject: str
    text: str
    link: str


def is_active() -> bool:
    """Return whether mail is stored and shown instead of sent."""
    return current_app.config["ENV"] != "production" and not current_app.config["SMTP_URL"]


def store(message: EmailMessage, key: str) -> None:
    """Write a mail to the instance directory."""
    _folder().mkdir(exist_ok=True)
    (_folder() / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{key}.eml").write_bytes(message.as_bytes())


def find(key: str) -> StoredMail | None:
    """Return the stored mail with this key. None if there is no such mail, or if mail is not stored."""
    if not is_active() or not re.fullmatch("[0-9a-f]{32}", key):
        return None
    file = next(_folder().glob(f"*-{key}.eml"), None)
    if file is None:
        return None
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    link = re.search(r"https?://\S+", text)
    return StoredMail(str(message["Subject"]), text, link[0] if link else "")


def _folder() -> Path:
    return Path(current_app.instance_path) / "mail"
