"""Why a stock-taking cannot be counted in or changed."""

from __future__ import annotations

from storefront.errors import StorefrontError
from storefront.stock.stock_taking_models import MAX_COUNTED


class UnknownTakingError(StorefrontError):
    """There is no stock-taking with this number."""

    status = 404

    def __init__(self, number: int) -> None:
        super().__init__(f"There is no stock-taking {number}.")


class TakingStateError(StorefrontError):
    """The stock-taking is not in a state that allows this, because somebody has ended it, for example.

    Attributes:
        state: its state.
    """

    status = 409

    def __init__(self, state: str) -> None:
        super().__init__(f"The stock-taking is {state}: this is not possible any more.")
        self.state = state


class CountChangedError(StorefrontError):
    """Somebody else has counted the same goods since the caller saw the number; nothing was changed.

    Attributes:
        seen: the number that the caller saw.
        now: the number now.
    """

    status = 409

    def __init__(self, seen: int, now: int) -> None:
        super().__init__(f"The count has changed meanwhile: it was {seen}, now it is {now}.")
        self.seen, self.now = seen, now


class CountNumberError(StorefrontError):
    """A count cannot be this number."""

    status = 422

    def __init__(self) -> None:
        super().__init__(f"A count is a whole number from 0 to {MAX_COUNTED:,}.")
