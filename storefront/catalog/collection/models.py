"""The tables of collections: the collections themselves, and the rows of the list index that belong to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, ColumnElement, ForeignKey, Index, String, Text, inspect
from sqlalchemy.orm import Mapped, mapped_column, object_session

from storefront.actors import ChangedBy
from storefront.cache.invalidation import changed_values
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys

MAX_COLLECTIONS = 500  # of a shop: each change of a product asks the rules of all


class Collection(ChangedBy, Model):
    """A list of products with a page of its own, which a rule fills."""

    __tablename__ = "collection"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(255), unique=True)
    title: Mapped[str] = mapped_column(String(255))
    description_html: Mapped[str] = mapped_column(Text, default="")  # sanitised before it is stored
    seo_title: Mapped[str] = mapped_column(String(500), default="")
    seo_description: Mapped[str] = mapped_column(Text, default="")
    # A `membership_rules.Rule`.
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    # Rows in `collection_listing`, kept by the list index.
    product_count: Mapped[int] = mapped_column(default=0)
    # The build goes on with products below this id; NULL: it has ended.
    build_before: Mapped[int | None] = mapped_column(BigInteger)
    # Since then it is nowhere in the shop, lists nothing, and can be put back for a while.
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    history_fields: ClassVar[tuple[str, ...]] = (
        *("slug", "title", "description_html", "seo_title", "seo_description", "rule", "deleted_at"),
    )

    @classmethod
    def is_present(cls) -> ColumnElement[bool]:
        """Return the SQL condition that it is not deleted."""
        return cls.deleted_at.is_(None)

    @property
    def deletion_name(self) -> str:
        """Return its slug."""
        return self.slug

    def cache_tags(self) -> set[str]:
        """Tags of its addresses, old and new, which its pages have, and of the list of all collections."""
        slugs = {self.slug, *changed_values(self, "slug")}
        # A misspelt address depends on the slug in lower case (moved_addresses.py).
        tags = {keys.collection_slug_tag(each) for slug in slugs for each in (slug, slug.lower())}
        session = object_session(self)
        is_deleted = session is not None and self in session.deleted
        is_renamed = changed_values(self, "slug", "title", "deleted_at")
        if is_deleted or not inspect(self).persistent or is_renamed:
            tags.add(keys.COLLECTIONS)
        return tags


class CollectionListing(Model):
    """A row of the list index: a product that a collection lists.

    `until` is when the product leaves because of its age; NULL: not by itself.
    """

    __tablename__ = "collection_listing"

    collection_id: Mapped[int] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), primary_key=True)
    price: Mapped[int] = mapped_column(BigInteger)
    name_key: Mapped[str] = mapped_column(String(40))
    vendor: Mapped[str] = mapped_column(String(255), default="")
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        # With its end, so that pages far from both ends read the index alone.
        Index("ix_collection_listing_price", "collection_id", "price", "product_id", "until"),
        Index("ix_collection_listing_name", "collection_id", "name_key", "product_id", "until"),
        Index("ix_collection_listing_until", "collection_id", "until"),
        Index("ix_collection_listing_product_id", "product_id"),
        {"sqlite_with_rowid": False},
    )
