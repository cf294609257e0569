"""Commands on the cart: add, set the quantity, save for later, remove. Each is one short transaction."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from storefront import accounts, stock
from storefront.cart import cookie, queries
from storefront.cart.basket_form import MAX_QUANTITY
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Product, Variant
from storefront.errors import StorefrontError
from storefront.extensions import insert_function, write_transaction
from storefront.i18n import gettext as _
from storefront.stock import StockItem, StockLevel

MAX_LINES = 100


class CartError(StorefrontError):
    """The cart cannot be changed like that; the text tells the shopper why."""

    status = 422


def add_line(sku: str, quantity: int) -> str:
    """Add a variant to this visitor's cart; return its product's title. At most three statements.

    Raises:
        CartError: the variant cannot be bought, there are fewer in stock, or the cart is full.
    """
    accounts.current_user()  # before the transaction locks the database, since it may wait for Redis
    with write_transaction() as session:
        variant, title, cart_id, lines, level = _find_variant(session, sku)
        if (shortage := stock.find_shortage(level, quantity)) is not None:
            raise CartError(shortage.describe(title))
        if cart_id is None:
            cart_id = _create_cart(session)
        elif lines >= MAX_LINES:
            raise CartError(
                _(
                    "Your basket is full: it can hold %(count)d different products. Remove one to add another.",
                    count=MAX_LINES,
                )
            )
        row = {
            "cart_id": cart_id,
            "sku": sku,
            "quantity": quantity,
            "price_seen": variant.price,
            "saved": False,
        }
        new = insert_function(session.connection())(CartLine).values(row | {"added_at": _now()})
        more = _least_function(session)(CartLine.quantity + new.excluded.quantity, MAX_QUANTITY)
        session.execute(
            new.on_conflict_do_update(
                index_elements=["cart_id", "sku"],
                set_={"quantity": more, "price_seen": new.excluded.price_seen, "saved": False},
            )
        )
    return title


def set_quantity(sku: str, quantity: int) -> None:
    """Set a line's quantity. The shopper has now seen its current price."""
    _update_line(sku, quantity=quantity)


def set_quantities(quantities: Mapping[int, int]) -> bool:
    """Set the quantities of several lines, by id, in one transaction; return whether all lines are still there."""
    cart_id = queries.current_cart_id()
    with write_transaction() as session:
        found = [_update_row(session, cart_id, line, quantity=number) for line, number in quantities.items()]
    return all(found)


def take_what_is_left(line: int | None = None) -> list[int]:
    """Lower the quantity of a line to what can be bought, or set it aside for later if that is nothing.

    Args:
        line: the id of the line; None does it to all lines of which less can be bought than the shopper wants.

    Returns:
        The ids of the lines that were changed.
    """
    short = [one for one in queries.load_cart_page().unbuyable if line in (None, one.id)]
    cart_id = queries.current_cart_id()
    with write_transaction() as session:
        for one in short:
            changes: dict[str, object] = {"quantity": one.possible} if one.possible else {"saved": True}
            _update_row(session, cart_id, one.id, **changes)
    return [one.id for one in short]


def save_for_later(line: str | int, *, saved: bool) -> None:
    """Move a line, given by its SKU or id, to the list "for later" (`saved`), or back into the cart."""
    _update_line(line, saved=saved)


def remove_line(line: str | int) -> None:
    """Remove a line, given by its SKU or id. If it does not exist, that is not an error: somebody clicked twice."""
    cart_id = queries.current_cart_id()
    with write_transaction() as session:
        session.execute(delete(CartLine).where(CartLine.cart_id == cart_id, _is_line(line)))


def _find_variant(session: Session, sku: str) -> tuple[Variant, str, int | None, int, StockLevel]:
    """Find an active variant to add.

    Returns:
        The variant, its product's title, the id of this visitor's cart (None: there is no cart), the number of the
        cart's other lines, and what can be bought.

    Raises:
        CartError: there is no such variant in the shop.
    """
    cart_id = queries.select_current_cart().scalar_subquery()
    lines = (
        select(func.count())
        .where(CartLine.cart_id == cart_id, CartLine.sku != sku)
        .correlate(None)
        .scalar_subquery()
    )
    row = session.execute(
        select(
            Variant,
            Product.title,
            Product.status,
            Product.gift_card,
            StockItem,
            cart_id.label("cart"),
            lines.label("lines"),
        )
        .join(Product, Product.id == Variant.product_id)
        .outerjoin(StockItem, StockItem.variant_id == Variant.id)
        .where(Variant.sku == sku)
    ).one_or_none()
    if row is None or row.status != "active" or row.gift_card:
        raise CartError(_("We don’t sell this product."))
    item = row.StockItem
    unlimited = row.Variant.backorder or (item is not None and not item.tracked)
    level = StockLevel(item.available, item.low_threshold) if item is not None else StockLevel(0, 0)
    return row.Variant, row.title, row.cart, row.lines, StockLevel(None, 0) if unlimited else level


def _create_cart(session: Session) -> int:
    """Create a cart, the account's if the shopper is signed in; return its id.

    If another device of the same account has just created one, that cart is used.
    """
    shopper = accounts.current_user()
    new = insert_function(session.connection())(Cart).values(
        token=secrets.token_urlsafe(24),
        user_id=shopper.id if shopper else None,
        created_at=_now(),
        updated_at=_now(),
    )
    row = session.execute(
        new.on_conflict_do_update(index_elements=["user_id"], set_={"updated_at": _now()}).returning(
            Cart.id, Cart.token
        )
    ).one()
    cookie.set_token(row.token, is_new=shopper is None)
    return int(row.id)


def _update_line(line: str | int, **values: object) -> None:
    cart_id = queries.current_cart_id()
    with write_transaction() as session:
        if not _update_row(session, cart_id, line, **values):
            raise CartError(_("This product is no longer in your basket."))


def _update_row(session: Session, cart_id: int | None, line: str | int, **values: object) -> bool:
    """Change a line; the shopper has now seen its current price. Return whether there is such a line."""
    price = select(Variant.price).where(Variant.sku == CartLine.sku).scalar_subquery()
    changed = session.execute(
        update(CartLine)
        .where(CartLine.cart_id == cart_id, _is_line(line))
        .values(price_seen=func.coalesce(price, CartLine.price_seen), **values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def _is_line(line: str | int) -> ColumnElement[bool]:
    return CartLine.id == line if isinstance(line, int) else CartLine.sku == line


def _least_function(session: Session) -> Any:
    return func.min if session.connection().dialect.name == "sqlite" else func.least


def _now() -> datetime:
    return datetime.now(UTC)
