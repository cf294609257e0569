"""The tables of the front page: its draft and its published sections, all versions, and which products sell best."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.cache.invalidation import changed_values
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys

ONLY_ID = 1  # of the one row


class FrontPage(ChangedBy, Model):
    """The front page; the table has one row at most. `draft` and `published` are sections (`page_sections.encode`).

    `version` counts the changes of the draft. `published_version` is the one that everybody sees; None: the shop
    shows the page that it has by itself.
    """

    __tablename__ = "front_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    draft: Mapped[str] = mapped_column(Text, default="[]")
    version: Mapped[int] = mapped_column(default=0)
    published: Mapped[str | None] = mapped_column(Text)
    published_version: Mapped[int | None]

    history_fields: ClassVar[tuple[str, ...]] = ("version", "published_version")

    @property
    def deletion_name(self) -> str:
        """Return a name; the row itself is never deleted."""
        return "/"

    def cache_tags(self) -> set[str]:
        """Tag of the front page if what everybody sees changes."""
        return {keys.FRONT_PAGE} if changed_values(self, "published") else set()


class FrontPageVersion(Model):
    """The draft as one change left it; the newest version is the draft itself.

    `change` is a key of `front_page_draft.CHANGES`.
    """

    __tablename__ = "front_page_version"

    number: Mapped[int] = mapped_column(primary_key=True)
    sections: Mapped[str] = mapped_column(Text)
    change: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))


class ProductSales(Model):
    """How many pieces of a product were sold lately; only of those that sell best."""

    __tablename__ = "product_sales"

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    sold: Mapped[int]
    counted_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (Index("ix_product_sales_sold", "sold", "product_id"),)
