"""What the pages of menus show: entries with where they lead and why the shop does not show them, and the choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storefront.actors import with_actor_names
from storefront.catalog.collection.models import MAX_COLLECTIONS, Collection
from storefront.catalog.models import ROOT_PATH, Category
from storefront.content.menu_models import Menu, MenuItem, MenuVersion
from storefront.content.menu_reader import FOOTER, HEADER
from storefront.content.menu_rows import Absence, find_target, select_items
from storefront.content.models import ContentPage
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.web.forms import Form
from storefront.web.prefix import add_prefix

TITLES = {HEADER: lazy_gettext("Menu in the header"), FOOTER: lazy_gettext("Menu in the footer")}
ABSENCES = {
    Absence.DELETED: lazy_gettext("Not shown: what it led to has been deleted."),
    Absence.DRAFT: lazy_gettext("Not shown: the page is a draft."),
    Absence.PLANNED: lazy_gettext("Not shown yet: the page will be published later."),
    Absence.ENDED: lazy_gettext("Not shown: the page has been withdrawn as planned."),
    Absence.HIDDEN: lazy_gettext("Not shown: the category is hidden."),
    Absence.EMPTY: lazy_gettext("Not shown: the category has no products."),
}
MOST_CHOICES, MOST_VERSIONS = 500, 20  # of each kind of target; of versions


@dataclass(frozen=True, slots=True)
class ListedEntry:
    """An entry as its menu's page lists it; `url` is empty of a heading, and `problem` if the shop shows it."""

    id: int
    parent_id: int | None
    name: str
    url: str
    problem: str


@dataclass(frozen=True, slots=True)
class ListedMenu:
    """A menu with its entries in order; none as long as the shop makes the menu itself."""

    name: str
    title: str
    version: int
    entries: list[ListedEntry]

    def below(self, parent_id: int | None) -> list[ListedEntry]:
        """Return the entries that are below one, or at the top."""
        return [entry for entry in self.entries if entry.parent_id == parent_id]


def read_menu(name: str) -> ListedMenu:
    """Return a menu as it is stored. Two statements."""
    rows = sorted(db.session.execute(select_items(name)), key=lambda row: (row.position, row.id))
    version = db.session.scalar(select(Menu.version).where(Menu.name == name)) or 0
    return ListedMenu(name, str(TITLES[name]), version, [_list_entry(row) for row in rows])


def _list_entry(row: Any) -> ListedEntry:
    target = find_target(row)
    name = row.label or target.name or row.target_name
    url = add_prefix(target.path) if target.path.startswith("/") else target.path
    problem = str(ABSENCES[target.absence]) if target.absence else ""
    return ListedEntry(row.id, row.parent_id, name, url, problem)


def describe_menu(name: str, form: Form) -> Mapping[str, Any]:
    """Return the values of the page of a menu."""
    menu = read_menu(name)
    query = select(MenuVersion).where(MenuVersion.menu == name).order_by(MenuVersion.number.desc())
    versions = db.session.execute(query.limit(MOST_VERSIONS)).scalars().all()
    return {
        "listed": menu,
        "form": form,
        "versions": with_actor_names(versions),
        **_describe_form(menu, form),
    }


def describe_entry(item: MenuItem, form: Form) -> Mapping[str, Any]:
    """Return the values of the page of an entry, with what somebody else has saved meanwhile."""
    menu = read_menu(item.menu)
    row_id = {"page": item.page_id, "category": item.category_id, "collection": item.collection_id}.get(
        item.kind
    )
    stored = {
        "target": f"{item.kind}-{row_id}" if row_id else item.kind,
        "address": item.address,
        "label": item.label,
        "parent": str(item.parent_id or ""),
    }
    is_sent = form.is_sent("target")
    if not is_sent:
        form.values.update(stored)
    here = next(entry for entry in menu.entries if entry.id == item.id)
    differing = {key: value for key, value in stored.items() if form.values.get(key, "") != value}
    return {
        "listed": menu,
        "form": form,
        "here": here,
        "differing": differing,
        **_describe_form(menu, form, item.id),
    }


def _describe_form(menu: ListedMenu, form: Form, item_id: int | None = None) -> dict[str, Any]:
    """Return the choices of the form of an entry; one that was chosen and is not among them is kept."""
    parents = {str(one.id): one.name for one in menu.below(None) if one.id != item_id}
    if chosen := form.values.get("parent"):
        parents.setdefault(chosen, _("an entry that has left the top"))
    return {"targets": _read_targets(), "parents": parents}


def _read_targets() -> dict[str, dict[str, str]]:
    """Return what an entry can lead to, by kind: value and name. Three statements."""
    pages = select(ContentPage.id, ContentPage.title).order_by(ContentPage.title)
    categories = select(Category.id, Category.name, Category.path).where(Category.path != ROOT_PATH)
    collections = select(Collection.id, Collection.title).where(Collection.is_present())
    found = {
        _("Pages"): {f"page-{row.id}": row.title for row in db.session.execute(pages.limit(MOST_CHOICES))},
        _("Categories"): {
            f"category-{row.id}": "– " * row.path.count("/") + row.name
            for row in db.session.execute(categories.order_by(Category.path).limit(MOST_CHOICES))
        },
        _("Collections"): {
            f"collection-{row.id}": row.title
            for row in db.session.execute(collections.order_by(Collection.title).limit(MAX_COLLECTIONS))
        },
    }
    return {kind: choices for kind, choices in found.items() if choices}
