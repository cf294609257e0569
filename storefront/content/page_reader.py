"""Read the merchant's pages as everybody sees them: published ones, from the cache."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from sqlalchemy import select

from storefront import cache
from storefront.catalog.moved_addresses import find_redirect
from storefront.catalog.navigation import MovedError, NotInShopError
from storefront.content.models import ContentPage
from storefront.content.page_edits import path_of, url_of
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.shop_cache import keys
from storefront.web.prefix import add_prefix


class PublicPage(msgspec.Struct, frozen=True):
    """A published page as its address shows it."""

    slug: str
    title: str
    body_html: str
    seo_title: str
    seo_description: str

    @property
    def url(self) -> str:
        """Its URL."""
        return url_of(self.slug)


def fetch_page(slug: str) -> PublicPage:
    """Return a published page, from the cache or with one statement.

    Raises:
        NotInShopError: there is no such page, or it is not published yet.
        MovedError: the page has another address now.
    """
    return cache.fetch(keys.content_page(slug), PublicPage, lambda: _read_page(slug))


def _read_page(slug: str) -> PublicPage:
    cache.depends_on(keys.content_tag(slug))
    found = db.session.execute(select(ContentPage).where(ContentPage.slug == slug)).scalar_one_or_none()
    if found is not None and is_public(found.published_at):
        return PublicPage(found.slug, found.title, found.body_html, found.seo_title, found.seo_description)
    target = None if found else find_redirect(path_of(slug))
    if target is not None:
        raise MovedError(add_prefix(target))
    raise NotInShopError(_("We don’t have this page."))


def is_public(published_at: datetime | None) -> bool:
    """Return whether a page is public; of one whose publication is planned, what is built holds until then."""
    if published_at is None:
        return False
    if published_at > datetime.now(UTC):
        cache.valid_until(published_at)
        return False
    return True
