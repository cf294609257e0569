"""WooCommerce's product CSV → what it says of products: simple ones, and variable ones with their variations.

Source: WooCommerce's "Product CSV Import Schema" (the English header).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from storefront.catalog.models import MAX_LEVELS
from storefront.catalog.option_matrix import MAX_OPTIONS
from storefront.catalog.picture_edits import MAX_PICTURES
from storefront.catalog.slugs import slugify
from storefront.catalog_files import product_texts
from storefront.catalog_files.file_reader import (
    UNNAMED_KEY,
    FileReader,
    UnusableCellError,
    UnusableProductError,
)
from storefront.catalog_files.number_columns import MILLIONTHS, NumberKind
from storefront.catalog_files.product_columns import ProductRow
from storefront.catalog_files.variant_rows import MAX_LABEL, MAX_VARIANTS
from storefront.change_sets.inputs import InputPicture, InputProduct, InputVariant
from storefront.sheets import cells
from storefront.sheets.headers import fold_header

_ATTRIBUTE = re.compile(r"attribute ([0-9]{1,3}) (name|value\(s\))")
_COMMA = re.compile(r"(?<!\\),")
_GRAMS = {
    "weight (kg)": Fraction(1000),
    "weight (g)": Fraction(1),
    "weight (lbs)": Fraction("453.59237"),
    "weight (oz)": Fraction("28.349523125"),
}
_BARCODE = "gtin, upc, ean, or isbn"
_READ = frozenset(
    (
        *("id", "type", "sku", _BARCODE, "name", "published", "visibility in catalog", "parent", "images"),
        *("short description", "description", "date sale price starts", "date sale price ends", "tax status"),
        *("in stock?", "stock", "backorders allowed?", "sale price", "regular price", "categories", "tags"),
        *_GRAMS,
    )
)
_OTHER_TYPES = {
    "grouped": "a grouped product has no price of its own; import its members",
    "external": "an external product is sold by another shop",
}


class WooCommerceReader(FileReader):
    """Reads WooCommerce's product CSV.

    Args:
        header: the headers of the file.
        currency: of the file's prices: the shop's.
        claim: returns whether a product (its key) is the first one of the file that claims a name.
    """

    numbers: dict[str, NumberKind] = {  # noqa: RUF012  # a constant
        **dict.fromkeys(("regular price", "sale price"), "amount"),
        **dict.fromkeys(("stock",), "whole"),
        **dict.fromkeys(_GRAMS, "decimal"),
    }

    def __init__(self, header: Sequence[str], currency: str, claim: Callable[[str, str], bool]) -> None:
        super().__init__(header, currency, woocommerce_column)
        self._claim = claim

    def product_key(self, row: ProductRow) -> str:
        """Return the id or the SKU of the product; of a variation, those of its parent."""
        if _type(row) == "variation":
            parent = _text(row, "parent")
            return (
                parent
                if parent.startswith("id:")
                else f"sku:{parent}"
                if parent
                else f"{UNNAMED_KEY}{row.line}"
            )
        names = (("id", "id:"), ("sku", "sku:"), ("name", "name:"))
        return next((f"{prefix}{text}" for name, prefix in names if (text := _text(row, name))), "")

    def aliases(self, row: ProductRow) -> tuple[str, ...]:
        """Return the product's SKU, by which its variations may name it."""
        sku = _text(row, "sku")
        return (f"sku:{sku}",) if sku and _text(row, "id") and _type(row) != "variation" else ()

    def read_address(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Set the title, and an address that is made of it: WooCommerce's file has none."""
        main = _main_row(rows)
        product.line = main.line
        title = _text(main, "name")[:500]
        if not title or _type(main) == "variation":
            return
        key = self.product_key(main)
        slug = slugify(title)
        product.handle = product.new_slug = (
            slug if self._claim(slug, key) else f"{slug}-{slugify(key.partition(':')[2])}"
        )
        product.values["title"] = title

    def read_product(self, product: InputProduct, rows: Sequence[ProductRow]) -> None:
        """Read the parent's columns, then the variants."""
        main = _main_row(rows)
        if _type(main) == "variation":
            raise UnusableProductError(
                main.line, "the file has no product that is the parent of this variation"
            )
        if reason := next((_OTHER_TYPES[kind] for kind in _types(main) if kind in _OTHER_TYPES), ""):
            raise UnusableProductError(main.line, reason, self.layout.header("type"))
        self._read_texts(product, main)
        self._read_status(product, main)
        product.extra = dict(main.extra)
        variations = [row for row in rows if _type(row) == "variation"]
        if others := [row for row in rows if row is not main and row not in variations]:
            reason = "another product of the file has the same ID or SKU"
            raise UnusableProductError(others[0].line, reason, self.layout.header("id"))
        names = _option_names(variations)
        if len(names) > MAX_OPTIONS:
            reason = f"its variations differ by {len(names)} attributes; a product has at most {MAX_OPTIONS} options"
            raise UnusableProductError(main.line, reason)
        product.values["option_names"] = names
        product.has_option_columns = product.has_picture_column = not self.is_incomplete
        for row in variations or [main]:
            self._read_variant(product, row, main, names)
        self._read_pictures(product, main)

    def _read_texts(self, product: InputProduct, main: ProductRow) -> None:
        short, long = main.cells.get("short description", ""), main.cells.get("description", "")
        html = "\n".join(dict.fromkeys(filter(str.strip, (_unescape(short), _unescape(long)))))
        if self.layout.has("short description", "description"):
            product_texts.read_description(self, product, main, "description", html)
        if self.layout.has("tags"):
            product_texts.read_tags(self, product, main, "tags", _list(main, "tags"))
        if self.layout.has("categories"):
            found = [
                product_texts.read_category(self, product, main, "categories", path.split(">", MAX_LEVELS))
                for path in _list(main, "categories")
            ]
            product.category = max(found, key=len, default=())
            # A category that is above another one has its products anyway.
            above = {names[:level] for names in found for level in range(len(names))}
            own = [names for names in found if names not in above]
            product_texts.set_further_categories(self, product, main, "categories", own)

    def _read_status(self, product: InputProduct, main: ProductRow) -> None:
        published = _text(main, "published")
        if published:  # 1: public; 0: private; -1: draft
            is_public = published != "-1" and self.product_flag(main, "published")
            product.values["status"] = "active" if is_public else "draft"
        if visibility := _text(main, "visibility in catalog").casefold():
            product.values["unlisted"] = visibility == "hidden"

    def _read_variant(
        self, product: InputProduct, row: ProductRow, main: ProductRow, names: Sequence[str]
    ) -> None:
        given = _attributes(row)
        options = tuple(given.get(name, "") for name in names)
        try:
            if any("," in value or not value for value in options):
                missing = ", ".join(
                    n for n, value in zip(names, options, strict=True) if not value or "," in value
                )
                reason = f"a variation of any {missing}: give each value a variation of its own"
                raise UnusableCellError("type", reason)
            if options in {variant.options for variant in product.variants}:
                raise UnusableCellError("type", f"{' / '.join(options)} is there already")
            if len(product.variants) >= MAX_VARIANTS:
                raise UnusableCellError("type", f"a product has at most {MAX_VARIANTS:,} variants")
            variant = InputVariant(line=row.line, options=options, values=self._values(product, row, main))
            self._read_stock(product, variant, row)
        except UnusableCellError as error:
            self.refuse(product, row, error, options)
            return
        variant.picture = next(iter(_list(row, "images")), None) if row is not main else None
        if row is not main:
            variant.extra = {header: cell for header, cell in row.extra.items() if cell}
        product.variants.append(variant)

    def _values(self, product: InputProduct, row: ProductRow, main: ProductRow) -> dict[str, Any]:
        values: dict[str, Any] = {"label": cells.clean_identifier(row.cells.get("sku", ""))[:MAX_LABEL]}
        values |= self._prices(product, row)
        if self.layout.has(_BARCODE):
            values["barcode"] = cells.clean_identifier(row.cells.get(_BARCODE, ""))[:255]
        for name, factor in _GRAMS.items():
            weight = self.number(row, name)
            weight = self.number(main, name) if weight is None else weight
            if weight is not None:
                values["weight_grams"] = max(round(weight * factor / 10**MILLIONTHS), 0)
        types = _types(row)
        values["requires_shipping"] = "virtual" not in types
        if tax := _text(row, "tax status").casefold():
            values["taxable"] = tax == "taxable"
        if backorders := _text(row, "backorders allowed?").casefold():
            values["backorder"] = backorders == "notify" or bool(self.flag(row, "backorders allowed?"))
        return values

    def _prices(self, product: InputProduct, row: ProductRow) -> dict[str, Any]:
        """Return the price and the compare-at price: a sale that is on makes the regular price the latter."""
        regular, sale = self.number(row, "regular price"), self.number(row, "sale price")
        if sale is not None and not _is_on_sale(row, datetime.now(UTC)):
            self.note(
                product, row.line, "sale price", "the sale is not on today, so the regular price was taken"
            )
            sale = None
        if sale is None:
            return {} if regular is None else {"price": regular, "compare_at_price": None}
        return {"price": sale, "compare_at_price": regular}

    def _read_stock(self, product: InputProduct, variant: InputVariant, row: ProductRow) -> None:
        """Read the stock. Without a number, "In stock? 1" is sold without counting, and "0" is sold out."""
        if _text(row, "stock").casefold() == "parent":
            self.note(
                product, row.line, "stock", "variations that share the stock of their parent have none here"
            )
            return
        quantity = self.number(row, "stock")
        if quantity is not None:
            variant.values["tracked"] = True
            variant.quantity = quantity
        elif (in_stock := self.flag(row, "in stock?")) is not None:
            variant.values["tracked"] = not in_stock
            variant.quantity = None if in_stock else 0

    def _read_pictures(self, product: InputProduct, main: ProductRow) -> None:
        sources = dict.fromkeys(_list(main, "images"), main.line)
        sources |= {v.picture: v.line for v in product.variants if v.picture and v.picture not in sources}
        if len(sources) > MAX_PICTURES:
            self.note(product, main.line, "images", f"only the first {MAX_PICTURES} pictures were imported")
        product.pictures = [
            InputPicture(line=line, source=source, position=place)
            for place, (source, line) in enumerate(list(sources.items())[:MAX_PICTURES], 1)
        ]


def woocommerce_column(header: str) -> str | None:
    """Return our name of a column, or None for a column that the shop only keeps."""
    folded = fold_header(header)
    return folded if folded in _READ or _ATTRIBUTE.fullmatch(folded) else None


def _text(row: ProductRow, name: str) -> str:
    return cells.clean_text(row.cells.get(name, ""))


def _types(row: ProductRow) -> list[str]:
    return [part.strip().casefold() for part in row.cells.get("type", "").split(",")]


def _type(row: ProductRow) -> str:
    return "variation" if "variation" in _types(row) else "product"


def _main_row(rows: Sequence[ProductRow]) -> ProductRow:
    return next((row for row in rows if _type(row) != "variation"), rows[0])


def _list(row: ProductRow, name: str) -> list[str]:
    r"""Return the parts of a cell, which commas separate; "\," is a comma."""
    parts = _COMMA.split(row.cells.get(name, ""))
    return [part for part in (cells.clean_text(p.replace("\\,", ",")) for p in parts) if part]


def _unescape(html: str) -> str:
    """Return a description; WooCommerce writes line breaks as a backslash and an n."""
    return html.replace("\\n", "\n")


def _attributes(row: ProductRow) -> dict[str, str]:
    """Return the values of a row's attributes by their names, in order."""
    found: dict[str, str] = {}
    for number in range(1, len(row.cells) + 1):
        if f"attribute {number} name" not in row.cells:
            break
        if name := cells.clean_text(row.cells[f"attribute {number} name"], 255):
            found[name] = cells.clean_text(row.cells.get(f"attribute {number} value(s)", ""), 255)
    return found


def _option_names(variations: Sequence[ProductRow]) -> list[str]:
    names = dict.fromkeys(name for row in variations for name, value in _attributes(row).items() if value)
    return list(names)


def _is_on_sale(row: ProductRow, now: datetime) -> bool:
    """Return whether a sale is on at a time. A date that cannot be read is no limit."""
    starts, ends = (_date(_text(row, f"date sale price {which}")) for which in ("starts", "ends"))
    return (starts is None or starts <= now) and (ends is None or now <= ends)


def _date(text: str) -> datetime | None:
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
