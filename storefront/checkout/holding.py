"""Holds: what a shopper is about to pay for is kept for them for a while.

Locks are taken in one order everywhere (the draft, holds by id, stock by SKU), so that nobody deadlocks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import current_app
from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.orm import Session

from storefront import stock
from storefront.checkout import drafts
from storefront.checkout.drafts import EmptyBasketError, Line
from storefront.checkout.models import Checkout, Hold
from storefront.errors import StorefrontError
from storefront.stock import InsufficientStockError

BATCH = 100


@dataclass(frozen=True, slots=True)
class Held:
    """Everything that can be held is, until then; None if nothing in it needs to be."""

    until: datetime | None


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


def hold(session: Session, checkout_id: int) -> Held:
    """Reserve what is in the draft's basket; what it holds already is reused, what it needs no more is released.

    Raises:
        ShortageError: there is less than is wanted; the caller's transaction is to be rolled back.
        EmptyBasketError: there is nothing to hold.
    """
    draft = session.execute(select(Checkout).where(Checkout.id == checkout_id).with_for_update()).scalar_one()
    lines, gone = drafts.basket(session, draft.cart_id)
    if gone:
        raise ShortageError([], gone)
    if not lines:
        raise EmptyBasketError
    needed = {line.sku: line for line in lines if line.counted and not line.backorder}
    own = take(session, checkout_id, needed)
    until = _until()
    short = []
    for sku in sorted(needed.keys() | own.keys()):
        want, have = needed[sku].wanted.quantity if sku in needed else 0, own.get(sku, 0)
        try:
            if want > have:
                stock.hold(session, sku, want - have, reference=reference(checkout_id))
            elif want < have:
                stock.release(session, sku, have - want, reference=reference(checkout_id))
        except InsufficientStockError as error:
            short.append(shortage(needed[sku], error.available + have))
    if short:
        raise ShortageError(short)
    session.execute(delete(Hold).where(Hold.checkout_id == checkout_id))
    if needed:
        session.execute(
            insert(Hold),
            [
                {
                    "checkout_id": checkout_id,
                    "sku": sku,
                    "quantity": line.wanted.quantity,
                    "expires_at": until,
                }
                for sku, line in needed.items()
            ],
        )
    return Held(until if needed else None)


def take(session: Session, checkout_id: int, skus: Collection[str]) -> dict[str, int]:
    """Lock the draft's holds and return them by SKU; holds of others on these SKUs that are past are released."""
    met = Hold.sku.in_(sorted(skus)) & (Hold.expires_at < datetime.now(UTC))
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where((Hold.checkout_id == checkout_id) | met)
        .order_by(Hold.id)
        .with_for_update()
    ).all()
    _drop(session, [row for row in rows if row.checkout_id != checkout_id])
    return {row.sku: row.quantity for row in rows if row.checkout_id == checkout_id}


def held(session: Session, checkout_id: int) -> Held:
    """Return until when everything that the draft holds is held."""
    until = session.execute(
        select(Hold.expires_at).where(Hold.checkout_id == checkout_id).order_by(Hold.expires_at).limit(1)
    ).scalar_one_or_none()
    return Held(until)


def extend(session: Session, checkout_id: int) -> None:
    """Hold what is held a while longer: the shopper is still at it."""
    session.execute(update(Hold).where(Hold.checkout_id == checkout_id).values(expires_at=_until()))


def release(session: Session, checkout_id: int) -> None:
    """Give back all that a draft holds."""
    _drop(
        session,
        session.execute(
            select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
            .where(Hold.checkout_id == checkout_id)
            .order_by(Hold.id)
            .with_for_update()
        ).all(),
    )


def release_overdue(session: Session) -> int:
    """Give back what was held for longer than promised, up to a batch; return how many holds."""
    rows = session.execute(
        select(Hold.id, Hold.checkout_id, Hold.sku, Hold.quantity)
        .where(Hold.expires_at < datetime.now(UTC))
        .order_by(Hold.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    _drop(session, rows)
    return len(rows)


def shortage(line: Line, available: int) -> Short:
    """Return the facts of a line of which there is too little."""
    return Short(line.sku, line.wanted.title, line.wanted.quantity, max(0, available))


def reference(checkout_id: int) -> str:
    """Return what the ledger calls the holds of a draft."""
    return f"checkout {checkout_id}"


def _drop(session: Session, rows: Sequence[Row[int, int, str, int]]) -> None:
    if not rows:
        return
    session.execute(delete(Hold).where(Hold.id.in_([row.id for row in rows])))
    for row in sorted(rows, key=lambda row: row.sku):
        stock.release(session, row.sku, row.quantity, reference=reference(row.checkout_id))


def _until() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=current_app.config["HOLD_MINUTES"])
