"""Why an order is not placed, before the stock is asked."""

from __future__ import annotations

from storefront.checkout import payment
from storefront.checkout.drafts import EmptyBasketError, Review
from storefront.checkout.shortage import ShortageError
from storefront.checkout.totals import Totals
from storefront.errors import StorefrontError


class IncompleteError(StorefrontError):
    """The draft lacks something without which nothing can be sent.

    Attributes:
        field: which column of the draft.
    """

    status = 422

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class PricesChangedError(StorefrontError):
    """What the shopper agreed to is not what it comes to now; nothing was written.

    Attributes:
        before: the totals that they were shown last, if we know them.
        review: what it comes to now, to be agreed to anew.
    """

    status = 409

    def __init__(self, before: Totals | None, review: Review) -> None:
        super().__init__("Something has changed since you saw this page. Look it over, then order.")
        self.before, self.review = before, review


class KeyReusedError(StorefrontError):
    """This form has placed another order already.

    Attributes:
        number: of that order.
    """

    status = 409

    def __init__(self, number: str) -> None:
        super().__init__(
            f"This form has been sent before, with other contents: it placed the order {number}."
        )
        self.number = number


class NotAsSeenError(StorefrontError):
    """What the shopper agreed to is not what it comes to now: for `PricesChangedError`, once nothing is locked."""


def refuse(review: Review, seen: str) -> None:
    """Refuse a draft that cannot be placed, or is not what was seen.

    Raises:
        ShortageError, EmptyBasketError, IncompleteError: there is nothing to place.
        NotAsSeenError: prices, tax, lines or details have changed.
    """
    draft = review.checkout
    if review.gone:
        raise ShortageError([], review.gone)
    if not review.lines:
        raise EmptyBasketError
    if not draft.email:
        raise IncompleteError("email", "Give an e-mail address, so that we can tell you of your order.")
    if not draft.address.get("country"):
        raise IncompleteError("address", "Say where the order is to be sent.")
    if review.delivery is None or not review.delivery.serves(draft.address["country"]):
        raise IncompleteError("delivery", "Choose how the order is to be sent.")
    if draft.payment not in payment.offered():
        raise IncompleteError("payment", "Choose how you want to pay.")
    if review.digest != seen:
        raise NotAsSeenError("Something has changed since you saw this page.")
