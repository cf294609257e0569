"""Versions of menus: a menu is locked, changed and saved as its next version; a former one can be put back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storefront.actors import actor_text
from storefront.content.menu_models import Menu, MenuItem, MenuVersion
from storefront.content.menu_rows import find_target, select_items
from storefront.content.menu_targets import MODELS, MenuEditError
from storefront.deletions import Deletion
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _

_COLUMNS = ("position", "label", "kind", "page_id", "category_id", "collection_id", "address", "target_name")


class MenuChangedError(StorefrontError):
    """Somebody else has changed the menu since the person saw it."""

    status = 409

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else has changed this menu meanwhile. Nothing was saved: look at it, then save again."
            )
        )


def lock(session: Session, menu: str, expected: int) -> Menu:
    """Return a menu that nobody else changes until the transaction ends.

    Raises:
        MenuChangedError: the menu is not at version `expected` any more.
    """
    found = session.get(Menu, menu, with_for_update=True, populate_existing=True)
    if found is None and expected == 0:
        found = Menu(name=menu, version=0, outline="")
        session.add(found)
        try:
            session.flush()
        except IntegrityError:
            raise MenuChangedError from None
    if found is None or found.version != expected:
        raise MenuChangedError
    return found


def save_version(session: Session, menu: Menu) -> None:
    """Count the change, and keep the menu as it is now as a version."""
    session.flush()
    rows = sorted(session.execute(select_items(menu.name)), key=lambda row: (row.position, row.id))
    ordered = [
        each
        for row in rows
        if row.parent_id is None
        for each in (row, *(child for child in rows if child.parent_id == row.id))
    ]
    menu.version += 1
    menu.outline = "\n".join(map(_describe, ordered))
    session.flush()
    session.add(
        MenuVersion(
            menu=menu.name,
            number=menu.version,
            items=[{"id": row.id, "below": row.parent_id, "columns": _columns(row)} for row in ordered],
            outline=menu.outline,
            actor=actor_text(),
            at=datetime.now(UTC),
        )
    )
    session.flush()


def _columns(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in _COLUMNS}


def _describe(row: Any) -> str:
    target = find_target(row)
    name = row.label or target.name or row.target_name
    return f"{'– ' if row.parent_id else ''}{name}{f' ({target.path})' if target.path else ''}"


def restore(session: Session, menu: str, number: int, *, expected: int) -> None:
    """Make the entries of a former version those of now. Number 0 is the menu that the shop makes itself.

    Raises:
        MenuEditError: there is no such version.
        MenuChangedError: like `lock`.
    """
    here, former = lock(session, menu, expected), session.get(MenuVersion, (menu, number))
    if former is None and number != 0:
        raise MenuEditError(_("There is no such version of this menu."))
    session.execute(delete(MenuItem).where(MenuItem.menu == menu))
    made: dict[int | None, int | None] = {None: None}
    since = former.at if former else datetime.now(UTC)
    for values in former.items if former else ():  # parents come first
        columns = values["columns"] | dict.fromkeys(_find_gone(session, since, values["columns"]))
        item = MenuItem(menu=menu, **columns, parent_id=made[values["below"]])
        session.add(item)
        session.flush()
        made[values["id"]] = item.id
    save_version(session, here)


def _find_gone(session: Session, since: datetime, columns: Mapping[str, Any]) -> list[str]:
    """Return the columns of targets that were deleted since a moment; SQLite may give another row the same id."""
    gone = []
    for kind, model in MODELS.items():
        row_id = columns[f"{kind}_id"]
        if row_id is None:
            continue
        deleted = select(Deletion.id).where(Deletion.kind == model.__tablename__, Deletion.at >= since)
        is_deleted = session.execute(deleted.where(Deletion.row_id == str(row_id))).first() is not None
        if is_deleted or session.get(model, row_id) is None:
            gone.append(f"{kind}_id")
    return gone
