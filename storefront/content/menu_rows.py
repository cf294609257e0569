"""Entries of menus with their targets, and the published pages, as the database has them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Select, and_, literal, select

from storefront.catalog.collection.models import Collection
from storefront.catalog.models import Category
from storefront.catalog.navigation import category_name, linked_conditions
from storefront.catalog.slugs import category_path, collection_path
from storefront.content.menu_models import MenuItem
from storefront.content.models import ContentPage
from storefront.content.page_edits import path_of
from storefront.content.page_reader import PublicationState, state_of
from storefront.text_translations import translated
from storefront.text_translations.models import COLLECTION, MENU, PAGE

MOST_PAGES = 50  # in the footer


class Absence(StrEnum):
    """Why the shop does not show an entry."""

    DELETED = "deleted"
    DRAFT = "draft"
    PLANNED = "planned"
    ENDED = "ended"
    HIDDEN = "hidden"
    EMPTY = "empty"


_ABSENCES = {
    PublicationState.DRAFT: Absence.DRAFT,
    PublicationState.PLANNED: Absence.PLANNED,
    PublicationState.ENDED: Absence.ENDED,
    PublicationState.PUBLISHED: None,
}


@dataclass(frozen=True, slots=True)
class MenuTarget:
    """Where an entry leads.

    Attributes:
        name: its title; empty if it is gone, or has none.
        path: without the shop's prefix, or an https URL; empty of a heading, and if it is gone.
        absence: why the shop does not show it.
    """

    name: str = ""
    path: str = ""
    absence: Absence | None = None


_ITEM = (
    *(MenuItem.menu, MenuItem.id, MenuItem.parent_id, MenuItem.position, MenuItem.label, MenuItem.kind),
    *(MenuItem.page_id, MenuItem.category_id, MenuItem.collection_id, MenuItem.address, MenuItem.target_name),
)


def select_items(menu: str = "") -> Select[*tuple[Any, ...]]:
    """Return the query of the entries of all menus, or of one, with their targets."""
    label = translated(MenuItem.label, MENU, MenuItem.id, "label")
    item = [label if column is MenuItem.label else column for column in _ITEM]
    query = (
        select(*item, *_page_columns(), *_further_columns())
        .outerjoin(ContentPage, ContentPage.id == MenuItem.page_id)
        .outerjoin(Category, Category.id == MenuItem.category_id)
        .outerjoin(Collection, and_(Collection.id == MenuItem.collection_id, Collection.is_present()))
    )
    return query.where(MenuItem.menu == menu) if menu else query


def select_pages() -> Select[*tuple[Any, ...]]:
    """Return the query of the pages that are or will be published, with the columns of an entry without a label."""
    entry = (
        ContentPage.id,
        literal("").label("menu"),
        literal("").label("label"),
        literal("page").label("kind"),
    )
    listed = select(*entry, *_page_columns()).where(ContentPage.published_at.is_not(None))
    return listed.order_by(ContentPage.id).limit(MOST_PAGES)


def _page_columns() -> tuple[Any, ...]:
    """Return the columns of a page, with its title in the present language."""
    return (
        translated(ContentPage.title, PAGE, ContentPage.id, "title").label("page_title"),
        ContentPage.slug.label("page_slug"),
        ContentPage.published_at,
        ContentPage.withdraw_at,
        ContentPage.kind.label("page_kind"),
    )


def _further_columns() -> tuple[Any, ...]:
    """Return the columns of the other targets, with their names in the present language."""
    return (
        category_name().label("category_name"),
        Category.path.label("category_path"),
        Category.product_count,
        and_(*linked_conditions()).label("is_linked"),
        translated(Collection.title, COLLECTION, Collection.id, "title").label("collection_title"),
        Collection.slug.label("collection_slug"),
    )


def find_target(row: Any) -> MenuTarget:
    """Return the target of an entry; what is built of a planned page holds until its moment."""
    if row.kind == "page" and row.page_slug is not None:
        return MenuTarget(row.page_title, path_of(row.page_slug), _ABSENCES[state_of(row)])
    if row.kind == "category" and row.category_path is not None:
        absence = None if row.is_linked else Absence.HIDDEN if row.product_count else Absence.EMPTY
        return MenuTarget(row.category_name, category_path(row.category_path), absence)
    if row.kind == "collection" and row.collection_slug is not None:
        return MenuTarget(row.collection_title, collection_path(row.collection_slug))
    if row.kind in ("address", "heading"):
        return MenuTarget("", row.address)
    return MenuTarget(absence=Absence.DELETED)
