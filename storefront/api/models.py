"""The tables of API tokens, idempotency keys, webhooks and webhook messages."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime


def _now() -> datetime:
    return datetime.now(UTC)


class ApiToken(ChangedBy, Model):
    """A token of the API. Only its digest is stored, so a copy of the database contains no usable token.

    `id` is part of the token and not secret.
    """

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def deletion_name(self) -> str:
        """Return its name."""
        return self.name


class IdempotencyKey(Model):
    """The response to a request with an `Idempotency-Key`. `digest` is of the request's method, path and body."""

    __tablename__ = "api_idempotency_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)

    __table_args__ = (UniqueConstraint("token_id", "key"),)


class Webhook(ChangedBy, Model):
    """A URL that is called when an event happens. The secret is stored in clear: it signs every message.

    `slot_until` is in the future while a process sends to it.
    """

    __tablename__ = "webhook"

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[str] = mapped_column(String(64))
    events: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    slot_until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def deletion_name(self) -> str:
        """Return the host of its URL: the path may hold a secret of the receiver."""
        return urlsplit(self.url).hostname or ""


class WebhookDelivery(Model):
    """A message to a webhook. `due_at` is NULL once it is delivered or given up.

    `id` is the header webhook-id; `outcome` is the result of the latest attempt.
    """

    __tablename__ = "webhook_delivery"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("webhook.id", ondelete="CASCADE"), index=True)
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index("ix_webhook_delivery_webhook_id_due_at", "webhook_id", "due_at"),)
