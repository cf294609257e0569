"""The outbox: what a commit promised to tell, written in its transaction and delivered after it."""

from storefront.outbox.delivery import deliver_overdue, handler, init_app, promise, waiting
from storefront.outbox.models import OutboxMessage
from storefront.outbox.sweeper import start, stop

__all__ = ["OutboxMessage", "deliver_overdue", "handler", "init_app", "promise", "start", "stop", "waiting"]
