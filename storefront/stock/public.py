"""What the public may know of stock: one rule for badges, live updates, baskets, the sentences of errors and the API.

The merchant's setting `stock_display` is `low` (the number at or under the threshold), `band` (no number but 0) or
`exact` (the number). A shopper who wants more than there is learns no more than that (`find_shortage`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from storefront import shop_settings
from storefront.config import StockDisplay
from storefront.i18n import gettext as _
from storefront.i18n import ngettext

Band = Literal["in", "low", "out"]
Display = StockDisplay


@dataclass(frozen=True, slots=True)
class StockLevel:
    """What can be bought of a variant, or of a product over all its variants.

    `available` is None where stock is not counted: then any number can be bought.
    """

    available: int | None
    low_threshold: int
    version: int = 0

    @property
    def band(self) -> Band:
        """`out` at 0, `low` up to the threshold, else `in`."""
        if self.available is None:
            return "in"
        if self.available <= 0:
            return "out"
        return "low" if self.available <= self.low_threshold else "in"

    def plus(self, number: int) -> StockLevel:
        """Return the level for a shopper for whom this many of the reserved items are held."""
        return self if self.available is None else replace(self, available=self.available + number)


@dataclass(frozen=True, slots=True)
class Badge:
    """What a page shows of stock: the band, and the number left where the public may know it (else None)."""

    band: Band
    left: int | None
    backorder: bool = False

    @property
    def text(self) -> str:
        """The text on the page."""
        if self.band == "out":
            return _("Available to order") if self.backorder else _("Sold out")
        if self.left is None:
            return _("Low stock") if self.band == "low" else _("In stock")
        if self.band == "low":
            return _("Only %(count)d left", count=self.left)
        return _("%(count)d in stock", count=self.left)

    @property
    def buyable(self) -> bool:
        """Whether it can be put into a basket now."""
        return self.band != "out" or self.backorder


@dataclass(frozen=True, slots=True)
class Shortage:
    """There is less than somebody wants.

    Attributes:
        wanted: the quantity.
        left: how many are left where the public may know it, else None; 0 if it is sold out.
    """

    wanted: int
    left: int | None

    def describe(self, title: str) -> str:
        """Return the sentence for the shopper; `title` is the product's."""
        if self.left == 0:
            return _("%(title)s is sold out.", title=title)
        if self.left is None:
            return _(
                "We don’t have %(count)d of %(title)s. Choose a lower quantity.",
                count=self.wanted,
                title=title,
            )
        return ngettext(
            "Only %(num)d of %(title)s is left.",
            "Only %(num)d of %(title)s are left.",
            self.left,
            title=title,
        )


def public_display() -> Display:
    """Return what the shop's setting lets the public know."""
    return shop_settings.current().stock_display


def public_number(band: Band, available: int | None, display: Display) -> int | None:
    """Return how many are left if the public may know it, else None. That it is sold out is never a secret.

    Args:
        band: of the same variant.
        available: how many can be bought; None if stock is not counted.
        display: what may be known: the shop's setting, or `exact` for somebody who may know all.
    """
    if band == "out":
        return 0
    return available if display == "exact" or (display == "low" and band == "low") else None


def badge_for(level: StockLevel, display: Display, *, backorder: bool = False) -> Badge:
    """Return what a page shows of this level."""
    return Badge(level.band, public_number(level.band, level.available, display), backorder)


def shortage_at(level: StockLevel, wanted: int, display: Display | None = None) -> Shortage:
    """Return what the public may know of a level that is too low for somebody.

    Args:
        level: what can be bought.
        wanted: the quantity, in a basket for example.
        display: what may be known; by default the shop's setting.
    """
    return Shortage(wanted, public_number(level.band, level.available, display or public_display()))


def find_shortage(level: StockLevel, wanted: int, display: Display | None = None) -> Shortage | None:
    """Return `shortage_at` if there is less than somebody wants, else None."""
    is_short = level.available is not None and level.available < wanted
    return shortage_at(level, wanted, display) if is_short else None
