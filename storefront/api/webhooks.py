"""Webhooks: URLs that are subscribed to events, and the queue of messages to them.

`webhook_delivery` sends the messages. A message's id is derived from its event, so an event that the outbox delivers
twice becomes one message.
"""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront import outbox
from storefront.accounts import security_events
from storefront.api.models import Webhook, WebhookDelivery
from storefront.api.state import state
from storefront.checkout import order_events
from storefront.checkout.order_events import OrderChange
from storefront.errors import StorefrontError
from storefront.extensions import db, insert_function, write_transaction
from storefront.stock.ledger import TOPIC as STOCK

EVENTS = ("stock.changed", "order.changed")
_NAMESPACE = uuid.UUID("0d7a5c40-7f0e-4c55-9f0b-6d0f5f3c8a51")
_ORDER_TOPIC = "api.order"


class WebhookError(StorefrontError):
    """A webhook cannot be added or removed; the text says why."""


def init_app(app: Flask) -> None:
    """Write a message to each subscribed webhook when stock or an order changes."""
    outbox.subscribe(app, STOCK, _enqueue_stock_deliveries, name="webhooks")
    outbox.subscribe(app, _ORDER_TOPIC, _enqueue_order_deliveries)
    order_events.changed.register(app, _enqueue_order_change)


def add_webhook(url: str, events: Sequence[str]) -> Webhook:
    """Subscribe a URL to events; return the webhook with the secret that signs its messages.

    Raises:
        WebhookError: the URL or an event is not valid.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or len(url) > 2000 or parts.username:
        raise WebhookError(f"{url!r} is not a URL that can be called; write it as https://host/path.")
    if not events or set(events) - set(EVENTS):
        raise WebhookError(f"Name the events to subscribe to: {', '.join(EVENTS)}.")
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    with write_transaction() as session:
        webhook = Webhook(id=secrets.token_hex(6), url=url, secret=secret, events=sorted(set(events)))
        session.add(webhook)
        security_events.record(session, "webhook-added", None, detail=parts.hostname)
    state.get(current_app).subscriptions.discard()
    return webhook


def list_webhooks() -> Sequence[Webhook]:
    """Return all webhooks, the oldest first."""
    return db.session.execute(select(Webhook).order_by(Webhook.created_at, Webhook.id)).scalars().all()


def remove_webhook(webhook_id: str) -> None:
    """Remove a webhook and its messages.

    Raises:
        WebhookError: there is no webhook with this id.
    """
    with write_transaction() as session:
        webhook = session.get(Webhook, webhook_id)
        if webhook is None:
            raise WebhookError(f"There is no webhook {webhook_id!r}. `flask webhook list` names them.")
        session.delete(webhook)
        host = urlsplit(webhook.url).hostname or ""  # the path may hold a secret of the receiver
        security_events.record(session, "webhook-removed", None, detail=host)
    state.get(current_app).subscriptions.discard()


def list_deliveries(webhook_id: str | None, most: int) -> Sequence[WebhookDelivery]:
    """Return the latest messages, to all webhooks or to one."""
    query = select(WebhookDelivery).order_by(WebhookDelivery.created_at.desc()).limit(most)
    if webhook_id:
        query = query.where(WebhookDelivery.webhook_id == webhook_id)
    return db.session.execute(query).scalars().all()


def enqueue_deliveries(event: str, occurrences: Sequence[tuple[str, dict[str, Any]]]) -> None:
    """Enqueue one message per occurrence of an event and subscribed webhook.

    A message that exists already for the same webhook and occurrence is not enqueued again.

    Args:
        event: the kind of event, one of `EVENTS`.
        occurrences: (name, data) pairs; the name identifies the occurrence among all of this kind of event.
    """
    now = datetime.now(UTC)
    rows = [
        {
            "id": f"msg_{uuid.uuid5(_NAMESPACE, f'{webhook.id} {event} {name}').hex}",
            "webhook_id": webhook.id,
            "event": event,
            "created_at": now,
            "due_at": now,
            "attempts": 0,
            "outcome": "",
            "body": msgspec.json.encode({"type": event, "timestamp": now, "data": data}).decode(),
        }
        for webhook in state.get(current_app).subscriptions.read()
        if event in webhook.events
        for name, data in occurrences
    ]
    if rows:
        insert = insert_function(db.engine)(WebhookDelivery)
        with db.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
            connection.execute(insert.on_conflict_do_nothing(index_elements=["id"]), rows)


def _enqueue_stock_deliveries(events: list[dict[str, Any]]) -> None:
    enqueue_deliveries("stock.changed", [(f"{event['sku']} {event['version']}", event) for event in events])


def _enqueue_order_deliveries(events: list[dict[str, Any]]) -> None:
    enqueue_deliveries("order.changed", [(str(event["event_id"]), event) for event in events])


def _enqueue_order_change(session: Session, change: OrderChange) -> None:
    event = {
        "event_id": change.event_id,
        "number": change.number,
        "state": change.state,
        "event": change.kind,
        "total": {"amount": change.total, "currency": change.currency},
        "at": change.at,
    }
    outbox.enqueue(session, _ORDER_TOPIC, event)
