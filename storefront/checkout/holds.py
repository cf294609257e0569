"""Holds: what a shopper is about to pay for is kept for them for a while.

Locks are taken in one order everywhere (the draft, holds by id, stock by SKU), so that nobody deadlocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from flask import current_app
from sqlalchemy import Row, Table, bindparam, delete, insert, select
from sqlalchemy.orm import Session

from storefront import stock
from storefront.checkout import drafts
from storefront.checkout.drafts import CheckoutLine
from storefront.checkout.errors import EmptyBasketError, ShortageError
from storefront.checkout.models import Checkout, Hold
from storefront.checkout.retry import run_with_retries
from storefront.extensions import connection_of, write_transaction
from storefront.stock import InsufficientStockError, Movement
from storefront.stock.models import MovementKind

BATCH_SIZE = 100
# Built once, and sent past the mapper, as everybody who buys waits for it. The rows are locked in one order first:
# a DELETE by itself would lock them as it finds them.
_HOLDS = cast("Table", Hold.__table__)
_HELD = _HOLDS.c
_TAKE = (
    delete(_HOLDS)
    .where(
        _HELD.id.in_(
            select(_HELD.id)
            .where(
                (_HELD.checkout_id == bindparam("checkout"))
                | (_HELD.sku.in_(bindparam("skus", expanding=True)) & (_HELD.expires_at < bindparam("now")))
            )
            .order_by(_HELD.id)
            .with_for_update()
        )
    )
    .returning(_HELD.checkout_id, _HELD.sku, _HELD.quantity)
)


@dataclass(frozen=True, slots=True)
class HoldStatus:
    """Everything that can be held is, until then; None if nothing in it needs to be."""

    until: datetime | None


def reserve(checkout_id: int) -> HoldStatus:
    """Hold what is in the draft's basket, in a transaction of its own; payment begins.

    Raises:
        ShortageError, EmptyBasketError: as `hold` does. What was held before stays held.
        DatabaseBusyError: the database is away or overrun.
    """

    def once() -> HoldStatus:
        with write_transaction() as session:
            return reserve_in(session, checkout_id)

    return run_with_retries(once)


def reserve_in(session: Session, checkout_id: int) -> HoldStatus:
    """Reserve what is in the draft's basket; what it holds already is reused, what it needs no more is released.

    All of it is held for the whole time again: the shopper is still at it.

    Raises:
        ShortageError: there is less than is wanted; the caller's transaction is to be rolled back.
        EmptyBasketError: there is nothing to hold.
    """
    draft = session.execute(select(Checkout).where(Checkout.id == checkout_id).with_for_update()).scalar_one()
    lines, gone = drafts.read_basket(session, draft.cart_id)
    if gone:
        raise ShortageError([], gone)
    if not lines:
        raise EmptyBasketError
    needed = {line.sku: line for line in lines if line.tracked and not line.backorder}
    own = take_holds(session, checkout_id, needed)
    own.check_availability(needed.values())
    wanted = {sku: line.item.quantity for sku, line in needed.items()}
    until, named = _until(), ledger_reference(checkout_id)
    movements = []
    for sku in wanted.keys() | own.own.keys():
        more = wanted.get(sku, 0) - own.own.get(sku, 0)
        if more:
            kind: MovementKind = "held" if more > 0 else "released"
            movements.append(Movement(sku, kind, reserved=more, reference=named, actor="checkout"))
    raise_shortages(stock.apply_movements(session, own.expired + movements), needed, own.own)
    if not needed:
        return HoldStatus(None)
    kept = [
        {"checkout_id": checkout_id, "sku": sku, "quantity": quantity, "expires_at": until}
        for sku, quantity in wanted.items()
    ]
    session.execute(insert(Hold), kept)
    return HoldStatus(until)


@dataclass(frozen=True, slots=True)
class TakenHolds:
    """What a draft holds, by SKU, and the movements that give back what others held for too long."""

    own: dict[str, int]
    expired: list[Movement]

    def check_availability(self, lines: Iterable[CheckoutLine]) -> None:
        """Refuse what visibly cannot be had, before anybody waits for a row of stock; that has the last word.

        Raises:
            ShortageError: there is less, as far as the basket's page knew a moment ago.
        """
        back: Counter[str] = Counter(self.own)
        for movement in self.expired:
            back[movement.sku] -= movement.reserved
        there = {line.sku: line.available + back[line.sku] for line in lines}
        lacking = [line.shortage(there[line.sku]) for line in lines if there[line.sku] < line.item.quantity]
        if lacking:
            raise ShortageError(lacking)


def take_holds(session: Session, checkout_id: int, skus: Collection[str]) -> TakenHolds:
    """Delete the draft's holds, and those of others on these SKUs that are past; return what they were.

    What they reserved stays reserved, until the caller moves it.
    """
    known = {"checkout": checkout_id, "skus": sorted(skus), "now": datetime.now(UTC)}
    rows = connection_of(session).execute(_TAKE, known).all()
    own = {row.sku: row.quantity for row in rows if row.checkout_id == checkout_id}
    return TakenHolds(own, [_released(row) for row in rows if row.checkout_id != checkout_id])


def raise_shortages(
    errors: Sequence[InsufficientStockError], lines: Mapping[str, CheckoutLine], own: Mapping[str, int]
) -> None:
    """Raise ShortageError if the stock room has refused a movement of one of these lines.

    Args:
        errors: what `stock.apply_movements` returned.
        lines: the lines to buy, by SKU.
        own: the quantities that the draft itself held, by SKU: it could still have those.
    """
    if errors:
        raise ShortageError([lines[e.sku].shortage(e.available + own.get(e.sku, 0)) for e in errors])


def hold_status(session: Session, checkout_id: int) -> HoldStatus:
    """Return until when everything that the draft holds is held."""
    until = session.execute(
        select(Hold.expires_at).where(Hold.checkout_id == checkout_id).order_by(Hold.expires_at).limit(1)
    ).scalar_one_or_none()
    return HoldStatus(until)


def release(session: Session, checkout_id: int) -> None:
    """Give back all that a draft holds."""
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where(Hold.checkout_id == checkout_id)
        .order_by(Hold.id)
        .with_for_update()
    ).all()
    stock.apply_movements(session, _drop(session, rows))


def release_expired_batch(session: Session) -> int:
    """Give back what was held for longer than promised, up to a batch; return how many holds."""
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where(Hold.expires_at < datetime.now(UTC))
        .order_by(Hold.id)
        .limit(BATCH_SIZE)
        .with_for_update(skip_locked=True)
    ).all()
    stock.apply_movements(session, _drop(session, rows))
    return len(rows)


def ledger_reference(checkout_id: int) -> str:
    """Return what the ledger calls the holds of a draft."""
    return f"checkout {checkout_id}"


def _drop(session: Session, rows: Sequence[Row[int, int, str, int]]) -> list[Movement]:
    """Delete holds; return the movements that give back what they reserved."""
    if rows:
        session.execute(delete(Hold).where(Hold.id.in_([row.id for row in rows])))
    return [_released(row) for row in rows]


def _released(row: Row[*tuple[Any, ...]]) -> Movement:
    named = ledger_reference(row.checkout_id)
    return Movement(row.sku, "released", reserved=-row.quantity, reference=named, actor="checkout")


def _until() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=current_app.config["HOLD_MINUTES"])
