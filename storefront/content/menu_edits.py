"""What a merchant does to menus: add, change, order and remove entries.

A change takes the version of the menu that the person saw, so that two people at once never overwrite each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storefront.content import menu_targets
from storefront.content.menu_models import Menu, MenuItem
from storefront.content.menu_reader import FOOTER, HEADER
from storefront.content.menu_targets import ChosenTarget, MenuEditError
from storefront.content.menu_versions import MenuChangedError, lock, save_version
from storefront.i18n import gettext as _
from storefront.list_order import arrange

NAMES = (HEADER, FOOTER)
MOST_ITEMS = 100  # of a menu


@dataclass(frozen=True, slots=True)
class EntryValues:
    """What a person chooses of an entry.

    Attributes:
        target: "page-3", "category-3", "collection-3", "address" or "heading".
        address: of the target "address".
        label: empty: the title of its target.
        parent_id: the entry that it is below; None: at the top.
    """

    target: str
    address: str = ""
    label: str = ""
    parent_id: int | None = None


def add(session: Session, menu: str, values: EntryValues, *, expected: int) -> MenuItem:
    """Add an entry, the last of those that share its parent.

    Raises:
        MenuEditError: the entry cannot be like this.
        MenuChangedError: the menu is not at version `expected` any more.
    """
    here = lock(session, menu, expected)
    items = _read(session, menu)
    if len(items) >= MOST_ITEMS:
        raise MenuEditError(_("A menu has up to %(most)d entries. Remove one first.", most=MOST_ITEMS))
    item = MenuItem(menu=menu, position=len(items) + 1)
    _fill(session, item, values, items)
    session.add(item)
    save_version(session, here)
    return item


def change(session: Session, item_id: int, values: EntryValues, *, expected: int) -> MenuItem:
    """Save an entry. Below another entry it becomes the last one.

    Raises:
        MenuEditError, MenuChangedError: like `add`.
    """
    item, here = _lock_item(session, item_id, expected)
    items = _read(session, item.menu)
    if item.parent_id != values.parent_id:
        item.position = len(items) + 1
    _fill(session, item, values, items)
    save_version(session, here)
    return item


def remove(session: Session, item_id: int, *, expected: int) -> str:
    """Remove an entry with those below it; return the name of its menu.

    Raises:
        MenuChangedError: like `add`.
    """
    item, here = _lock_item(session, item_id, expected)
    session.execute(delete(MenuItem).where(MenuItem.parent_id == item.id))
    session.delete(item)
    save_version(session, here)
    return here.name


def order(
    session: Session, menu: str, parent_id: int | None, places: Mapping[int, int], *, expected: int
) -> None:
    """Put entries at places, counted from 1, among those that share their parent.

    Raises:
        MenuChangedError: like `add`.
    """
    here = lock(session, menu, expected)
    items = {item.id: item for item in _read(session, menu) if item.parent_id == parent_id}
    for place, item_id in enumerate(arrange(list(items), places), 1):
        items[item_id].position = place
    save_version(session, here)


def _lock_item(session: Session, item_id: int, expected: int) -> tuple[MenuItem, Menu]:
    item = session.get(MenuItem, item_id, populate_existing=True)
    if item is None:
        raise MenuChangedError
    return item, lock(session, item.menu, expected)


def _read(session: Session, menu: str) -> Sequence[MenuItem]:
    query = select(MenuItem).where(MenuItem.menu == menu).order_by(MenuItem.position, MenuItem.id)
    return session.execute(query).scalars().all()


def _fill(session: Session, item: MenuItem, values: EntryValues, items: Sequence[MenuItem]) -> None:
    _check_place(item, values.parent_id, items)
    chosen = menu_targets.read_target(session, values.target, values.address)
    _check_label(chosen, values)
    for name, value in chosen.columns().items():
        setattr(item, name, value)
    item.label, item.parent_id = values.label, values.parent_id


def _check_place(item: MenuItem, parent_id: int | None, items: Sequence[MenuItem]) -> None:
    """Refuse a third level, and with it every entry that would be below itself."""
    if parent_id is None:
        return
    parent = next((each for each in items if each.id == parent_id), None)
    if parent is None:
        raise MenuEditError(_("The entry that it should be below is gone. Choose another one."), "parent")
    if item.id is not None and parent.id == item.id:
        raise MenuEditError(_("An entry cannot be below itself. Choose another one."), "parent")
    if parent.parent_id is not None:
        raise MenuEditError(
            _("A menu has two levels: choose an entry at the top, not one that is below another."), "parent"
        )
    if item.id is not None and any(each.parent_id == item.id for each in items):
        raise MenuEditError(
            _("A menu has two levels, and this entry has others below it. Move those first."), "parent"
        )


def _check_label(chosen: ChosenTarget, values: EntryValues) -> None:
    if chosen.name or values.label:
        return
    raise MenuEditError(_("Enter a label: an address or a heading has no title of its own."), "label")
