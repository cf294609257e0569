"""The tables of the merchant's menus, in the header and the footer of every page, with all their versions."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.actors import ChangedBy
from storefront.extensions import Model, UtcDateTime
from storefront.shop_cache import keys

MAX_LABEL, MAX_ADDRESS = 200, 2000  # characters


class Menu(ChangedBy, Model):
    """A menu that a merchant has made: "header" or "footer".

    `version` counts its changes. `outline` is the menu as text, a line for each entry, for the history.
    """

    __tablename__ = "menu"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int] = mapped_column(default=0)
    outline: Mapped[str] = mapped_column(Text, default="")

    history_fields: ClassVar[tuple[str, ...]] = ("outline",)

    @property
    def deletion_name(self) -> str:
        """Return its name."""
        return self.name

    def cache_tags(self) -> set[str]:
        """Tag of the menus, which every page prints."""
        return {keys.MENUS}


class MenuItem(Model):
    """An entry of a menu. One at most of its targets is set; `kind` says which, also when the target is deleted.

    Attributes:
        parent_id: the entry that it is below; None: at the top.
        position: its place among those that share the parent.
        label: the merchant's own; empty: the title of its target.
        kind: "page", "category", "collection", "address" or "heading", which leads nowhere.
        target_name: the target's title when the entry was saved, for staff when the target is gone.
    """

    __tablename__ = "menu_item"

    id: Mapped[int] = mapped_column(primary_key=True)
    menu: Mapped[str] = mapped_column(ForeignKey("menu.name", ondelete="CASCADE"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("menu_item.id", ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str] = mapped_column(String(MAX_LABEL), default="")
    kind: Mapped[str] = mapped_column(String(16))
    page_id: Mapped[int | None] = mapped_column(
        ForeignKey("content_page.id", ondelete="SET NULL"), index=True
    )
    category_id: Mapped[int | None] = mapped_column(
        ForeignKey("category.id", ondelete="SET NULL"), index=True
    )
    collection_id: Mapped[int | None] = mapped_column(
        ForeignKey("collection.id", ondelete="SET NULL"), index=True
    )
    address: Mapped[str] = mapped_column(String(MAX_ADDRESS), default="")
    target_name: Mapped[str] = mapped_column(Text, default="")

    def cache_tags(self) -> set[str]:
        """Tag of the menus, which every page prints."""
        return {keys.MENUS}


class MenuVersion(Model):
    """A menu as it was saved once; the newest version is the menu itself. `items` has what `MenuItem` has."""

    __tablename__ = "menu_version"

    menu: Mapped[str] = mapped_column(ForeignKey("menu.name", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    outline: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=lambda: datetime.now(UTC))
