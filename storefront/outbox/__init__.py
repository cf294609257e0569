"""The outbox: what a commit promised to tell, written in its transaction and delivered after it."""

from storefront.outbox.delivery import SWEEPER, deliver_overdue, handler, init_app, promise, summary, waiting
from storefront.outbox.models import OutboxMessage

__all__ = [
    "SWEEPER",
    "OutboxMessage",
    "deliver_overdue",
    "handler",
    "init_app",
    "promise",
    "summary",
    "waiting",
]
