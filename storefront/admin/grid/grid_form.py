"""The form of the grid: reads the cells that somebody changed, each beside what it was made from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from storefront import shop_settings
from storefront.admin.grid import carried_cells
from storefront.admin.grid.carried_cells import CarriedRow, SeenRow, TooManyCarriedError
from storefront.admin.grid.grid_cells import FIELDS, PRICES, cell_name, show
from storefront.admin.grid.grid_rows import GridRow
from storefront.change_sets.changes import StockChange
from storefront.change_sets.edit_values import MAX_TEXT
from storefront.change_sets.edits import EditedProduct, EditedVariant
from storefront.change_sets.field_names import STATUSES
from storefront.i18n import gettext as _
from storefront.sheets.numbers import parse_amount
from storefront.unicode_text import read_whole_number
from storefront.web.forms import Form

_SEEN = "seen-"


class GridForm(Form):
    """The cells of a submitted grid.

    Attributes:
        seen: what each row was made from, by the variant's id: those of the page in its order, and carried ones.
        carried: the variants with changed cells that were on other pages.
    """

    def __init__(self, typed: Mapping[str, str] | None = None, *, may_set_stock: bool = False) -> None:
        super().__init__(typed)
        self._may_set_stock = may_set_stock
        self.seen: dict[int, SeenRow] = {}
        self.carried: set[int] = set()
        for name in self._typed:
            number = name.removeprefix(_SEEN)
            if (
                name.startswith(_SEEN)
                and number.isascii()
                and number.isdigit()
                and int(number[:11]) <= carried_cells.MAX_ID
            ):
                self._read_seen(int(number), self._typed[name])
        self._read_carried()

    def _read_seen(self, variant_id: int, text: str) -> None:
        try:
            self.seen[variant_id] = msgspec.json.decode(text, type=SeenRow)
        except msgspec.MsgspecError:
            self._refuse()

    def _read_carried(self) -> None:
        try:
            rows = carried_cells.read_carried(self.typed(carried_cells.FIELD))
        except msgspec.MsgspecError:
            return self._refuse()
        for key, row in rows.items():
            # What the page itself has counts: a cell may be on two pages, such as the status of a product.
            self._typed = {**row.cells, **self._typed}
            if key not in self.seen:
                self.seen[key] = row.seen
                self.carried.add(key)
        return None

    def _refuse(self) -> None:
        self.errors[""] = _("Something went wrong with this form. Reload the page and try again.")

    def carry(self, rows: Mapping[int, GridRow], shown: Collection[int]) -> dict[int, CarriedRow]:
        """Return the changed cells of rows that the page does not show, and keep all of them as values to show.

        Raises:
            TooManyCarriedError: these are more rows than a form carries.
        """
        found: dict[int, CarriedRow] = {}
        taken = set[str]()
        for key, seen in self.seen.items():
            cells = self._changed_cells(rows[key], seen) if key in rows else {}
            # The status of a product is a cell of each of its rows.
            cells = {name: text for name, text in cells.items() if name not in taken}
            taken |= cells.keys()
            self.values = cells | self.values
            if cells and key not in shown:
                found[key] = CarriedRow(seen, cells)
        if len(found) > carried_cells.MOST:
            raise TooManyCarriedError
        return found

    def _changed_cells(self, row: GridRow, seen: SeenRow) -> dict[str, str]:
        names = {cell_name(field, row): show(field, getattr(seen, field)) for field in FIELDS}
        return {
            name: carried_cells.cut(self._typed[name])
            for name, before in names.items()
            if name in self._typed and self.typed(name).strip() != before
        }

    def is_wrong(self, row: GridRow) -> bool:
        """Return whether a cell of this row cannot be used."""
        return any(cell_name(field, row) in self.errors for field in FIELDS)

    def read(self, rows: Mapping[int, GridRow]) -> dict[int, EditedProduct]:
        """Return the edit of each product of which a cell was changed; what is wrong is in `errors`.

        Args:
            rows: the variants of the form as they are now, by id.
        """
        found: dict[int, EditedProduct] = {}
        for key, seen in self.seen.items():
            if (row := rows.get(key)) is None:
                self.errors[""] = _(
                    "Some of these variants were removed meanwhile. Check the others and send them again."
                )
                continue
            changed = {
                field: value
                for field in FIELDS
                if (value := self._changed(field, row, getattr(seen, field))) is not ...
            }
            if changed:
                product = found.setdefault(row.product_id, EditedProduct({}, {}, []))
                _add(product, row, changed)
        return found

    def _changed(self, field: str, row: GridRow, seen: Any) -> Any:
        """Return the new value of a cell; `...` if nothing was changed, or if it cannot be used."""
        name, now = cell_name(field, row), getattr(row, field)
        if name not in self._typed or self.typed(name).strip() == show(field, seen):
            return ...
        self.values[name] = self.typed(name)[:MAX_TEXT]
        value = self._value(field, name)
        if name in self.errors or value in (seen, now):
            return ...
        if now != seen:
            self.errors[name] = _(
                "It is %(now)s now, no longer %(seen)s. Check it and send it again.",
                now=show(field, now) or _("empty"),
                seen=show(field, seen) or _("empty"),
            )
            return ...
        return value

    def _value(self, field: str, name: str) -> Any:
        text = self.typed(name).strip()
        if field in PRICES:
            return self._amount(name, text, is_optional=field != "price")
        if field == "on_hand":
            return self._number(name, text)
        if field == "status":
            return self.choice(name, _("a status"), STATUSES)
        return self.text(name, _("the SKU"), most=MAX_TEXT, required=False)

    def _amount(self, name: str, text: str, *, is_optional: bool) -> int | None:
        if not text and is_optional:
            return None
        try:
            return parse_amount(text, shop_settings.current().locale, shop_settings.current().currency)
        except ValueError:
            self.errors[name] = _("Enter an amount such as %(example)s.", example=show("price", 129990))
            return None

    def _number(self, name: str, text: str) -> int | None:
        number = read_whole_number(text, most_digits=9)
        if not self._may_set_stock:
            self.errors[name] = _("Your role may not change stock.")
        elif number is None:
            self.errors[name] = _("Enter a whole number from 0.")
        return number


def _add(product: EditedProduct, row: GridRow, changed: dict[str, Any]) -> None:
    """Add the changed cells of a row to the edit of its product, with the values from which they were made."""
    if "status" in changed:
        product.values["status"], product.seen["status"] = changed.pop("status"), row.status
    if changed:
        on_hand = changed.pop("on_hand", None)
        stock = None if on_hand is None else StockChange("set", on_hand, row.on_hand or 0)
        seen = {field: getattr(row, field) for field in changed}
        product.variants.append(EditedVariant(row.id, changed, seen, stock))
