"""The table of translated texts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.cache.keys import digest
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys
from storefront.shop_settings import translated_texts

MAX_FIELD = 255  # characters
PRODUCT, CATEGORY, COLLECTION, PAGE, MENU, OPTION, FRONT_PAGE = (
    "product",
    "category",
    "collection",
    "page",
    "menu",
    "option",
    "front-page",
)


def _now() -> datetime:
    return datetime.now(UTC)


def digest_source(text: str) -> str:
    """Return the digest by which a translation knows the text that it was made from."""
    return digest(text)


class TextTranslation(ChangedBy, Model):
    """A text of the merchant in a further language of the shop.

    `kind`, `owner_id` and `field` name the text; the field of an option word is the word. `source_digest` is of the
    text that was translated: with another one, the translation is outdated, and still shown. With its owner, of which
    one of the last columns has the id again, a translation goes.
    """

    __tablename__ = "text_translation"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    owner_id: Mapped[int]
    field: Mapped[str] = mapped_column(String(MAX_FIELD))
    locale: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    source_digest: Mapped[str] = mapped_column(String(32))
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)
    product_id: Mapped[int | None] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"), index=True)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("category.id", ondelete="CASCADE"), index=True)
    collection_id: Mapped[int | None] = mapped_column(
        ForeignKey("collection.id", ondelete="CASCADE"), index=True
    )
    page_id: Mapped[int | None] = mapped_column(ForeignKey("content_page.id", ondelete="CASCADE"), index=True)
    menu_item_id: Mapped[int | None] = mapped_column(
        ForeignKey("menu_item.id", ondelete="CASCADE"), index=True
    )

    history_fields: ClassVar[tuple[str, ...]] = ("text",)

    __table_args__ = (UniqueConstraint("kind", "owner_id", "locale", "field"),)

    @property
    def deletion_name(self) -> str:
        """Return which text it translates, and into which language."""
        return f"{self.kind} {self.owner_id or ''} {self.field} ({self.locale})".replace("  ", " ")

    def cache_tags(self) -> set[str]:
        """Tags of what prints the text."""
        if self.kind == PRODUCT:
            return {keys.product_tag(self.owner_id), keys.card_tag(self.owner_id), keys.SEARCH}
        if self.kind in translated_texts.KINDS:
            return {keys.SETTINGS}
        return {keys.texts_tag(self.kind)}


# By kind: the column with the id of its owner.
OWNER_COLUMNS = {
    PRODUCT: "product_id",
    CATEGORY: "category_id",
    COLLECTION: "collection_id",
    PAGE: "page_id",
    MENU: "menu_item_id",
}
