"""The table of the history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import MAX_LENGTH
from storefront.extensions import Model, UtcDateTime

Action = Literal["create", "update", "delete", "apply", "undo"]


class RecordedChange(Model):
    """A row that a transaction created, changed or deleted, or a change set that was applied or undone.

    Attributes:
        actor: who did it; `actor_kind` is its first part.
        kind: the table, such as "product" or "variant"; "change_set" for a change set as a whole.
        row_id: the row's key.
        product_id: the product that it belongs to.
        name: the row's address or code.
        title: what people called it then: the title of a product, the SKU of a variant; empty for other tables.
        action: what happened to it; "apply" and "undo" of change sets.
        fields: old and new value of each field of a row that was changed.
        tags: cache tags that the transaction dropped, the first of them in alphabetical order.
        change_set_id: the change set that did it. Its rows have the fields.
    """

    __tablename__ = "recorded_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True, default=lambda: datetime.now(UTC))
    actor: Mapped[str] = mapped_column(String(MAX_LENGTH))
    actor_kind: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(32))
    row_id: Mapped[str] = mapped_column(String(64))
    product_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(Text, default="")
    title: Mapped[str] = mapped_column(Text, default="", server_default="")
    action: Mapped[str] = mapped_column(String(6))
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    change_set_id: Mapped[int | None]

    __table_args__ = (
        Index("ix_recorded_change_product_id", "product_id", "id"),
        Index("ix_recorded_change_actor_kind", "actor_kind", "id"),
        Index("ix_recorded_change_actor", "actor", "id"),
        Index("ix_recorded_change_kind", "kind", "id"),
    )
