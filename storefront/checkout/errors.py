"""The errors of the checkout. Each text is a sentence that the shopper or the staff member reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from storefront import stock
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _

if TYPE_CHECKING:
    from storefront.checkout.drafts import OrderReview
    from storefront.checkout.totals import Totals


class CheckoutClosedError(StorefrontError):
    """The shop's terms of sale are missing or wrong, so that nothing can be ordered. Nothing was changed."""

    status = 503
    is_public = True
    retry_after = 600

    def __init__(self) -> None:
        super().__init__(
            _("Checkout is unavailable right now. Your basket is saved. Please try again later.")
        )


class EmptyBasketError(StorefrontError):
    """The basket contains nothing that can be bought."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("Nothing in your basket is available right now."))


class IncompleteError(StorefrontError):
    """The draft lacks something that an order needs.

    Attributes:
        field: the column of the draft that is missing or invalid.
    """

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class LineShortage:
    """A line for which the stock is too low: what the shopper wants, and what the public may know of the rest."""

    sku: str
    title: str
    amount: stock.Shortage


class ShortageError(StorefrontError):
    """The stock is too low for some lines, since other shoppers were quicker. Nothing was reserved or sold.

    Attributes:
        shortages: the lines concerned.
        unavailable: titles of lines that the shop no longer sells.
    """

    status = 409

    def __init__(self, shortages: Sequence[LineShortage], unavailable: Sequence[str] = ()) -> None:
        sentences = [line.amount.describe(line.title) for line in shortages]
        sentences += [_("%(title)s is no longer available.", title=title) for title in unavailable]
        super().__init__(" ".join(sentences))
        self.shortages, self.unavailable = tuple(shortages), tuple(unavailable)


class OverHoldBudgetError(StorefrontError):
    """The hold would exceed a budget of unpaid holds; the text names it, for the log. Nothing was changed.

    No page shows it: the checkout goes on without the hold.
    """

    status = 409


class PricesChangedError(StorefrontError):
    """The current prices, tax, lines or details differ from those that the shopper agreed to. Nothing was written.

    Attributes:
        before: the totals that the shopper was shown last, if they are known.
        review: the current state, to be shown for another confirmation.
    """

    status = 409

    def __init__(self, before: Totals | None, review: OrderReview) -> None:
        super().__init__(_("Your order has changed. Please review it before you place it."))
        self.before, self.review = before, review


class ReviewOutdatedError(StorefrontError):
    """The review differs from what the shopper saw. `place_order` turns it into a `PricesChangedError`.

    It is raised inside the transaction; the new review is built after the locks have been released.
    """


class TotalTooLargeError(StorefrontError):
    """The total is too large to be computed exactly."""

    status = 422

    def __init__(self) -> None:
        super().__init__(_("The total is too high. Remove something from your basket."))


class KeyReusedError(StorefrontError):
    """The form's idempotency key has already placed an order with other contents.

    Attributes:
        number: the number of that order.
    """

    status = 409

    def __init__(self, number: str) -> None:
        super().__init__(
            _(
                "You already placed order %(number)s with this form.",
                number=number,
            )
        )
        self.number = number


class InFlightError(StorefrontError):
    """Another request is placing an order with the same idempotency key at this moment."""

    status = 409

    def __init__(self) -> None:
        super().__init__(_("Your order is being placed. Try again in a few seconds to see it."))


class RowLockedError(StorefrontError):
    """The lock on a row was not available within a second. Only this shopper's own requests lock that row."""


class DatabaseBusyError(StorefrontError):
    """The database is unavailable or overloaded.

    The transaction may have been committed. The shopper can send the form again: its key is idempotent.
    """

    status = 503
    is_public = True

    def __init__(self) -> None:
        super().__init__(
            _("We couldn’t place your order just now. Please try again; it won’t be ordered twice.")
        )


class OrderError(StorefrontError):
    """The order's present state does not allow the operation; the text says why."""

    status = 409


class NoSuchOrderError(StorefrontError):
    """No order has this number, or the visitor may not see it."""

    status = 404

    def __init__(self) -> None:
        super().__init__(_("We can’t find this order."))


class PaymentError(StorefrontError):
    """The payment provider did not do what it was asked for; the text says what to do next."""

    status = 409
