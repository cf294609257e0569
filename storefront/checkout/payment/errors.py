"""What can go wrong between us and a payment provider."""

from __future__ import annotations

from storefront.errors import StorefrontError


class PaymentError(StorefrontError):
    """The provider did not do what it was asked for; the text says what to do about it."""

    status = 409
