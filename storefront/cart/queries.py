"""Reads for the cart's page and for the number in the header."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from sqlalchemy import Select, func, select

from storefront import accounts, shop_settings, stock
from storefront.app_state import Hook
from storefront.cart import cookie
from storefront.cart.models import Cart, CartLine
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.catalog.option_texts import describe_options
from storefront.catalog.page_data import Picture
from storefront.catalog.slugs import product_path
from storefront.extensions import db
from storefront.i18n import gettext as _
from storefront.money import Money
from storefront.stock import Badge, Shortage, StockItem
from storefront.text_translations import fetch_words, translation
from storefront.text_translations.models import PRODUCT
from storefront.web.prefix import add_prefix

held_for = Hook[[int], Mapping[str, int]]("cart.held_for")
"""Returns how many of each SKU are reserved for the cart with this id, so that they do not count against it."""


@dataclass(frozen=True, slots=True)
class CartPageLine:
    """A line with its current price and stock. `price` is None if the variant is not in the shop any more."""

    id: int
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
    shortage: Shortage | None  # fewer than `quantity` can be bought now
    possible: int  # how many of `quantity` can be bought now; the public may not know it (see `left`)
    saved: bool

    @property
    def buyable(self) -> bool:
        """Whether the whole quantity can be bought now."""
        return self.price is not None and self.badge.buyable and not self.short

    @property
    def short(self) -> bool:
        """Whether some can be bought, but fewer than `quantity`."""
        return self.badge.buyable and self.shortage is not None

    @property
    def left(self) -> int | None:
        """How many can be bought if that is fewer than `quantity` and the public may know it; else None."""
        return self.shortage.left if self.shortage else None

    @property
    def total(self) -> Money | None:
        """The price of the whole quantity."""
        return Money(self.price.amount * self.quantity, self.price.currency) if self.price else None

    @property
    def notice(self) -> str | None:
        """A sentence about what has changed since the shopper added it; the page adds the old price."""
        if self.price is None:
            return _("No longer available.")
        if not self.badge.buyable:
            return _("Sold out. We keep it here in case it comes back.")
        if self.short:
            return (
                _("Only %(count)d left. Reduce the quantity to continue.", count=self.left)
                if self.left
                else _("Fewer than %(count)d left. Reduce the quantity to continue.", count=self.quantity)
            )
        if self.price > self.price_seen:
            return _("The price has gone up since you added it.")
        return _("The price has gone down.") if self.price < self.price_seen else None


@dataclass(frozen=True, slots=True)
class CartPage:
    """The cart's page. The subtotal counts only what can be bought now; `quantity` counts all items."""

    lines: list[CartPageLine]
    saved: list[CartPageLine]
    subtotal: Money
    quantity: int

    @property
    def buyable(self) -> bool:
        """Whether everything in the cart can be bought now."""
        return bool(self.lines) and not self.unbuyable

    @property
    def counted(self) -> int:
        """How many items the subtotal counts."""
        return sum(line.quantity for line in self.lines if line.buyable)

    @property
    def unbuyable(self) -> list[CartPageLine]:
        """The lines of which less can be bought now than the shopper wants."""
        return [line for line in self.lines if not line.buyable]

    @property
    def is_sold_out(self) -> bool:
        """Whether nothing in the cart can be bought now."""
        return not any(line.possible for line in self.lines)

    def describe_taken(self, ids: Collection[int]) -> list[str]:
        """Return what `commands.take_what_is_left` has made of the lines with these ids, a sentence each."""
        taken = [
            _("Your basket now holds %(count)d of %(title)s.", count=line.quantity, title=line.title)
            for line in self.lines
            if line.id in ids
        ]
        aside = [line.title for line in self.saved if line.id in ids]
        return taken + [_("%(title)s is saved for later.", title=title) for title in aside]


def current_cart_id() -> int | None:
    """Return the id of this visitor's cart, or None. One SQL statement; none for visitors without cart or sign-in."""
    if not cookie.read_token() and accounts.current_user() is None:
        return None
    return db.session.execute(select_current_cart()).scalar_one_or_none()


def select_current_cart() -> Select[int]:
    """Return a SELECT of this visitor's cart id: the account's cart if the visitor is signed in, else the cookie's.

    A cart that belongs to an account is shown to nobody else, whatever cookie a visitor sends.
    """
    is_visible = (Cart.token == cookie.read_token()) & Cart.user_id.is_(None)
    if (shopper := accounts.current_user()) is not None:
        is_visible |= Cart.user_id == shopper.id
    return select(Cart.id).where(is_visible).order_by(Cart.user_id.is_(None)).limit(1)


