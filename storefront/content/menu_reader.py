"""Read the merchant's menus as everybody sees them, from the cache or with one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from storefront import cache
from storefront.content.menu_rows import find_target, select_items, select_pages
from storefront.content.starting_drafts import LEGAL
from storefront.joint_queries import JointQuery
from storefront.shop_cache import keys
from storefront.text_translations import built_once
from storefront.web.prefix import add_prefix
from storefront.web.site_navigation import SiteMenus

HEADER, FOOTER = "header", "footer"
OF_ORDERS = ("terms", "withdrawal")  # kinds of pages


class ShownLink(msgspec.Struct, frozen=True):
    """A link of a menu. An empty path is a heading's."""

    name: str
    path: str
    children: tuple[ShownLink, ...] = ()
    page_kind: str = ""  # of a page that began as a draft of the shop

    @property
    def url(self) -> str:
        """Where it leads."""
        return add_prefix(self.path) if self.path.startswith("/") else self.path


class ShownMenus(msgspec.Struct, frozen=True):
    """The menus as `SiteMenus` has them."""

    header: tuple[ShownLink, ...] | None
    footer: tuple[ShownLink, ...] | None
    pages: tuple[ShownLink, ...]
    legal: tuple[ShownLink, ...]


def fetch_order_links() -> list[ShownLink]:
    """Return links to the published pages that a shopper reads before an order, and again afterwards."""
    links = cache.fetch(keys.menus(), ShownMenus, _read).legal
    return [link for kind in OF_ORDERS for link in links if link.page_kind == kind]


def fetch_menus() -> SiteMenus:
    """Return the menus with what the shop shows of them, from the cache or with one statement."""
    found = cache.fetch(keys.menus(), ShownMenus, _read)
    return SiteMenus(found.header, found.footer, found.pages, found.legal)


def _read() -> ShownMenus:
    cache.depends_on(keys.MENUS, keys.CONTENT_LINKS)
    items, public = _select().read()
    rows = sorted(items, key=lambda row: (row.position, row.id))
    kinds = {row.kind for row in rows}
    if "category" in kinds:
        cache.depends_on(keys.CATEGORY_TREE)
    if "collection" in kinds:
        cache.depends_on(keys.COLLECTIONS)
    pages = [(row, link) for row in sorted(public, key=lambda row: row.id) if (link := _link(row))]
    return ShownMenus(
        _menu(row for row in rows if row.menu == HEADER),
        _menu(row for row in rows if row.menu == FOOTER),
        tuple(link for _row, link in pages),
        tuple(link for row, link in pages if row.page_kind in LEGAL),
    )


@built_once
def _select() -> JointQuery:
    return JointQuery(select_items(), select_pages())


def _menu(items: Iterable[Any]) -> tuple[ShownLink, ...] | None:
    """Return what the shop shows of a menu; None if it has no entries."""
    below = defaultdict[int | None, list[Any]](list)
    for row in items:
        below[row.parent_id].append(row)
    if not below:
        return None
    links = (_link(row, [link for child in below[row.id] if (link := _link(child))]) for row in below[None])
    return tuple(link for link in links if link)


def _link(row: Any, children: Sequence[ShownLink] = ()) -> ShownLink | None:
    """Return the link of an entry; None if there is nothing to show.

    An entry whose target is not shown stays as a heading of what is below it if it has a label of its own.
    """
    target = find_target(row)
    name, path = row.label or target.name, target.path
    if target.absence:
        name, path = row.label, ""
    if not name or not (path or children):
        return None
    return ShownLink(name, path, tuple(children), "" if row.menu else row.page_kind)
