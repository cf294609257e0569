"""What a source's quantity does to the stock of a variant. What has been sold since never comes back."""

from __future__ import annotations

from storefront.change_sets.changes import StockChange
from storefront.change_sets.inputs import InputVariant
from storefront.change_sets.plan_options import PlanOptions
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.shop_products import ShopVariant

COLUMN = "Inventory quantity"


def plan_first_stock(
    row: InputVariant, options: PlanOptions, report: PlanReport, *, tracked: bool
) -> tuple[StockChange | None, bool]:
    """Return the first stock of a new variant, and whether it is counted.

    A new variant with counted stock and no quantity is counted by the report, unless `options` has an answer.
    """
    quantity = _not_negative(row, report)
    if quantity is not None:
        return StockChange("set", quantity), tracked
    if not tracked:
        return None, False
    if options.stock_missing is None:
        report.missing_quantities += 1
        return None, True
    return StockChange("set", 0), options.stock_missing == "zero"


def plan_stock(
    row: InputVariant, variant: ShopVariant, options: PlanOptions, report: PlanReport
) -> StockChange | None:
    """Return the change of an existing variant's stock; None if the row says nothing, or nothing that is applied."""
    quantity = _not_negative(row, report)
    if quantity is None:
        return None
    if row.quantity_at_export is not None:
        change = StockChange("add", quantity - row.quantity_at_export, variant.on_hand)
    elif options.stock == "keep":
        report.kept_quantities += quantity != variant.on_hand
        return None
    else:
        change = StockChange(options.stock, quantity, variant.on_hand)
    return check_stock(change, variant, row.line, report)


def check_stock(
    change: StockChange, variant: ShopVariant, line: int, report: PlanReport
) -> StockChange | None:
    """Return a change of an existing variant's stock; None if it changes nothing. Note what stays on hand."""
    target = change.quantity + (variant.on_hand if change.mode == "add" else 0)
    if change.mode == "add" and not change.quantity:
        return None
    if target < variant.reserved:
        report.note(
            line,
            COLUMN,
            f"{variant.sku}: {variant.reserved} are reserved by orders and baskets and stay on hand"
            if variant.reserved
            else f"{variant.sku}: {variant.on_hand} are on hand, so no more are taken away",
        )
    return None if max(target, variant.reserved) == variant.on_hand else change


def _not_negative(row: InputVariant, report: PlanReport) -> int | None:
    if row.quantity is None or row.quantity >= 0:
        return row.quantity
    report.note(row.line, COLUMN, f"{row.quantity} was taken as 0")
    return 0
