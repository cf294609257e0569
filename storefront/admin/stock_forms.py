"""What the forms of the stock pages send: which variant, numbers and reasons, and sentences for what was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from storefront.errors import StorefrontError
from storefront.i18n import gettext as _
from storefront.stock.ledger import InsufficientStockError, StockChangedError, UnknownSkuError
from storefront.stock.lookup import AmbiguousSkuError, VariantName, find_variant
from storefront.stock.stock_corrections import ThresholdChangedError
from storefront.unicode_text import clean_line, parse_digits, read_whole_number

MOST_REASON = 255  # characters


class StockFormError(StorefrontError):
    """The form is not valid; the text says why."""

    status = 422


@dataclass(frozen=True, slots=True)
class WantedVariant:
    """What a person asks for: a code from one of our links and forms, or what they typed or scanned."""

    text: str
    is_code: bool

    def find(self) -> VariantName:
        """Return the variant.

        Raises:
            UnknownSkuError: there is none.
            AmbiguousSkuError: there are several.
        """
        return find_variant(self.text, is_code=self.is_code)


def read_wanted(values: Mapping[str, str]) -> WantedVariant:
    """Return the variant that a URL or a form names."""
    if code := values.get("code", "")[:255]:
        return WantedVariant(code, is_code=True)
    return WantedVariant(clean_line(values.get("sku", "")[:255]), is_code=False)


def read_number() -> int:
    """Return the number of the form."""
    number = read_whole_number(request.form.get("number", ""), most_digits=9)
    if number is None:
        raise StockFormError(_("Enter a whole number from 0."))
    return number


def read_reason(*, required: bool) -> str:
    """Return the reason of the form, as one line."""
    reason = clean_line(request.form.get("reason", "")[: 4 * MOST_REASON])
    if required and not reason:
        raise StockFormError(_("Enter a reason."))
    if len(reason) > MOST_REASON:
        raise StockFormError(_("Use up to %(most)d characters for the reason.", most=MOST_REASON))
    return reason


def read_shown() -> int | None:
    """Return the number that the form showed; None if it did not say, as forms of earlier releases."""
    return parse_digits(request.form.get("shown", ""), most_digits=10)


def sentence_for(error: StorefrontError) -> str:
    """Return the sentence that staff read about an error."""
    if isinstance(error, UnknownSkuError):
        return _("No variant has the SKU or barcode %(sku)s.", sku=error.sku)
    if isinstance(error, AmbiguousSkuError):
        return _("Several variants have this SKU or barcode. Choose one.")
    if isinstance(error, StockChangedError):
        return _(
            "The stock has changed: %(before)d on hand when you opened this page, %(now)d now. "
            "Nothing was saved. Check the number and send it again.",
            before=error.expected,
            now=error.now,
        )
    if isinstance(error, ThresholdChangedError):
        return _(
            "Somebody has changed the low threshold from %(before)d to %(now)d meanwhile. "
            "Nothing was saved. Check the number and send it again.",
            before=error.expected,
            now=error.now,
        )
    if isinstance(error, InsufficientStockError):
        return _("Only %(number)d are on hand and not reserved for orders.", number=error.available)
    return str(error)
