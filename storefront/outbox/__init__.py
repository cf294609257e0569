"""The outbox: messages that are written in a transaction and delivered after its commit, at least once."""

from storefront.outbox.delivery import (
    SWEEPER,
    delete_delivered,
    deliver_overdue,
    init_app,
    subscribe,
    waiting,
)
from storefront.outbox.models import OutboxMessage
from storefront.outbox.transaction import before_commit, enqueue

__all__ = [
    "SWEEPER",
    "OutboxMessage",
    "before_commit",
    "delete_delivered",
    "deliver_overdue",
    "enqueue",
    "init_app",
    "subscribe",
    "waiting",
]
