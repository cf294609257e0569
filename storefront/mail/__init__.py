"""Outgoing e-mail: queued in SQL with the transaction that needs it, sent over SMTP in the background."""

from storefront.mail.messages import DeferredMail, MailText
from storefront.mail.queue import (
    MailNotConfiguredError,
    enqueue,
    enqueue_if_configured,
    init_app,
    register_composer,
)

__all__ = [
    "DeferredMail",
    "MailNotConfiguredError",
    "MailText",
    "enqueue",
    "enqueue_if_configured",
    "init_app",
    "register_composer",
]
