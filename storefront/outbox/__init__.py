"""The outbox: what a commit promised to tell, written in its transaction and delivered after it."""

from storefront.outbox.delivery import (
    SWEEPER,
    before_commit,
    deliver_overdue,
    enqueue,
    handler,
    init_app,
    waiting,
)
from storefront.outbox.models import OutboxMessage

__all__ = [
    "SWEEPER",
    "OutboxMessage",
    "before_commit",
    "deliver_overdue",
    "enqueue",
    "handler",
    "init_app",
    "waiting",
]
