"""Rows of a product CSV → what they say of the product's variants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storefront.catalog_files.file_reader import FileReader, UnusableCellError
from storefront.catalog_files.option_values import OptionValues
from storefront.catalog_files.product_columns import (
    OPTIONS,
    OTHER_VARIANT_COLUMNS,
    VARIANT_COLUMNS,
    ProductRow,
)
from storefront.change_sets.inputs import InputProduct, InputVariant
from storefront.sheets import cells

MAX_VARIANTS = 2048  # of one product; as many as Shopify allows
MAX_LABEL = 255
_POLICIES = {"continue": True, "deny": False}


def is_variant(row: ProductRow) -> bool:
    """Return whether a row is one of a variant; others only add a picture, or have the product's own columns."""
    get = row.cells.get
    if any(get(name, "").strip() for name in VARIANT_COLUMNS):
        return True
    return not get("image", "").strip() and any(get(name, "").strip() for name in OTHER_VARIANT_COLUMNS)


class VariantReader:
    """Reads the variants of one product."""

    def __init__(self, file: FileReader, options: OptionValues) -> None:
        self._file = file
        self._options = options

    def read(self, product: InputProduct, rows: Sequence[ProductRow], main: ProductRow) -> None:
        """Add the variants of these rows to the product, and the rows that cannot be used."""
        seen: set[tuple[str, ...]] = set()
        for row in rows:
            options = self._options.values(row)
            try:
                if options is not None and options in seen:
                    raise UnusableCellError(OPTIONS[0], _repeated(options))
                if len(product.variants) >= MAX_VARIANTS:
                    raise UnusableCellError(OPTIONS[0], f"a product has at most {MAX_VARIANTS:,} variants")
                variant = self._variant(product, row, options)
            except UnusableCellError as error:
                self._file.refuse(product, row, error, options)
                continue
            if row is not main:  # the kept columns of the product's row are the product's
                variant.extra = {header: cell for header, cell in row.extra.items() if cell}
            product.variants.append(variant)
            if options is not None:
                seen.add(options)

    def _variant(
        self, product: InputProduct, row: ProductRow, options: tuple[str, ...] | None
    ) -> InputVariant:
        get = row.cells.get
        return InputVariant(
            line=row.line,
            code=cells.clean_identifier(get("code", "")),
            options=options,
            values=self._texts(product, row) | self._numbers(row) | self._flags(row),
            picture=get("variant_image", "").strip() or None,
            quantity=self._file.number(row, "quantity"),
            quantity_at_export=self._file.number(row, "quantity_at_export"),
        )

    def _texts(self, product: InputProduct, row: ProductRow) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, column in (("sku", "label"), ("barcode", "barcode")):
            if name in row.cells:
                text = cells.clean_identifier(row.cells[name])
                if len(text) > MAX_LABEL:
                    note = f"only its first {MAX_LABEL} characters were imported"
                    self._file.note(product, row.line, name, note)
                values[column] = text[:MAX_LABEL]
        if name := self._options.find_cut(row):
            self._file.note(product, row.line, name, f"cut to {MAX_LABEL} characters")
        return values

    def _numbers(self, row: ProductRow) -> dict[str, Any]:
        """Return the prices and the weight. Only an empty compare-at price says something: there is none."""
        values: dict[str, Any] = {}
        if (price := self._file.number(row, "price")) is not None:
            values["price"] = price
        if "compare_at_price" in row.cells:
            values["compare_at_price"] = self._file.number(row, "compare_at_price") or None
        if (grams := self._file.number(row, "grams")) is not None:
            if grams < 0:
                raise UnusableCellError("grams", "is negative")
            values["weight_grams"] = grams
        return values

    def _flags(self, row: ProductRow) -> dict[str, Any]:
        values: dict[str, Any] = {}
        if "tracker" in row.cells:  # an empty cell is Shopify's way to write that stock is not counted
            values["tracked"] = bool(row.cells["tracker"].strip())
        policy = _POLICIES.get(cells.clean_text(row.cells.get("policy", "")).casefold())
        said = {
            "backorder": policy if policy is not None else self._file.flag(row, "policy"),
            "requires_shipping": self._file.flag(row, "requires_shipping"),
            "taxable": self._file.flag(row, "taxable"),
        }
        return values | {name: value for name, value in said.items() if value is not None}


def _repeated(options: tuple[str, ...]) -> str:
    return f"{' / '.join(options) or 'a product without options'} is there already"
