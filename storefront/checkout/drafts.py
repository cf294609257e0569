"""The visitor's draft of an order, and the lines of their basket that the order would contain."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any

import msgspec
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from storefront.cart import CartLine
from storefront.cart import queries as cart_queries
from storefront.catalog.models import Product, Variant
from storefront.catalog.option_texts import describe_options
from storefront.checkout.delivery import DeliveryMethod
from storefront.checkout.errors import (
    EmptyBasketError,
    IncompleteError,
    LineShortage,
    ReviewOutdatedError,
    ShortageError,
)
from storefront.checkout.models import Checkout
from storefront.checkout.terms import check_open, current_terms
from storefront.checkout.totals import LineItem, Totals, compute_totals
from storefront.extensions import connection_of, db, insert_function
from storefront.i18n import gettext as _
from storefront.languages import current_locale
from storefront.postal.served_countries import served_countries
from storefront.stock import StockItem, StockLevel, shortage_at
from storefront.text_translations import fetch_words, translation
from storefront.text_translations.models import PRODUCT

# Built once and executed without the ORM: every page of the checkout and every order runs it.
_BASKET = (
    select(
        CartLine.sku,
        CartLine.quantity,
        Variant.label,
        Variant.taxable,
        Variant.requires_shipping,
        Variant.price,
        Variant.backorder,
        Product.title,
        Product.status,
        Product.gift_card,
        Product.option_names,
        Variant.option1,
        Variant.option2,
        Variant.option3,
        StockItem.tracked,
        StockItem.low_threshold,
        (StockItem.on_hand - StockItem.reserved).label("available"),
    )
    .outerjoin(Variant, Variant.sku == CartLine.sku)
    .outerjoin(Product, Product.id == Variant.product_id)
    .outerjoin(StockItem, StockItem.sku == CartLine.sku)
    .where(CartLine.cart_id == bindparam("cart"), ~CartLine.saved)
)


@dataclass(frozen=True, slots=True)
class CheckoutLine:
    """A line of the basket that is to be bought.

    Attributes:
        item: what, how many, and for which price.
        label: the SKU as the merchant writes it.
        tracked: the stock of this SKU is counted.
        backorder: it can be ordered without stock.
        available: the quantity that nobody has reserved; 0 if the stock is not counted.
        low_threshold: at or under it the stock is low.
    """

    item: LineItem
    label: str
    tracked: bool
    backorder: bool
    available: int
    low_threshold: int

    @property
    def sku(self) -> str:
        """The SKU of the item."""
        return self.item.sku

    @property
    def needs_stock(self) -> bool:
        """Whether the line can be bought only while there is stock."""
        return self.tracked and not self.backorder

    def shortage(self, available: int) -> LineShortage:
        """Return what the shopper may know if this quantity is available and that is too low."""
        level = StockLevel(available, self.low_threshold)
        return LineShortage(self.sku, self.item.title, shortage_at(level, self.item.quantity))


@dataclass(frozen=True, slots=True)
class DraftDetails:
    """The columns of a draft (`Checkout`) that decide what an order contains."""

    id: int
    cart_id: int | None
    user_id: int | None
    email: str
    exact_email: str
    address: dict[str, Any]
    bill_to: dict[str, Any] | None
    delivery: str
    payment: str

    @classmethod
    def from_draft(cls, draft: Checkout) -> DraftDetails:
        """Return the details of a draft that the ORM has loaded."""
        return cls(
            draft.id,
            draft.cart_id,
            draft.user_id,
            draft.email,
            draft.exact_email,
            draft.address,
            draft.bill_to,
            draft.delivery,
            draft.payment,
        )


@dataclass(frozen=True, slots=True)
class OrderReview:
    """Everything that a shopper agrees to by one click.

    Attributes:
        draft: the contact, the addresses, and the chosen delivery and payment.
        lines: the lines of the basket.
        totals: what they cost.
        delivery: the chosen delivery method, if it exists and anything is sent.
        unavailable: titles of lines that the shop no longer sells.
    """

    draft: DraftDetails
    lines: tuple[CheckoutLine, ...]
    totals: Totals
    delivery: DeliveryMethod | None
    unavailable: tuple[str, ...] = field(default=())

    @property
    def is_sent(self) -> bool:
        """Whether anything is sent in a parcel."""
        return is_sent(self.lines)

    @property
    def digest(self) -> str:
        """A hash for the form: it changes with everything that the review page shows."""
        draft = self.draft
        shown = (draft.email, draft.address, draft.bill_to, draft.delivery, draft.payment, self.totals.digest)
        return hashlib.sha256(msgspec.json.encode(shown, order="deterministic")).hexdigest()


def is_sent(lines: Sequence[CheckoutLine]) -> bool:
    """Return whether any of these goods is sent in a parcel; otherwise the order needs no delivery and no street."""
    return any(line.item.requires_shipping for line in lines)


def current_draft() -> Checkout | None:
    """Return the draft of the current visitor, if there is one."""
    cart_id = cart_queries.current_cart_id()
    if cart_id is None:
        return None
    return db.session.execute(select(Checkout).where(Checkout.cart_id == cart_id)).scalar_one_or_none()


def save_draft(session: Session, **details: Any) -> Checkout:
    """Write details (columns of Checkout) into the visitor's draft, which is created if needed; return the draft.

    Raises:
        EmptyBasketError: the visitor has no basket.
    """
    cart_id = cart_queries.current_cart_id()
    if cart_id is None:
        raise EmptyBasketError
    # If the same form was sent several times at once, one of the requests creates the draft.
    new = insert_function(session.connection())(Checkout).values(cart_id=cart_id)
    session.execute(new.on_conflict_do_nothing(index_elements=["cart_id"]))
    draft = session.execute(
        select(Checkout).where(Checkout.cart_id == cart_id).with_for_update()
    ).scalar_one()
    for name, value in details.items():
        setattr(draft, name, value)
    draft.updated_at = datetime.now(UTC)
    session.flush()
    return draft


def build_review(session: Session, draft: Checkout | DraftDetails) -> OrderReview:
    """Return what the order of a draft would contain and cost now."""
    details = draft if isinstance(draft, DraftDetails) else DraftDetails.from_draft(draft)
    lines, unavailable = read_basket(session, details.cart_id)
    method = current_terms().delivery_method(details.delivery) if is_sent(lines) else None
    totals = compute_totals([line.item for line in lines], method, details.address)
    return OrderReview(details, tuple(lines), totals, method, tuple(unavailable))


def check_review(review: OrderReview, seen: str) -> None:
    """Refuse a draft that is not complete, or that differs from what the shopper saw.

    Raises:
        CheckoutClosedError: the shop's terms of sale are not valid.
        ShortageError, EmptyBasketError, IncompleteError: the draft is not complete.
        ReviewOutdatedError: prices, tax, lines or details have changed.
    """
    check_open()
    draft = review.draft
    if review.unavailable:
        raise ShortageError([], review.unavailable)
    if not review.lines:
        raise EmptyBasketError
    if not draft.email:
        raise IncompleteError("email", _("Enter your e-mail address so we can confirm your order."))
    country = draft.address.get("country")
    # The street is empty if the address was asked for while the basket had digital goods only.
    if not country or (review.is_sent and draft.address.get("line1") == ""):
        raise IncompleteError("address", _("Enter a delivery address."))
    if country not in served_countries():
        raise IncompleteError("address", _("We don’t deliver to this country yet. Choose another one."))
    if review.is_sent and (review.delivery is None or not review.delivery.serves(country)):
        raise IncompleteError("delivery", _("Choose a delivery method."))
    if draft.payment not in current_terms().offered:
        raise IncompleteError("payment", _("Choose a payment method."))
    if review.digest != seen:
        raise ReviewOutdatedError


def _options(row: Any) -> list[str]:
    return list(filter(None, (row.option1, row.option2, row.option3)))


def read_basket(session: Session, cart_id: int | None) -> tuple[list[CheckoutLine], list[str]]:
    """Return the lines of a basket in SKU order, and the titles of those that the shop no longer sells.

    Lines that are saved for later are left out.
    """
    query = _BASKET.add_columns(translation(PRODUCT, Product.id, "title")) if current_locale() else _BASKET
    rows = connection_of(session).execute(query, {"cart": cart_id}).all()
    words = fetch_words(chain.from_iterable((*(row.option_names or ()), *_options(row)) for row in rows))
    lines, unavailable = [], []
    for row in rows:
        if row.price is None or row.status != "active" or row.gift_card:
            unavailable.append(row.title or row.sku)
            continue
        options = describe_options(row.option_names, _options(row), words)
        title = getattr(row, "title_translation", None) or row.title
        item = LineItem(row.sku, title, options, row.quantity, row.price, row.taxable, row.requires_shipping)
        lines.append(
            CheckoutLine(
                item,
                row.label,
                row.tracked is not False,
                bool(row.backorder),
                row.available or 0,
                row.low_threshold or 0,
            )
        )
    return sorted(lines, key=lambda line: line.sku), unavailable
