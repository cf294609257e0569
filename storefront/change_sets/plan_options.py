"""The choices of an import that the planner follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

StockMode = Literal["keep", "set", "add"]
MissingStock = Literal["zero", "untracked"]


def _none(_text: str) -> int:
    return 0


def _unknown(_handle: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """The choices of an import.

    Attributes:
        stock: what a quantity means for a variant that exists: "keep" does not apply it, "set" sets what is on hand,
            "add" adds it. A new variant always gets its quantity, and a quantity with the quantity at the export is
            always applied as the difference.
        stock_missing: what a new variant with counted stock gets if the source has no quantity: "zero" on hand, or no
            counting ("untracked"). None: the plan must not be applied (`PlanReport.missing_stock_reason`).
        remove_missing: whether variants and pictures that the source does not name are removed.
        times_in_file: how many rows of the whole source have a text as their code or their label (a row with both
            counts once).
        is_handle_in_file: whether the source has a product with this handle.
        is_code_in_file: whether a row of the source has this code in our own column for it.
    """

    stock: StockMode = "keep"
    stock_missing: MissingStock | None = None
    remove_missing: bool = False
    times_in_file: Callable[[str], int] = _none
    is_handle_in_file: Callable[[str], bool] = _unknown
    is_code_in_file: Callable[[str], bool] = _unknown
