"""Read the merchant's pages as everybody sees them: published ones, from the cache."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import msgspec
from sqlalchemy import Row, Select, select

from storefront import cache, moments
from storefront.catalog.description_pictures import find_own
from storefront.catalog.models import PagePicture, RenditionSet
from storefront.catalog.moved_addresses import find_redirect
from storefront.catalog.navigation import MovedError, NotInShopError
from storefront.catalog.page_data import RENDITION_COLUMNS, Picture
from storefront.content.models import ContentPage
from storefront.content.page_edits import path_of, url_of
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.shop_cache import keys
from storefront.text_translations import translated
from storefront.text_translations.models import PAGE
from storefront.web.prefix import add_prefix


class PublicPage(msgspec.Struct, frozen=True):
    """A published page as its address shows it."""

    slug: str
    title: str
    body_html: str
    seo_title: str
    seo_description: str
    pictures: dict[str, Picture] = {}  # of its text, as `description_pictures.show_pictures` takes them

    @property
    def url(self) -> str:
        """Its URL."""
        return url_of(self.slug)


def fetch_page(slug: str) -> PublicPage:
    """Return a published page, from the cache or with one statement, two if its text has pictures.

    Raises:
        NotInShopError: there is no such page, or it is not published yet.
        MovedError: the page has another address now.
    """
    return cache.fetch(keys.content_page(slug), PublicPage, lambda: _read_page(slug))


def read_preview(page_id: int) -> PublicPage:
    """Return a page whether it is published or not; nothing of it is cached.

    Raises:
        NotInShopError: the page was deleted.
    """
    found = db.session.execute(_select_page().where(ContentPage.id == page_id)).one_or_none()
    if found is None:
        raise NotInShopError(_("We don’t have this page."))
    return _as_page(found)


def _select_page() -> Select[Any]:
    """Return the query for the texts of pages, in the present language, and their moments."""
    texts = (ContentPage.title, ContentPage.body_html, ContentPage.seo_title, ContentPage.seo_description)
    columns = [translated(text, PAGE, ContentPage.id, text.key) for text in texts]
    return select(ContentPage.slug, ContentPage.published_at, ContentPage.withdraw_at, *columns)


def _as_page(found: Row[Any]) -> PublicPage:
    shown = _load_pictures(found.body_html)
    return PublicPage(found.slug, found.title, found.body_html, found.seo_title, found.seo_description, shown)


def _read_page(slug: str) -> PublicPage:
    cache.depends_on(keys.content_tag(slug))
    found = db.session.execute(_select_page().where(ContentPage.slug == slug)).one_or_none()
    if found is not None and is_public(found):
        return _as_page(found)
    target = None if found else find_redirect(path_of(slug))
    if target is not None:
        raise MovedError(add_prefix(target))
    raise NotInShopError(_("We don’t have this page."))


def _load_pictures(html: str) -> dict[str, Picture]:
    """Return the stored pictures of a text with their renditions, by their digests. One statement if it has any."""
    digests = find_own(html)
    cache.depends_on(*map(keys.description_picture_tag, digests))
    if not digests:
        return {}
    stored = (PagePicture.digest, PagePicture.width, PagePicture.height)
    made = RenditionSet.digest == PagePicture.digest
    query = select(*stored, *RENDITION_COLUMNS).outerjoin(RenditionSet, made)
    rows = db.session.execute(query.where(PagePicture.digest.in_(digests)))
    return {row.digest: Picture.with_renditions(row, "", row) for row in rows}


class PublicationState(StrEnum):
    """Whether everybody sees a page."""

    DRAFT = "draft"
    PLANNED = "planned"
    PUBLISHED = "published"
    ENDED = "ended"


class Planned(Protocol):
    """A page, or a row with its moments."""

    @property
    def published_at(self) -> datetime | None:
        """From when on everybody sees it."""
        ...

    @property
    def withdraw_at(self) -> datetime | None:
        """From when on nobody sees it any more."""
        ...


def state_of(page: Planned) -> PublicationState:
    """Return the state of a page; what is built with it holds until the next moment at which it changes."""
    now = moments.now()
    if page.published_at is None:
        return PublicationState.DRAFT
    if page.withdraw_at is not None:
        if page.withdraw_at <= now:
            return PublicationState.ENDED
        cache.valid_until(page.withdraw_at)
    if page.published_at > now:
        cache.valid_until(page.published_at)
        return PublicationState.PLANNED
    return PublicationState.PUBLISHED


def is_public(page: Planned) -> bool:
    """Return whether everybody sees a page."""
    return state_of(page) == PublicationState.PUBLISHED