def count_items() -> int:
    """Return how many items this visitor's cart holds. One statement, or none without a cookie."""
    if not cookie.read_token() and accounts.current_user() is None:
        return 0
    lines = select(func.coalesce(func.sum(CartLine.quantity), 0)).where(~CartLine.saved)
    return db.session.execute(
        lines.where(CartLine.cart_id == select_current_cart().scalar_subquery())
    ).scalar_one()


def export_cart(user_id: int) -> list[dict[str, Any]]:
    """Return the lines of an account's cart, ready for JSON."""
    rows = db.session.execute(
        select(CartLine).join(Cart, Cart.id == CartLine.cart_id).where(Cart.user_id == user_id)
    ).scalars()
    return [
        {"sku": row.sku, "quantity": row.quantity, "saved": row.saved, "added_at": row.added_at.isoformat()}
        for row in rows
    ]


def load_cart_page() -> CartPage:
    """Return this visitor's cart with current prices and stock."""
    currency, cart_id = shop_settings.current().currency, current_cart_id()
    lines = _load_lines(cart_id, currency) if cart_id is not None else []
    in_cart = [line for line in lines if not line.saved]
    subtotal = sum(line.total.amount for line in in_cart if line.buyable and line.total)
    return CartPage(
        in_cart,
        [line for line in lines if line.saved],
        Money(subtotal, currency),
        sum(line.quantity for line in in_cart),
    )


def load_watched_variants() -> list[dict[str, object]]:
    """Return the product's id, the SKU and the version of the stock of each line, ready for JSON: <stock-watch>."""
    rows = db.session.execute(
        select(StockItem.product_id, StockItem.sku, StockItem.version)
        .join(CartLine, CartLine.sku == StockItem.sku)
        .where(CartLine.cart_id == select_current_cart().scalar_subquery())
        .order_by(CartLine.id)
    )
    return [{"product_id": row.product_id, "sku": row.sku, "version": row.version} for row in rows]


def _load_lines(cart_id: int, currency: str) -> list[CartPageLine]:
    picture = func.coalesce(Variant.image_id, Product.cover_id)
    rows = db.session.execute(
        select(CartLine, Variant, Product, ProductImage, translation(PRODUCT, Product.id, "title"))
        .outerjoin(Variant, Variant.sku == CartLine.sku)
        .outerjoin(Product, Product.id == Variant.product_id)
        .outerjoin(ProductImage, ProductImage.id == picture)
        .where(CartLine.cart_id == cart_id)
        .order_by(CartLine.added_at, CartLine.id)
    ).all()
    levels = stock.load_levels({row.Product.id for row in rows if row.Product is not None})
    held: Counter[str] = Counter()
    for own in held_for.fire(cart_id):
        held.update(own)
    sold = [row for row in rows if row.Product is not None]
    words = fetch_words(word for row in sold for word in (*row.Product.option_names, *row.Variant.options))
    return [_page_line(*row, words=words, levels=levels, held=held, currency=currency) for row in rows]


def _page_line(
    line: CartLine,
    variant: Variant | None,
    product: Product | None,
    image: ProductImage | None,
    title: str | None,
    *,
    words: Mapping[str, str],
    levels: stock.StockLevels,
    held: Mapping[str, int],
    currency: str,
) -> CartPageLine:
    in_shop = variant is not None and product is not None and product.is_for_sale
    level = levels.variant(variant.id) if variant is not None and in_shop else stock.StockLevel(0, 0)
    level = level.plus(held.get(line.sku, 0))
    backorder = bool(variant and variant.backorder)
    return CartPageLine(
        id=line.id,
        sku=line.sku,
        product_id=product.id if product is not None else None,
        title=title or (product.title if product is not None else line.sku),
        url=f"{add_prefix(product_path(product.slug))}?variant={quote(line.sku)}"
        if product is not None and in_shop
        else None,
        options=describe_options(product.option_names, variant.options, words)
        if variant is not None and product is not None
        else "",
        quantity=line.quantity,
        price=Money(variant.price, currency) if variant is not None and in_shop else None,
        price_seen=Money(line.price_seen, currency),
        picture=Picture(image.digest, image.width, image.height, "")
        if image is not None and image.digest
        else None,
        badge=stock.badge_for(level, stock.public_display(), backorder=backorder),
        shortage=None if backorder else stock.find_shortage(level, line.quantity),
        possible=_possible(line.quantity, None if backorder else level.available) if in_shop else 0,
        saved=line.saved,
    )


def _possible(wanted: int, available: int | None) -> int:
    return wanted if available is None else max(0, min(wanted, available))
