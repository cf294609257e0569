"""Shopify's inventory export → how many units of each variant are on hand, summed over the locations.

Source: Shopify's help page "Exporting or importing inventory with a CSV file": one row for each variant and location.
"""

from __future__ import annotations

from collections.abc import Sequence

from storefront.catalog.slugs import earlier_slugs, handle_slug, plain_handle_slug
from storefront.catalog_files.file_reader import UNNAMED_KEY, FileReader, UnusableCellError
from storefront.catalog_files.number_columns import NumberKind
from storefront.catalog_files.option_values import OptionValues
from storefront.catalog_files.product_columns import OPTIONS, ProductRow, column_name
from storefront.change_sets.inputs import InputProduct, InputVariant
from storefront.sheets import cells
from storefront.sheets.headers import fold_header

# The headers of what is on hand; a number that the merchant entered ("new") replaces the other.
_ON_HAND = {"on hand (new)": "new", "on hand (current)": "on_hand", "on hand": "on_hand"}
_KEYS = ("handle", "title", "sku", *OPTIONS, "option1_name", "option2_name", "option3_name")
NOT_STOCKED = "not stocked"


class InventoryReader(FileReader):
    """Reads Shopify's inventory export."""

    numbers: dict[str, NumberKind] = {"new": "whole", "on_hand": "whole"}  # noqa: RUF012  # a constant
    sets_stock = True

    def __init__(self, header: Sequence[str], currency: str) -> None:
        super().__init__(header, currency, inventory_column)

    @property
    def kept(self) -> list[str]:
        """None: the shop does not keep the other columns of an inventory."""
        return []

    def product_key(self, row: ProductRow) -> str:
        """Return the product's slug, or the line if the row has an SKU only."""
        handle = handle_slug(cells.clean_text(row.cells.get("handle", "")))
        return handle or (f"{UNNAMED_KEY}{row.line}" if row.cells.get("sku", "").strip() else "")

    def read_address(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Set the handle."""
        handle = cells.clean_text(rows[0].cells.get("handle", ""))
        product.handle = handle_slug(handle)
        product.exact_handle = product.handle if plain_handle_slug(handle) else ""
        product.earlier_slugs = earlier_slugs(handle, "") if handle else ()

    def read_product(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Add up the rows of each variant. If one of them cannot be used, none is: the sum would be wrong."""
        options = OptionValues.of(self.layout, rows[0], rows)
        labels = {label for row in rows if (label := _label(row))}
        only_label = labels.pop() if len(labels) == 1 else ""
        found: dict[object, list[ProductRow]] = {}
        for row in rows:
            values = options.values(row)
            key = values if values and any(values) else _label(row) or only_label
            found.setdefault(key, []).append(row)
        for same in found.values():
            self._read_variant(product, same, options.values(same[0]))

    def _read_variant(
        self, product: InputProduct, rows: Sequence[ProductRow], options: tuple[str, ...] | None
    ) -> None:
        total: int | None = None
        for row in rows:
            try:
                quantity = self._on_hand(row)
            except UnusableCellError as error:
                self.refuse(product, row, error, options)
                return
            if quantity is not None:
                total = (total or 0) + quantity
        label = next(filter(None, map(_label, rows)), "")
        values = {"label": label} if label and not any(options or ()) else {}
        if total is not None:
            product.variants.append(
                InputVariant(line=rows[0].line, options=options, values=values, quantity=total)
            )

    def _on_hand(self, row: ProductRow) -> int | None:
        filled = [name for name in ("new", "on_hand") if row.cells.get(name, "").strip()]
        if any(cells.clean_text(row.cells[name]).casefold() == NOT_STOCKED for name in filled[:1]):
            return None
        found = [self.number(row, name) for name in filled]  # both must be numbers: else cells have moved
        return next((number for number in found if number is not None), None)


def _label(row: ProductRow) -> str:
    return cells.clean_identifier(row.cells.get("sku", ""))


def inventory_column(header: str) -> str | None:
    """Return our name of a column of an inventory, or None for one that is not used."""
    if name := _ON_HAND.get(fold_header(header)):
        return name
    name = column_name(header)
    return name if name in _KEYS else None
