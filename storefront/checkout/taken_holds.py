"""Taking holds: an order, or the next hold of the same draft, uses up what is held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from storefront.actors import SYSTEM
from storefront.checkout.drafts import CheckoutLine
from storefront.checkout.errors import ShortageError
from storefront.checkout.models import Hold
from storefront.extensions import connection_of
from storefront.stock import InsufficientStockError, Movement

# Built once and executed without the ORM, since every order runs it. The inner SELECT locks the rows by id; a DELETE
# alone would lock them in the order in which it finds them.
_HOLDS = cast("Table", Hold.__table__)
_TAKE_HOLDS = (
    delete(_HOLDS)
    .where(
        _HOLDS.c.id.in_(
            select(_HOLDS.c.id)
            .where(
                (_HOLDS.c.checkout_id == bindparam("checkout"))
                | (
                    _HOLDS.c.sku.in_(bindparam("skus", expanding=True))
                    & (_HOLDS.c.expires_at < bindparam("now"))
                )
            )
            .order_by(_HOLDS.c.id)
            .with_for_update()
        )
    )
    .returning(_HOLDS.c.checkout_id, _HOLDS.c.sku, _HOLDS.c.quantity, _HOLDS.c.expires_at)
)


@dataclass(frozen=True, slots=True)
class TakenHolds:
    """Holds that `take_holds` has deleted.

    Attributes:
        own: the quantities that the draft itself held, by SKU.
        expired: movements that release the expired holds of other drafts.
        own_until: until when the draft itself held anything.
    """

    own: dict[str, int]
    expired: list[Movement]
    own_until: datetime | None = None

    def check_availability(self, lines: Iterable[CheckoutLine]) -> None:
        """Refuse lines that are known to be short, before the transaction waits for rows of stock.

        The figures may be out of date; the movement of the stock decides.

        Raises:
            ShortageError: the stock was too low when the basket was read.
        """
        released: Counter[str] = Counter(self.own)
        for movement in self.expired:
            released[movement.sku] -= movement.reserved
        available = {line.sku: line.available + released[line.sku] for line in lines}
        shortages = [
            line.shortage(available[line.sku]) for line in lines if available[line.sku] < line.item.quantity
        ]
        if shortages:
            raise ShortageError(shortages)


def take_holds(session: Session, checkout_id: int, skus: Collection[str]) -> TakenHolds:
    """Delete the draft's holds, and the expired holds of other drafts on these SKUs; return them.

    Their quantities stay reserved until the caller moves the stock.
    """
    parameters = {"checkout": checkout_id, "skus": sorted(skus), "now": datetime.now(UTC)}
    rows = connection_of(session).execute(_TAKE_HOLDS, parameters).all()
    own = [row for row in rows if row.checkout_id == checkout_id]
    return TakenHolds(
        {row.sku: row.quantity for row in own},
        [release_movement(row, str(SYSTEM)) for row in rows if row.checkout_id != checkout_id],
        max((row.expires_at for row in own), default=None),
    )


def raise_shortages(
    errors: Sequence[InsufficientStockError], lines: Mapping[str, CheckoutLine], own: Mapping[str, int]
) -> None:
    """Raise ShortageError if the stock room has refused a movement of one of these lines.

    Args:
        errors: the result of `stock.apply_movements`.
        lines: the lines to buy, by SKU.
        own: the quantities that the draft itself held, by SKU: they are available to it.
    """
    if errors:
        raise ShortageError([lines[e.sku].shortage(e.available + own.get(e.sku, 0)) for e in errors])


def ledger_reference(checkout_id: int) -> str:
    """Return how the stock ledger refers to the holds of a draft."""
    return f"checkout {checkout_id}"


def release_movement(hold: Row[*tuple[Any, ...]], actor: str = "") -> Movement:
    """Return the movement that puts held goods back."""
    reference = ledger_reference(hold.checkout_id)
    return Movement(hold.sku, "released", reserved=-hold.quantity, reference=reference, actor=actor)
