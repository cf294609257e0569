"""Outgoing e-mail: queued in SQL with the transaction that needs it, sent over SMTP in the background."""

from flask import Flask

from storefront.mail import limits, queue
from storefront.mail.email_address import display_email
from storefront.mail.letter_kinds import Letter, LetterKind, compose_letter, register_letters
from storefront.mail.letter_words import Words
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
    "Letter",
    "LetterKind",
    "MailNotConfiguredError",
    "MailText",
    "TooManyMailsError",
    "Words",
    "check_configured",
    "compose_letter",
    "enqueue",
    "enqueue_if_configured",
    "enqueue_limited",
    "init_app",
    "register_composer",
    "register_letters",
]


def init_app(app: Flask) -> None:
    """Send mail in the background, and limit the mails that visitors cause."""
    limits.init_app(app)
    queue.init_app(app)
    app.add_template_filter(display_email, "email")
