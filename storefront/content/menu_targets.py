"""What a person chooses as the target of a menu entry: checked, so that no entry leads nowhere from the start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from flask import current_app
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from storefront.catalog.collection.models import Collection
from storefront.catalog.models import ROOT_PATH, Category, Product
from storefront.content.models import ContentPage
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.link_syntax import describe_links, is_link
from storefront.unicode_text import read_whole_number
from storefront.web.prefix import remove_prefix

ADDRESS, HEADING = "address", "heading"
MODELS: Mapping[str, type[Any]] = {"page": ContentPage, "category": Category, "collection": Collection}


class MenuEditError(StorefrontError):
    """A menu cannot be changed like this. `field` names the field that is wrong; empty: the entry as a whole."""

    status = 422

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.field = field


@dataclass(frozen=True, slots=True)
class ChosenTarget:
    """The target of an entry: its kind, the id of its row or its address, and its title."""

    kind: str
    row_id: int | None = None
    address: str = ""
    name: str = ""

    def columns(self) -> dict[str, Any]:
        """Return the values of the columns of `MenuItem`."""
        ids = {f"{kind}_id": self.row_id if kind == self.kind else None for kind in MODELS}
        return {"kind": self.kind, "address": self.address, "target_name": self.name, **ids}


def read_target(session: Session, choice: str, address: str) -> ChosenTarget:
    """Return the target that was chosen from a list, such as "page-3", or typed as an address.

    Raises:
        MenuEditError: it does not exist, or is not an address that a menu can have.
    """
    if choice == HEADING:
        return ChosenTarget(HEADING)
    if choice == ADDRESS:
        return _read_address(session, address)
    kind, _dash, number = choice.partition("-")
    row_id, model = read_whole_number(number, most_digits=9), MODELS.get(kind)
    row = session.get(model, row_id) if model and row_id else None
    is_gone = row is None or (isinstance(row, Collection) and row.deleted_at is not None)
    if is_gone or (isinstance(row, Category) and row.path == ROOT_PATH):
        raise MenuEditError(_("Choose where the entry leads. What you chose no longer exists."), "target")
    return _of_row(row)


def _of_row(row: Any) -> ChosenTarget:
    kind = next(kind for kind, model in MODELS.items() if isinstance(row, model))
    return ChosenTarget(kind, row.id, name=row.name if kind == "category" else row.title)


def _read_address(session: Session, typed: str) -> ChosenTarget:
    if not is_link(typed):
        raise MenuEditError(describe_links(), "address")
    if not typed.startswith("/"):
        return ChosenTarget(ADDRESS, address=typed)
    return _find_own(session, typed, urlsplit(typed))


def _find_own(session: Session, typed: str, parts: SplitResult) -> ChosenTarget:
    """Return the target at a path of the shop: pages, categories and collections as such, others by their address."""
    try:
        endpoint, values = current_app.url_map.bind("localhost").match(
            unquote(remove_prefix(parts.path)), method="GET"
        )
    except HTTPException:
        raise _no_page(typed) from None
    query = _select_target(endpoint, values)
    row = session.execute(query).scalar() if query is not None else None
    if row is None and values:
        raise _no_page(typed)
    if isinstance(row, tuple(MODELS.values())) and not (parts.query or parts.fragment):
        return _of_row(row)
    return ChosenTarget(ADDRESS, address=remove_prefix(typed))


def _select_target(endpoint: str, values: Mapping[str, Any]) -> Select[Any] | None:
    """Return the query of the row that a route shows; None of a route without one."""
    match endpoint:
        case "content.page":
            return select(ContentPage).where(ContentPage.slug == values["slug"])
        case "catalog.category":
            return select(Category).where(Category.path == values["path"], Category.path != ROOT_PATH)
        case "catalog.collection":
            return select(Collection).where(Collection.slug == values["collection"], Collection.is_present())
        case "catalog.product":
            return select(Product.id).where(Product.slug == values["slug"], Product.status == "active")
    return None


def _no_page(typed: str) -> MenuEditError:
    return MenuEditError(
        _("The shop has no page at %(address)s. Check the address.", address=typed), "address"
    )
