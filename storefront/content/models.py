"""The tables of the merchant's pages, with all their versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.cache.invalidation import changed_values
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys

MAX_SLUG, MAX_TITLE, MAX_SEO_DESCRIPTION = 100, 200, 1000  # characters


def _now() -> datetime:
    return datetime.now(UTC)


class ContentPage(ChangedBy, Model):
    """A page of the merchant, such as the imprint, at `/pages/<slug>`.

    `version` counts its changes. `kind` names the draft that the shop wrote for it; a page that began empty has none.
    `checked`: whether somebody has said that the text of such a draft holds for the shop's country.
    """

    __tablename__ = "content_page"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG), unique=True)
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    body_html: Mapped[str] = mapped_column(Text, default="")  # sanitised before it is stored
    seo_title: Mapped[str] = mapped_column(String(MAX_TITLE), default="")
    seo_description: Mapped[str] = mapped_column(Text, default="")
    # The moment from which everybody sees it; one to come is a planned publication. None: a draft.
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The moment from which nobody sees it any more. None: it stays.
    withdraw_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(32), default="")
    checked: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now, onupdate=_now)

    history_fields: ClassVar[tuple[str, ...]] = (
        *("slug", "title", "body_html", "seo_title", "seo_description", "checked"),
        *("published_at", "withdraw_at"),
    )

    @property
    def deletion_name(self) -> str:
        """Return its slug."""
        return self.slug

    def cache_tags(self) -> set[str]:
        """Tags of its addresses, old and new, and of the links to it if what they print changes."""
        slugs = {self.slug, *changed_values(self, "slug")}
        return {keys.CONTENT_LINKS, *map(keys.content_tag, slugs)}


class ContentVersion(Model):
    """A page as it was saved once; the newest version is the page itself."""

    __tablename__ = "content_version"

    page_id: Mapped[int] = mapped_column(ForeignKey("content_page.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(MAX_SLUG))
    title: Mapped[str] = mapped_column(String(MAX_TITLE))
    body_html: Mapped[str] = mapped_column(Text)
    seo_title: Mapped[str] = mapped_column(String(MAX_TITLE))
    seo_description: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
