"""Outgoing e-mail: queued in SQL with the transaction that needs it, sent over SMTP in the background."""

from flask import Flask

from storefront.mail import limits, queue
from storefront.mail.email_address import display_email
from storefront.mail.limits import TooManyMailsError, enqueue_limited
from storefront.mail.messages import DeferredMail, MailText
from storefront.mail.queue import (
    MailNotConfiguredError,
    check_configured,
    enqueue,
    enqueue_if_configured,
    register_composer,
)

__all__ = [
    "DeferredMail",
    "MailNotConfiguredError",
    "MailText",
    "TooManyMailsError",
    "check_configured",
    "enqueue",
    "enqueue_if_configured",
    "enqueue_limited",
    "init_app",
    "register_composer",
]


def init_app(app: Flask) -> None:
    """Send mail in the background, and limit the mails that visitors cause."""
    limits.init_app(app)
    queue.init_app(app)
    app.add_template_filter(display_email, "email")
