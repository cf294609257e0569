"""Change the stock of many variants in one step, and undo it as a difference."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from storefront.batches import batches
from storefront.catalog.list_index import availability
from storefront.change_sets.batch import CHUNK, Batch, StockWish
from storefront.change_sets.changes import StockChange
from storefront.change_sets.results import Left
from storefront.stock import Movement, StockItem, apply_movements
from storefront.stock.inventory import MAX_ON_HAND
from storefront.stock.items import add_items
from storefront.stock.models import MovementKind
from storefront.stock.recounts import find_recounted

UNDO = "undo"  # the reason in the ledger


def add_new_items(batch: Batch) -> None:
    """Add the stock rows of the variants that the batch has added."""
    rows = [
        values | {"sku": variant.sku, "variant_id": variant.id, "product_id": variant.product_id}
        for variant, values in batch.new_items
    ]
    add_items(batch.session, rows)
    for product_id in sorted({row["product_id"] for row in rows}):
        availability.invalidate_availability(batch.session, product_id)


def apply_wishes(batch: Batch, reason: str) -> None:
    """Change what is on hand as the wishes say; a wish that cannot be fulfilled is left with its reason.

    What is reserved stays on hand: an application goes down to that, an undo is left.
    """
    items = _lock(batch.session, [wish.sku for wish in batch.wishes])
    movements = []
    for wish in batch.wishes:
        item = items.get(wish.sku)
        if item is None:
            wish.left.append(Left(wish.sku, "stock", "it has no stock row"))
        elif delta := _delta(wish, item, down_to_reserved=reason != UNDO):
            wish.result.stock = delta
            kind: MovementKind = "received" if wish.change.mode == "add" and delta > 0 else "adjusted"
            reference = batch.change_set.reference
            movements.append(Movement(wish.sku, kind, delta, reference=reference, reason=reason))
    for error in apply_movements(batch.session, movements):
        raise error  # not reached: the rows are locked, and the numbers were checked


def undo_stock(batch: Batch, wishes: Sequence[StockWish]) -> None:
    """Subtract again what the change set has added, where that leaves at least what is reserved.

    The wishes hold the opposite differences.
    """
    recounted = find_recounted(batch.session, [wish.sku for wish in wishes], batch.change_set.reference)
    for wish in wishes:
        if wish.sku in recounted:
            wish.left.append(Left(wish.sku, "stock", "it was set to another number since, so it was left"))
        else:
            batch.wishes.append(wish)
    apply_wishes(batch, UNDO)


def opposite(delta: int) -> StockChange:
    """Return the change that undoes a difference."""
    return StockChange("add", -delta)


def _lock(session: Session, skus: Sequence[str]) -> dict[str, Row[str, int, int]]:
    found: dict[str, Row[str, int, int]] = {}
    for chunk in batches(sorted(set(skus)), CHUNK):
        query = select(StockItem.sku, StockItem.on_hand, StockItem.reserved).where(StockItem.sku.in_(chunk))
        for row in session.execute(query.order_by(StockItem.sku).with_for_update()):
            found[row.sku] = row
    return found


def _delta(wish: StockWish, item: Row[str, int, int], *, down_to_reserved: bool) -> int:
    """Return what to add to what is on hand; 0 if the wish is fulfilled or left."""
    change, on_hand, reserved = wish.change, int(item.on_hand), int(item.reserved)
    if change.mode == "set":
        if on_hand in (change.quantity, max(change.quantity, reserved)):
            return 0
        if on_hand != change.before:
            reason = f"{on_hand} are on hand now, not {change.before}: somebody changed it, so it was left"
            wish.left.append(Left(wish.sku, "stock", reason))
            return 0
    target = change.quantity + (on_hand if change.mode == "add" else 0)
    if target < reserved and down_to_reserved:
        reason = f"it was set to {reserved}, not {target}: so many are reserved for orders"
        wish.left.append(Left(wish.sku, "stock", reason))
        return reserved - on_hand
    if not reserved <= target <= MAX_ON_HAND:
        reason = f"{on_hand} are on hand and {reserved} reserved: {target - on_hand:+} is not possible"
        wish.left.append(Left(wish.sku, "stock", reason))
        return 0
    return target - on_hand
