"""The columns of a product CSV: the headers of each vocabulary, and the cells of a row by our own names.

Sources: Shopify's help page "Using CSV files to import and export products" (the current header), exports made before
2024 (the legacy one), and exports made in 2021 and 2022 (two columns for the product type).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from storefront.sheets.cells import unescape_formula
from storefront.sheets.headers import clean_header, fold_header

Vocabulary = Literal["current", "legacy", "2021"]

# Our name: the current header, the legacy header. The order is that of an export.
COLUMNS: dict[str, tuple[str, str]] = {
    "title": ("Title", "Title"),
    "handle": ("URL handle", "Handle"),
    "description": ("Description", "Body (HTML)"),
    "vendor": ("Vendor", "Vendor"),
    "category": ("Product category", "Product Category"),
    "further_categories": ("Further categories", "Further categories"),
    "type": ("Type", "Type"),
    "tags": ("Tags", "Tags"),
    "published": ("Published on online store", "Published"),
    "status": ("Status", "Status"),
    "publish_at": ("Publish at", "Publish at"),
    "withdraw_at": ("Withdraw at", "Withdraw at"),
    "unlisted": ("Unlisted", "Unlisted"),
    "sku": ("SKU", "Variant SKU"),
    "code": ("Variant code", "Variant code"),
    "barcode": ("Barcode", "Variant Barcode"),
    "option1_name": ("Option1 name", "Option1 Name"),
    "option1": ("Option1 value", "Option1 Value"),
    "option2_name": ("Option2 name", "Option2 Name"),
    "option2": ("Option2 value", "Option2 Value"),
    "option3_name": ("Option3 name", "Option3 Name"),
    "option3": ("Option3 value", "Option3 Value"),
    "price": ("Price", "Variant Price"),
    "compare_at_price": ("Compare-at price", "Variant Compare At Price"),
    "taxable": ("Charge tax", "Variant Taxable"),
    "tracker": ("Inventory tracker", "Variant Inventory Tracker"),
    "quantity": ("Inventory quantity", "Variant Inventory Qty"),
    "quantity_at_export": ("Inventory quantity at export", "Inventory quantity at export"),
    "policy": ("Continue selling when out of stock", "Variant Inventory Policy"),
    "grams": ("Weight value (grams)", "Variant Grams"),
    "requires_shipping": ("Requires shipping", "Variant Requires Shipping"),
    "image": ("Product image URL", "Image Src"),
    "image_position": ("Image position", "Image Position"),
    "image_alt": ("Image alt text", "Image Alt Text"),
    "variant_image": ("Variant image URL", "Variant Image"),
    "gift_card": ("Gift card", "Gift Card"),
    "seo_title": ("SEO title", "SEO Title"),
    "seo_description": ("SEO description", "SEO Description"),
}
# The headers of 2021 that differ from the legacy ones.
COLUMNS_OF_2021 = {"category": "Standard Product Type", "type": "Custom Product Type"}
# Columns of the product as a whole, which are read from the product's row alone.
PRODUCT_COLUMNS = (
    *("description", "vendor", "category", "further_categories", "type", "tags"),
    *("published", "status", "publish_at", "withdraw_at", "unlisted", "gift_card"),
    *("option1_name", "option2_name", "option3_name", "seo_title", "seo_description"),
)
OPTIONS = ("option1", "option2", "option3")
OPTION_NAMES = ("option1_name", "option2_name", "option3_name")
# A row with one of these is a row of a variant, even if it also names a picture.
VARIANT_COLUMNS = ("price", "sku", "code", *OPTIONS, "quantity", "barcode")
# A row without a picture that has one of these is a row of a variant too.
OTHER_VARIANT_COLUMNS = (
    *("compare_at_price", "taxable", "tracker", "policy", "grams", "requires_shipping", "variant_image"),
)
# One of these tells which product or variant a row means.
KEYS = ("handle", "title", "code", "sku")
# Columns of Shopify that link an option to a metafield; the shop keeps them (`linked_options`).
LINKED_TO = ("Option1 Linked To", "Option2 Linked To", "Option3 Linked To")
MIN_COLUMNS = 2


@dataclass(slots=True)
class ProductRow:
    """A row of a product CSV.

    Attributes:
        line: the line of the file on which it begins.
        cells: the cells of known columns that the header has, by our names (`COLUMNS`).
        extra: the cells of other columns by header, empty ones included.
        damage: why the row cannot be trusted; empty if it can.
    """

    line: int
    cells: dict[str, str]
    extra: dict[str, str]
    damage: str = ""


class ColumnLayout:
    """The columns of one file: which cell is which.

    If two columns have the same meaning, the first one that is filled counts.

    Args:
        header: the headers of the file.
        name_of: returns our name of a column, or None for a column that the shop only keeps.
    """

    def __init__(self, header: Sequence[str], name_of: Callable[[str], str | None]) -> None:
        self._known: list[tuple[int, str]] = []
        self._extra: list[tuple[int, str]] = []
        self.headers: dict[str, str] = {}
        self._labels = [clean_header(text) for text in header]
        for place, label in enumerate(self._labels):
            if label and (name := name_of(label)):
                self._known.append((place, name))
                self.headers.setdefault(name, label)
            elif label:
                self._extra.append((place, label))

    @property
    def repeated(self) -> list[str]:
        """The headers of columns that mean the same as an earlier one."""
        known = [self._labels[place] for place, name in self._known if self.places(name)[0] != place]
        return known + [label for place, label in self._extra if self._labels.index(label) != place]

    @property
    def kept(self) -> list[str]:
        """The headers of columns that the shop only keeps, each once."""
        return list(dict.fromkeys(label for _, label in self._extra))

    def header(self, name: str) -> str:
        """Return the header of a column as the file has it, or as an export would."""
        return self.headers.get(name) or COLUMNS.get(name, (name,))[0]

    def written_headers(self) -> dict[str, str]:
        """Return the headers of the file by those that an export would have."""
        return {COLUMNS[name][0]: written for name, written in self.headers.items() if name in COLUMNS}

    def places(self, name: str) -> list[int]:
        """Return the places of the columns with this meaning."""
        return [place for place, known in self._known if known == name]

    def has(self, *names: str) -> bool:
        """Return whether the file has one of these columns."""
        return any(name in self.headers for name in names)

    def read(self, line: int, written: Sequence[str], damage: str = "") -> ProductRow:
        """Return the row with these cells, without the apostrophes that protect from formulas."""
        cells: dict[str, str] = {}
        for place, name in self._known:
            cell = unescape_formula(written[place])
            if cell or name not in cells:
                cells[name] = cells.get(name) or cell
        extra: dict[str, str] = {}
        for place, label in self._extra:
            cell = unescape_formula(written[place]).replace("\x00", "")
            extra[label] = extra.get(label) or cell
        return ProductRow(line, cells, extra, damage)


def column_name(header: str) -> str | None:
    """Return our name of a column, or None for an unknown one, which the shop only keeps."""
    return _NAMES.get(fold_header(header))


def headers(vocabulary: Vocabulary) -> list[str]:
    """Return the headers of all known columns, in the order of an export."""
    if vocabulary == "2021":
        return [COLUMNS_OF_2021.get(name, legacy) for name, (_, legacy) in COLUMNS.items()]
    return [pair[0 if vocabulary == "current" else 1] for pair in COLUMNS.values()]


def score_header(header: Sequence[str]) -> int:
    """Return how many cells of a row are headers of known columns; 0 if no column tells which product a row means."""
    names = {column_name(cell) for cell in header} - {None}
    return len(names) if names.intersection(KEYS) and len(names) >= MIN_COLUMNS else 0


_NAMES = {fold_header(header): name for name, pair in COLUMNS.items() for header in pair} | {
    fold_header(header): name for name, header in COLUMNS_OF_2021.items()
}
