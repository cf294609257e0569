"""Delivery of webhook messages: signed (Standard Webhooks), sent through the outbound guard, retried with backoff.

`webhook_turns` decides when each webhook's next message is sent.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app
from sqlalchemy import select

from storefront import periodic
from storefront.api.models import Webhook, WebhookDelivery
from storefront.api.state import state
from storefront.api.webhook_turns import Turns
from storefront.app_state import AppState
from storefront.background.due_queue import Attempt, BatchResult, DueQueue, Outcome
from storefront.background.old_rows import BATCH, delete_old_rows
from storefront.web import outbound

# Seconds for an attempt: the look-up of the name, connecting, sending, and the head of the answer.
TIMEOUT = 10.0
# Seconds until the next attempt. After the last attempt a message is given up: after about a day and a half.
BACKOFF = (5, 60, 300, 1800, 3600, 7200, 14400, 28800, 28800, 43200)
LOG_RETENTION = timedelta(days=30)
_queue = DueQueue(
    model=WebhookDelivery,
    key=WebhookDelivery.id,
    due_at=WebhookDelivery.due_at,
    attempts=WebhookDelivery.attempts,
    query=select(WebhookDelivery.__table__, Webhook.url, Webhook.secret).join(
        Webhook, Webhook.id == WebhookDelivery.webhook_id
    ),
    backoff=BACKOFF,
    batch=1,
)
_turns = AppState[Turns]("api.webhook_turns")


def sign_message(secret: str, message_id: str, timestamp: int, body: str) -> str:
    """Return the value of the header webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def send_due() -> int:
    """Send the due messages as far as slots and threads are free, and wait for that; return the number of turns."""
    threads = _turns.get(current_app).start_due()
    for thread in threads:
        thread.join()
    return len(threads)


def _start_due() -> None:
    _turns.get(current_app).start_due()


def _send_next(webhook_id: str) -> BatchResult:
    return _queue.run(_deliver, WebhookDelivery.webhook_id == webhook_id)


def _deliver(attempt: Attempt) -> Outcome:
    status, delivered = _send(attempt.row)
    values: dict[str, Any] = {"outcome": status[:200]}
    return Outcome(delivered, values | {"delivered_at": datetime.now(UTC)} if delivered else values)


def _send(message: Any) -> tuple[str, bool]:
    """Send one message; return the outcome for the log, and whether the receiver answered 2xx.

    A redirect is not followed: it counts as a failure.
    """
    parts, moment = urlsplit(message.url), int(datetime.now(UTC).timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Storefront-Webhooks/1",
        "webhook-id": message.id,
        "webhook-timestamp": str(moment),
        "webhook-signature": sign_message(message.secret, message.id, moment, message.body),
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        allow_private = current_app.config["WEBHOOK_PRIVATE"]
        with outbound.connect(message.url, timeout=TIMEOUT, allow_private=allow_private) as connection:
            connection.request("POST", path, message.body.encode(), headers)
            status = connection.getresponse().status
    except (OSError, http.client.HTTPException, ValueError) as error:
        return f"{type(error).__name__}: {error}", False
    return str(status), 200 <= status < 300


def init_app(app: Flask) -> None:
    """Deliver messages, delete old ones and store the use of tokens in the background of every serving process."""
    _turns.set(app, Turns(app, _send_next))
    periodic.add_task(app, "webhook-sender", _start_due, interval=1.0)
    periodic.add_task(app, "webhook-log", _delete_old_deliveries, interval=600.0)
    periodic.add_task(app, "token-use", state.get(app).token_use.store, interval=1.0)


def _delete_old_deliveries() -> None:
    """Delete messages older than `LOG_RETENTION` that are delivered or given up."""
    old = (WebhookDelivery.created_at < datetime.now(UTC) - LOG_RETENTION) & WebhookDelivery.due_at.is_(None)
    while delete_old_rows(WebhookDelivery, old) == BATCH:
        pass
