"""What there is too little of, said line by line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storefront.checkout.drafts import Line
from storefront.errors import StorefrontError
from storefront.stock import InsufficientStockError


@dataclass(frozen=True, slots=True)
class Short:
    """What there is too little of, and how much can be had."""

    sku: str
    title: str
    wanted: int
    available: int


class ShortageError(StorefrontError):
    """Somebody was quicker: there is less than is wanted of some lines. Nothing was taken.

    Attributes:
        short: which, and how many can be had.
        gone: titles of what is not in the shop any more.
    """

    status = 409

    def __init__(self, short: Sequence[Short], gone: Sequence[str] = ()) -> None:
        said = [
            f"Only {line.available} of {line.title} are left."
            if line.available
            else f"{line.title} is sold out."
            for line in short
        ]
        said += [f"{title} is not in the shop any more." for title in gone]
        super().__init__(" ".join(said))
        self.short, self.gone = tuple(short), tuple(gone)


def refuse(
    errors: Sequence[InsufficientStockError], lines: Mapping[str, Line], own: Mapping[str, int]
) -> None:
    """Raise ShortageError if stock has refused any of these lines."""
    if errors:
        raise ShortageError([of(lines[e.sku], e.available + own.get(e.sku, 0)) for e in errors])


def of(line: Line, available: int) -> Short:
    """Return the facts of a line of which there is too little."""
    return Short(line.sku, line.wanted.title, line.wanted.quantity, max(0, available))
