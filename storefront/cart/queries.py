"""Reads for the basket's page and for the number in the header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from flask import current_app
from sqlalchemy import Select, func, select

from storefront import accounts, stock
from storefront.cart import cookie
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.page_data import Picture
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.money import Money
from storefront.stock import Badge


@dataclass(frozen=True, slots=True)
class CartPageLine:
    """A line as it stands now. `price` is None if the variant is not in the shop any more."""

    sku: str
    product_id: int | None
    title: str
    url: str | None
    options: str
    quantity: int
    price: Money | None
    price_seen: Money
    picture: Picture | None
    badge: Badge
    left: int | None  # how many can be bought, if that is fewer than `quantity`; else None
    saved: bool

    @property
    def buyable(self) -> bool:
        """Whether all of it can be bought now."""
        return self.price is not None and self.badge.buyable and not self.short

    @property
    def short(self) -> bool:
        """Whether there is some of it, but less than is wanted."""
        return bool(self.left) and not self.badge.backorder

    @property
    def total(self) -> Money | None:
        """What the line costs."""
        return Money(self.price.amount * self.quantity, self.price.currency) if self.price else None

    @property
    def notice(self) -> str | None:
        """What has changed since the shopper put it in, as a sentence; the page adds the old price."""
        if self.price is None:
            return "This is not in the shop any more."
        if not self.badge.buyable:
            return "Sold out. It stays here in case it comes back."
        if self.short:
            return _("Only %(count)d left. Lower the quantity to buy it.", count=self.left)
        if self.price > self.price_seen:
            return "It costs more than when you put it here."
        return "It has become cheaper." if self.price < self.price_seen else None


@dataclass(frozen=True, slots=True)
class CartPage:
    """The basket. The subtotal counts what can be bought now."""

    lines: list[CartPageLine]
    saved: list[CartPageLine]
    subtotal: Money
    quantity: int

    @property
    def buyable(self) -> bool:
        """Whether everything in it can be bought as it stands."""
        return bool(self.lines) and all(line.buyable for line in self.lines)


def current_cart_id() -> int | None:
    """Return the id of this visitor's cart, if there is one. One statement; none without a cookie."""
    if not cookie.read_token() and accounts.current_user() is None:
        return None
    return db.session.execute(select_current_cart()).scalar_one_or_none()


def select_current_cart() -> Select[int]:
    """Return the select of this visitor's cart id: the account's for whoever is signed in, else the cookie's.

    A cart that belongs to an account is shown to nobody else, whatever cookie they bring.
    """
    whose = (Cart.token == cookie.read_token()) & Cart.user_id.is_(None)
    if (shopper := accounts.current_user()) is not None:
        whose |= Cart.user_id == shopper.id
    return select(Cart.id).where(whose).order_by(Cart.user_id.is_(None)).limit(1)


def count_items() -> int:
    """Return how many things are in this visitor's basket. One statement; none without a cookie."""
    if not cookie.read_token() and accounts.current_user() is None:
        return 0
    lines = select(func.coalesce(func.sum(CartLine.quantity), 0)).where(~CartLine.saved)
    return db.session.execute(
        lines.where(CartLine.cart_id == select_current_cart().scalar_subquery())
    ).scalar_one()


def export_cart(user_id: int) -> list[dict[str, Any]]:
    """Return an account's basket as JSON can hold it."""
    rows = db.session.execute(
        select(CartLine).join(Cart, Cart.id == CartLine.cart_id).where(Cart.user_id == user_id)
    ).scalars()
    return [
        {"sku": row.sku, "quantity": row.quantity, "saved": row.saved, "added_at": row.added_at.isoformat()}
        for row in rows
    ]


def load_cart_page() -> CartPage:
    """Return this visitor's basket, with everything that has changed since."""
    currency, cart_id = current_app.config["CURRENCY"], current_cart_id()
    lines = _load_lines(cart_id, currency) if cart_id is not None else []
    wanted = [line for line in lines if not line.saved]
    subtotal = sum(line.total.amount for line in wanted if line.buyable and line.total)
    return CartPage(
        wanted,
        [line for line in lines if line.saved],
        Money(subtotal, currency),
        sum(x.quantity for x in wanted),
    )


def _load_lines(cart_id: int, currency: str) -> list[CartPageLine]:
    picture = func.coalesce(Variant.image_id, Product.cover_id)
    rows = db.session.execute(
        select(CartLine, Variant, Product, ProductImage)
        .outerjoin(Variant, Variant.sku == CartLine.sku)
        .outerjoin(Product, Product.id == Variant.product_id)
        .outerjoin(ProductImage, ProductImage.id == picture)
        .where(CartLine.cart_id == cart_id)
        .order_by(CartLine.added_at, CartLine.id)
    ).all()
    levels = stock.load_levels({product.id for _, _, product, _ in rows if product is not None})
    return [_page_line(*row, levels=levels, currency=currency) for row in rows]


def _page_line(
    line: CartLine, variant: Variant | None, product: Product | None, image: ProductImage | None,
    *, levels: stock.StockLevels, currency: str,
) -> CartPageLine:  # fmt: skip
    there = variant is not None and product is not None and product.status == "active"
    level = levels.variant(variant.id) if variant is not None and there else stock.StockLevel(0, 0)
    shown = image is not None and image.digest
    return CartPageLine(
        sku=line.sku,
        product_id=product.id if product is not None else None,
        title=product.title if product is not None else line.sku,
        url=f"/products/{product.slug}?variant={quote(line.sku)}" if product is not None and there else None,
        options=" / ".join(variant.options) if variant is not None else "",
        quantity=line.quantity,
        price=Money(variant.price, currency) if variant is not None and there else None,
        price_seen=Money(line.price_seen, currency),
        picture=Picture(image.digest or "", image.width, image.height, "")
        if image is not None and shown
        else None,
        badge=stock.badge_for(level, stock.public_display(), backorder=bool(variant and variant.backorder)),
        left=stock.number_if_short(level.available, line.quantity),
        saved=line.saved,
    )
