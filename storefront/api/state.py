"""What the API keeps in the memory of each process: one typed object for each application."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, select, update

from storefront.api.models import ApiToken, Webhook
from storefront.app_state import AppState
from storefront.extensions import db, write_transaction

USE_PRECISION = timedelta(minutes=10)
"""The time of a token's last use is stored at most once in this time."""
SUBSCRIPTIONS_TTL = 1.0
"""Seconds for which a process keeps the webhooks that it has read: every change of stock needs them."""


class TokenUse:
    """Times of last use of tokens that are not stored yet. Safe for threads."""

    def __init__(self) -> None:
        self._pending: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def record(self, token_id: str, stored: datetime | None) -> None:
        """Record that a token is used now, unless the stored time of its last use is recent."""
        now = datetime.now(UTC)
        if stored is None or now - stored > USE_PRECISION:
            with self._lock:
                self._pending.setdefault(token_id, now)

    def store(self) -> None:
        """Write the recorded times to SQL. If that fails they are lost until the tokens are used again."""
        with self._lock:
            pending, self._pending = self._pending, {}
        if pending:
            with write_transaction() as session:
                for token_id, at in sorted(pending.items()):
                    session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=at))


class WebhookSubscriptions:
    """The ids and events of all webhooks, at most `SUBSCRIPTIONS_TTL` old."""

    def __init__(self) -> None:
        self._rows: Sequence[Row[str, list[str]]] = ()
        self._read_at = float("-inf")

    def read(self) -> Sequence[Row[str, list[str]]]:
        """Return the id and the events of each webhook."""
        if time.monotonic() - self._read_at >= SUBSCRIPTIONS_TTL:
            with db.engine.connect() as connection:
                self._rows = connection.execute(select(Webhook.id, Webhook.events)).all()
            self._read_at = time.monotonic()
        return self._rows

    def discard(self) -> None:
        """Read the webhooks again at the next use: this process has changed them."""
        self._read_at = float("-inf")


@dataclass(slots=True)
class ApiState:
    """The state of the API. `document` is the OpenAPI document once it has been built."""

    token_use: TokenUse = field(default_factory=TokenUse)
    subscriptions: WebhookSubscriptions = field(default_factory=WebhookSubscriptions)
    document: dict[str, Any] | None = None


state = AppState[ApiState]("api")
