"""What a merchant does to pages: make, change, publish, plan, restore and delete them.

A change takes the version that the person saw, so that two people at once never overwrite each other. Each saved
version stays and can be restored; an old address leads on (301).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.catalog import html_sanitiser
from storefront.catalog.address_redirects import remove_redirect, set_redirect
from storefront.catalog.slugs import slugify
from storefront.content.models import MAX_SLUG, ContentPage, ContentVersion
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.web.prefix import add_prefix


class PageEditError(StorefrontError):
    """A page cannot be saved like this. `field` names the field that is wrong; empty: the page as a whole."""

    status = 422

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


class PageChangedError(StorefrontError):
    """Somebody else has changed or deleted the page since the person saw it."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _("Somebody else has changed this page meanwhile. Nothing was saved: compare, then save again.")
        )


@dataclass(frozen=True, slots=True)
class PageValues:
    """What a person chooses of a page.

    Attributes:
        title: the heading.
        slug: the end of its address; empty: made of the title.
        body_html: sanitised when it is saved.
        seo_title: in search engines; empty: the title.
        seo_description: in search engines; may be empty.
        published_at: since when, or from when on, everybody sees it; None: a draft.
        withdraw_at: from when on nobody sees it any more; None: it stays.
        checked: whether the text of a draft that the shop wrote has been checked.
    """

    title: str
    slug: str = ""
    body_html: str = ""
    seo_title: str = ""
    seo_description: str = ""
    published_at: datetime | None = None
    withdraw_at: datetime | None = None
    checked: bool = True


def path_of(slug: str) -> str:
    """Return the path of a page, without the shop's prefix."""
    return f"/pages/{slug}"


def url_of(slug: str) -> str:
    """Return the URL of a page."""
    return add_prefix(path_of(slug))


def create(session: Session, values: PageValues, kind: str = "") -> ContentPage:
    """Make a page.

    Raises:
        PageEditError: the address is taken, or the text is too long or not checked.
    """
    page = ContentPage(kind=kind, version=1)
    _fill(session, page, values)
    session.add(page)
    remove_redirect(session, path_of(page.slug))
    session.flush()
    _remember(session, page)
    return page


def change(session: Session, page_id: int, values: PageValues, *, expected: int) -> ContentPage:
    """Save a page as a new version.

    Raises:
        PageEditError: like `create`.
        PageChangedError: the page is not at version `expected` any more.
    """
    page = _lock(session, page_id, expected)
    former = page.slug
    _fill(session, page, values)
    if page.slug != former:
        set_redirect(session, path_of(former), path_of(page.slug))
        remove_redirect(session, path_of(page.slug))
    page.version += 1
    session.flush()
    _remember(session, page)
    return page


def restore(session: Session, page_id: int, number: int, *, expected: int) -> ContentPage:
    """Save the texts of a former version as the newest one; whether the page is published stays as it is.

    Raises:
        PageEditError: there is no such version, or its address is taken by another page now.
        PageChangedError: the page is not at version `expected` any more.
    """
    former = session.get(ContentVersion, (page_id, number))
    page = session.get(ContentPage, page_id)
    if former is None or page is None:
        raise PageEditError(_("There is no such version of this page."))
    values = PageValues(
        former.title,
        former.slug,
        former.body_html,
        former.seo_title,
        former.seo_description,
        page.published_at,
        page.withdraw_at,
        page.checked,
    )
    return change(session, page_id, values, expected=expected)


def remove(session: Session, page_id: int, *, expected: int) -> None:
    """Delete a page with its versions.

    Raises:
        PageChangedError: the page is not at version `expected` any more.
    """
    page = _lock(session, page_id, expected)
    session.execute(delete(ContentVersion).where(ContentVersion.page_id == page.id))
    session.delete(page)
    session.flush()


def _lock(session: Session, page_id: int, expected: int) -> ContentPage:
    page = session.get(ContentPage, page_id, with_for_update=True, populate_existing=True)
    if page is None or page.version != expected:
        raise PageChangedError
    return page


def _fill(session: Session, page: ContentPage, values: PageValues) -> None:
    if html_sanitiser.find_excess(values.body_html):
        raise PageEditError(_("The text is too long, or has too many tags. Shorten it."), "body_html")
    if values.published_at is not None and not values.checked:
        raise PageEditError(
            _("Check the text for your country and tick the box; then the page can be published."), "checked"
        )
    if values.published_at and values.withdraw_at and values.withdraw_at <= values.published_at:
        raise PageEditError(_("Choose a moment after the one at which it is published."), "withdraw_at")
    page.slug = _choose_slug(session, page, values)
    page.title, page.body_html = values.title, html_sanitiser.sanitise(values.body_html)
    page.seo_title, page.seo_description = values.seo_title, values.seo_description
    page.published_at, page.withdraw_at = values.published_at, values.withdraw_at
    page.checked = values.checked


def _choose_slug(session: Session, page: ContentPage, values: PageValues) -> str:
    slug = slugify(values.slug or values.title, limit=MAX_SLUG)
    with session.no_autoflush:
        query = select(ContentPage.id).where(ContentPage.slug == slug, ContentPage.id != page.id)
        if session.execute(query).first() is not None:
            raise PageEditError(_("Another page has this address. Choose another one."), "slug")
    return slug


def _remember(session: Session, page: ContentPage) -> None:
    session.add(
        ContentVersion(
            page_id=page.id,
            number=page.version,
            slug=page.slug,
            title=page.title,
            body_html=page.body_html,
            seo_title=page.seo_title,
            seo_description=page.seo_description,
            actor=actor_text(),
            at=datetime.now(UTC),
        )
    )
    session.flush()
