"""Rows of Shopify's product CSV, and of our own export → what they say of a product.

The product's own columns are read from the row with the title alone, wherever it stands: sheets are sorted. What a
file has no column for is absent from the input. docs/importing.md has the rules for merchants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from storefront.catalog.models import MAX_LEVELS
from storefront.catalog.publication import MOMENTS
from storefront.catalog.slugs import earlier_slugs, handle_slug, plain_handle_slug, slugify
from storefront.catalog_files import product_texts
from storefront.catalog_files.file_reader import UNNAMED_KEY, FileReader
from storefront.catalog_files.number_columns import NumberKind
from storefront.catalog_files.option_values import OptionValues
from storefront.catalog_files.picture_rows import read_pictures
from storefront.catalog_files.product_columns import KEYS, OPTIONS, PRODUCT_COLUMNS, ProductRow, column_name
from storefront.catalog_files.variant_rows import VariantReader, is_variant
from storefront.change_sets.inputs import InputProduct
from storefront.extensions import moment_text
from storefront.sheets import cells
from storefront.sheets.times import parse_time

MAX_TITLE = 500
NO_NAMES: Mapping[str, str] = MappingProxyType({})
_MOST_PLACES = 100  # further categories that are read of a cell; fewer are kept
_STATUSES = ("active", "draft", "archived")
GIFT_CARD_NOTE = "this shop cannot sell gift cards yet, so the product was read as a draft"


class ProductReader(FileReader):
    """Reads a product CSV with Shopify's columns.

    Args:
        header: the headers of the file.
        currency: of the file's prices: the shop's.
        names: the header of ours that each header of another language means.
    """

    numbers: dict[str, NumberKind] = {  # noqa: RUF012  # a constant
        **dict.fromkeys(("price", "compare_at_price"), "amount"),
        **dict.fromkeys(("quantity", "quantity_at_export", "image_position"), "whole"),
        "grams": "rounded",
    }

    def __init__(self, header: Sequence[str], currency: str, names: Mapping[str, str] = NO_NAMES) -> None:
        super().__init__(header, currency, lambda label: column_name(names.get(label, label)))
        self.read_as = ", ".join(f"{written} → {name}" for written, name in names.items())

    def product_key(self, row: ProductRow) -> str:
        """Return the product's slug, or the line if the row names a variant only; else empty."""
        get = row.cells.get
        if handle := handle_slug(cells.clean_text(get("handle", ""))):
            return handle
        if title := cells.clean_text(get("title", "")):
            return slugify(title)
        return (
            f"{UNNAMED_KEY}{row.line}" if any(cells.clean_identifier(get(name, "")) for name in KEYS) else ""
        )

    def read_address(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Set the handle, the title, and the line of the product's row."""
        main = _product_row(rows)
        product.line = main.line
        handles = (cells.clean_text(row.cells.get("handle", "")) for row in rows)
        handle = next((handle for handle in handles if handle), "")
        title = product_texts.read_text(self, product, main, "title", MAX_TITLE)
        product.handle = handle_slug(handle)
        product.exact_handle = product.handle if plain_handle_slug(handle) else ""
        product.new_slug = product.handle or (slugify(title) if title else "")
        product.earlier_slugs = earlier_slugs(handle, title) if handle or title else ()
        if title:
            product.values["title"] = title

    def read_product(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Read the product's own columns, then its variants and pictures."""
        main = _product_row(rows)
        given = _given_columns(main)
        self._note_titles(product, rows, main)
        self._read_texts(product, given)
        self._read_category(product, given)
        self._read_further(product, given)
        self._read_status(product, given)
        self._read_plan(product, given)
        product.extra = given.extra
        options = OptionValues.of(self.layout, main, rows)
        if options.names is not None:
            product.values["option_names"] = options.names
        product.has_option_columns = self.layout.has(*OPTIONS) and not self.is_incomplete
        product.has_picture_column = self.layout.has("image") and not self.is_incomplete
        variants = [row for row in rows if is_variant(row)]
        VariantReader(self, options).read(product, variants, main)
        read_pictures(self, product, rows, taken={main.line, *(row.line for row in variants)})

    def _note_titles(self, product: InputProduct, rows: Sequence[ProductRow], main: ProductRow) -> None:
        for row in rows:
            title = cells.clean_text(row.cells.get("title", ""), MAX_TITLE)
            if title and title != product.values["title"]:
                text = f"another title than on line {main.line}, which was taken; has the product another handle?"
                self.note(product, row.line, "title", text)
                return

    def _read_texts(self, product: InputProduct, given: ProductRow) -> None:
        if "description" in given.cells:
            html = given.cells["description"]
            product_texts.read_description(self, product, given, "description", html)
        for name, column, limit in (
            ("vendor", "vendor", 255),
            ("type", "product_type", 255),
            ("seo_title", "seo_title", 500),
            ("seo_description", "seo_description", 0),
        ):
            if name in given.cells:
                product.values[column] = product_texts.read_text(self, product, given, name, limit)
        if "tags" in given.cells:
            parts = given.cells["tags"].split(",", product_texts.MAX_TAGS)
            product_texts.read_tags(self, product, given, "tags", parts)

    def _read_category(self, product: InputProduct, given: ProductRow) -> None:
        """Read the category. A product for which a file has none gets its type as its category.

        Our own export is different: there an empty cell means that the product has no category.
        """
        kind = product.values.get("product_type", "")
        instead = (kind,) if kind and not product_texts.is_no_category(kind) else ()
        if "category" not in given.cells:
            product.new_category = instead
            return
        parts = given.cells["category"].split(">", MAX_LEVELS)
        found = product_texts.read_category(self, product, given, "category", parts)
        product.category = found or (() if self.layout.has("code") else instead)

    def _read_further(self, product: InputProduct, given: ProductRow) -> None:
        if "further_categories" in given.cells:
            name, separator = "further_categories", product_texts.CATEGORY_SEPARATOR.strip()
            found = [
                product_texts.read_category(self, product, given, name, path.split(">", MAX_LEVELS))
                for path in given.cells[name].split(separator, _MOST_PLACES)
            ]
            product_texts.set_further_categories(self, product, given, name, found)

    def _read_status(self, product: InputProduct, given: ProductRow) -> None:
        status = cells.clean_text(given.cells.get("status", "")).casefold()
        published = self.product_flag(given, "published")
        unlisted = self.product_flag(given, "unlisted")
        gift_card = self.product_flag(given, "gift_card")
        if status == "unlisted":
            status, unlisted = "active", True
        elif status == "active":
            unlisted = bool(unlisted)
        elif status and status not in _STATUSES:
            self.note(product, given.line, "status", f"{status!r} is not known; the product became a draft")
            status = "draft"
        if published is not None:
            status = status or "active"
        if published is False and status == "active":
            status = "draft"
        if gift_card and status in ("", "active"):
            self.note(product, given.line, "gift_card", GIFT_CARD_NOTE)
            status = "draft"
        said = {"status": status or None, "unlisted": unlisted, "gift_card": gift_card}
        product.values |= {name: value for name, value in said.items() if value is not None}

    def _read_plan(self, product: InputProduct, given: ProductRow) -> None:
        """Read when the product is published and withdrawn; one that waits for it is a draft."""
        for name in MOMENTS:
            if name not in given.cells:
                continue
            try:
                moment = parse_time(given.cells[name])
            except ValueError as error:
                self.note(product, given.line, name, f"{error}; it was ignored")
                continue
            product.values[name] = moment_text(moment) if moment else None
        if product.values.get("publish_at") and "status" not in product.values:
            product.values["status"] = "draft"


def _product_row(rows: Sequence[ProductRow]) -> ProductRow:
    """Return the row with the title; if several or none have one, the first row that says most of the product."""
    titled = [row for row in rows if cells.clean_text(row.cells.get("title", ""))] or rows
    if len(titled) == 1:
        return titled[0]
    return max(titled, key=lambda row: sum(bool(row.cells.get(name)) for name in PRODUCT_COLUMNS))


def _given_columns(main: ProductRow) -> ProductRow:
    """Return the product's own cells that say something: empty ones only if the row is known to be the product's."""
    has_title = bool(main.cells.get("title", "").strip())
    found = {
        name: main.cells[name]
        for name in PRODUCT_COLUMNS
        if name in main.cells and (has_title or main.cells[name].strip())
    }
    extra = {header: cell for header, cell in main.extra.items() if cell or has_title}
    return ProductRow(main.line, found, extra)
