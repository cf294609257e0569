"""The tables of the settings that the merchant has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys


def _now() -> datetime:
    return datetime.now(UTC)


class ShopSetting(ChangedBy, Model):
    """A setting with another value than its default, as the merchant wrote it. A row that is gone: the default."""

    __tablename__ = "shop_setting"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    @property
    def deletion_name(self) -> str:
        """The name of the setting."""
        return self.name

    def cache_tags(self) -> list[str]:
        """Return the tag of everything that prints a setting."""
        return [keys.SETTINGS]


class ShopDocument(ChangedBy, Model):
    """A setting with many parts, such as the delivery methods, as JSON. An empty value: it was never stored."""

    __tablename__ = "shop_document"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    history_fields: ClassVar[tuple[str, ...]] = ("value",)

    @property
    def deletion_name(self) -> str:
        """The name of the document."""
        return self.name

    def cache_tags(self) -> list[str]:
        """Return the tag of everything that prints a setting."""
        return [keys.SETTINGS]
