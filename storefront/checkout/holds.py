"""Holds: the goods of a checkout stay reserved for some minutes while the shopper pays.

Every transaction takes its locks in the same order (the draft, holds by id, stock by SKU, the budgets), so that none
deadlocks.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from flask import current_app
from sqlalchemy import Row, delete, insert, select
from sqlalchemy.orm import Session

from storefront import stock
from storefront.checkout import drafts
from storefront.checkout.drafts import CheckoutLine
from storefront.checkout.errors import EmptyBasketError, OverHoldBudgetError, ShortageError
from storefront.checkout.hold_budgets import HoldOwner, check_budgets, check_budgets_exactly
from storefront.checkout.models import Checkout, Hold, HoldTime
from storefront.checkout.retry import run_with_retries
from storefront.checkout.taken_holds import ledger_reference, raise_shortages, release_movement, take_holds
from storefront.checkout.terms import check_open
from storefront.extensions import db, write_transaction
from storefront.stock import Movement
from storefront.stock.models import MovementKind

log = logging.getLogger(__name__)

BATCH_SIZE = 100


@dataclass(frozen=True, slots=True)
class HoldStatus:
    """Until when all items of a draft that need stock are held; None if they are not held or need not be.

    `is_refused` says that a budget did not allow the hold: earlier holds of the draft stay as they were.
    """

    until: datetime | None
    is_refused: bool = False


def reserve(checkout_id: int, client: str | None = None) -> HoldStatus:
    """Hold the items of the draft's basket, in a transaction of its own, if the budgets allow it.

    Args:
        checkout_id: the id of the draft.
        client: a keyed digest of the client's address, if it is known.

    Raises:
        ShortageError, EmptyBasketError: see `reserve_in`. Earlier holds of the draft are unchanged.
        DatabaseBusyError: the database is unavailable or overloaded.
    """

    def transaction() -> HoldStatus:
        with write_transaction() as session:
            return reserve_in(session, checkout_id, client)

    try:
        return run_with_retries(transaction)
    except OverHoldBudgetError as error:
        log.info("checkout %d gets no hold: %s", checkout_id, error)
        return HoldStatus(None, is_refused=True)


def reserve_in(session: Session, checkout_id: int, client: str | None = None) -> HoldStatus:
    """Hold the items of the draft's basket in the caller's transaction.

    Earlier holds of the draft are used first, and released if they are no longer needed. The time starts again for
    all items, since the shopper is still active.

    Raises:
        ShortageError: the stock is too low. The caller must roll back the transaction.
        OverHoldBudgetError: a budget does not allow the hold. The caller must roll back the transaction.
        EmptyBasketError: the basket contains nothing to hold.
        CheckoutClosedError: the shop's terms of sale are not valid.
    """
    check_open()
    draft = session.execute(select(Checkout).where(Checkout.id == checkout_id).with_for_update()).scalar_one()
    lines, unavailable = drafts.read_basket(session, draft.cart_id)
    if unavailable:
        raise ShortageError([], unavailable)
    if not lines:
        raise EmptyBasketError
    needed = {line.sku: line for line in lines if line.needs_stock}
    taken = take_holds(session, checkout_id, needed)
    taken.check_availability(needed.values())
    wanted = {sku: line.item.quantity for sku, line in needed.items()}
    owner = HoldOwner(checkout_id, draft.user_id, client)
    until = _write_holds(session, owner, wanted, taken.own_until) if wanted else None
    movements = [*taken.expired, *_differences(checkout_id, wanted, taken.own)]
    raise_shortages(stock.apply_movements(session, movements), needed, taken.own)
    if wanted:
        check_budgets_exactly(session, owner, wanted)
    return HoldStatus(until)


def _write_holds(
    session: Session, owner: HoldOwner, wanted: Mapping[str, int], earlier: datetime | None
) -> datetime:
    """Write holds of these quantities by SKU; return until when. `earlier` is when the previous holds end."""
    now = datetime.now(UTC)
    expires_at = now + timedelta(minutes=current_app.config["HOLD_MINUTES"])
    rows = [
        {
            "checkout_id": owner.checkout_id,
            "sku": sku,
            "quantity": quantity,
            "expires_at": expires_at,
            "client": owner.client,
        }
        for sku, quantity in wanted.items()
    ]
    session.execute(insert(Hold), rows)
    added = expires_at - max(earlier or now, now)
    values = {"seconds": ceil(added.total_seconds()), "at": now}
    session.execute(insert(HoldTime), [asdict(owner) | values])
    check_budgets(session, owner, wanted)
    return expires_at


def hold_status(session: Session, checkout_id: int, lines: Iterable[CheckoutLine]) -> HoldStatus:
    """Return until when all of these lines are held for a draft."""
    rows = session.execute(
        select(Hold.sku, Hold.quantity, Hold.expires_at).where(Hold.checkout_id == checkout_id)
    ).all()
    held = {row.sku: row.quantity for row in rows}
    if any(held.get(line.sku, 0) < line.item.quantity for line in lines if line.needs_stock):
        return HoldStatus(None)
    return HoldStatus(min((row.expires_at for row in rows), default=None))


def held_for_cart(cart_id: int) -> dict[str, int]:
    """Return how many of each SKU are held for the draft of this cart."""
    rows = db.session.execute(
        select(Hold.sku, Hold.quantity)
        .join(Checkout, Checkout.id == Hold.checkout_id)
        .where(Checkout.cart_id == cart_id)
    )
    return {row.sku: row.quantity for row in rows}


def release(session: Session, checkout_id: int) -> None:
    """Release all holds of a draft."""
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where(Hold.checkout_id == checkout_id)
        .order_by(Hold.id)
        .with_for_update()
    ).all()
    stock.apply_movements(session, _delete(session, rows))


def release_expired_batch(session: Session) -> int:
    """Release up to BATCH_SIZE expired holds that no other transaction has locked; return how many."""
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where(Hold.expires_at < datetime.now(UTC))
        .order_by(Hold.id)
        .limit(BATCH_SIZE)
        .with_for_update(skip_locked=True)
    ).all()
    stock.apply_movements(session, _delete(session, rows))
    return len(rows)


def _differences(checkout_id: int, wanted: Mapping[str, int], own: Mapping[str, int]) -> list[Movement]:
    """Return the movements that turn the reserved quantities from `own` into `wanted`."""
    reference = ledger_reference(checkout_id)
    movements = []
    for sku in wanted.keys() | own.keys():
        difference = wanted.get(sku, 0) - own.get(sku, 0)
        if difference:
            kind: MovementKind = "held" if difference > 0 else "released"
            movements.append(Movement(sku, kind, reserved=difference, reference=reference))
    return movements


def _delete(session: Session, rows: Sequence[Row[int, int, str, int]]) -> list[Movement]:
    """Delete holds; return the movements that release their quantities."""
    if rows:
        session.execute(delete(Hold).where(Hold.id.in_([row.id for row in rows])))
    return [release_movement(row) for row in rows]
