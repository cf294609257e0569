"""Changed cells of other pages of the grid: one hidden field carries them while somebody walks through the pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec

from storefront.admin.grid.grid_rows import GridRow
from storefront.catalog.models import Status
from storefront.change_sets.edit_values import MAX_TEXT
from storefront.errors import StorefrontError
from storefront.i18n import gettext as _

FIELD = "carried"
MOST = 2000  # variants: a form of these is far smaller than the largest body
MAX_ID = 2**31 - 1  # what the column holds

Amount = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class SeenRow(msgspec.Struct):
    """What a row of the form was made from; None for stock that is not counted."""

    price: Amount
    compare_at_price: Amount | None
    on_hand: Amount | None
    label: Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
    status: Status


class CarriedRow(msgspec.Struct):
    """The changed cells of a row, by the names of their inputs, and what the row was made from."""

    seen: SeenRow
    cells: dict[str, str]


CarriedRows = dict[Annotated[int, msgspec.Meta(ge=1, le=MAX_ID)], CarriedRow]


class TooManyCarriedError(StorefrontError):
    """More rows are changed than a form carries."""

    status = 422

    def __init__(self) -> None:
        super().__init__(
            _("You have changed more than %(most)d variants. Preview these changes first.", most=MOST)
        )


def to_seen(row: GridRow | SeenRow) -> SeenRow:
    """Return what a form of this row is made from."""
    return msgspec.convert(row, SeenRow, from_attributes=True)


def read_carried(text: str) -> dict[int, CarriedRow]:
    """Return the rows of the hidden field.

    Raises:
        msgspec.MsgspecError: it was forged.
    """
    return msgspec.json.decode(text, type=CarriedRows) if text else {}


def write_carried(rows: Mapping[int, CarriedRow]) -> str:
    """Return the text of the hidden field; empty without rows."""
    return msgspec.json.encode(rows).decode() if rows else ""


def cut(value: Any) -> str:
    """Return a typed text as it is carried: one that is too long stays too long."""
    return str(value)[: MAX_TEXT + 1]
