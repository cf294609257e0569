"""A merchant's own menu begins as a copy of the one that the shop makes itself."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from storefront.catalog import navigation
from storefront.catalog.models import Category
from storefront.content import menu_edits
from storefront.content.menu_edits import EntryValues
from storefront.content.menu_reader import FOOTER, fetch_menus
from storefront.content.models import ContentPage
from storefront.i18n import gettext as _
from storefront.web.prefix import remove_prefix


def copy_automatic(session: Session, menu: str, *, expected: int) -> None:
    """Fill an empty menu with what the shop shows now.

    Raises:
        MenuChangedError: somebody has changed the menu, so that it is not at version `expected` any more.
    """
    for count, values in enumerate(list(_entries(session, menu))):
        menu_edits.add(session, menu, values, expected=expected + count)


def _entries(session: Session, menu: str) -> Iterator[EntryValues]:
    if menu == FOOTER:
        yield EntryValues("address", "/products", _("All products"))
    yield EntryValues("address", "/categories", _("All categories"))
    paths = [link.path for link in navigation.load_top_links()]
    rows = session.execute(select(Category.path, Category.id).where(Category.path.in_(paths)))
    ids = {row.path: row.id for row in rows}
    for path in paths:
        yield EntryValues(f"category-{ids[path]}")
    if menu == FOOTER:
        slugs = [remove_prefix(link.url).rpartition("/")[2] for link in fetch_menus().pages]
        pages = select(ContentPage.id).where(ContentPage.slug.in_(slugs)).order_by(ContentPage.id)
        for page_id in session.execute(pages).scalars():
            yield EntryValues(f"page-{page_id}")
