"""Parse and check the rows of one product: the draft of the product, and the problems of its rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from storefront.catalog import categories
from storefront.catalog.html_sanitiser import find_excess, sanitise
from storefront.catalog.models import MAX_LEVELS
from storefront.catalog.slugs import slugify
from storefront.catalog_files.csv_reader import COLUMNS, CsvRow
from storefront.sheets import cells

# Of one product; as many as Shopify allows.
MAX_VARIANTS = 2048
MAX_PICTURES = 250
MAX_TAGS = 250


@dataclass(frozen=True, slots=True)
class ImportProblem:
    """A row or cell that was refused or changed: the line, the column's header, and the reason."""

    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        """Return the problem as a line of the report."""
        return f"line {self.line}, {self.column}: {self.reason}"


@dataclass(slots=True)
class VariantDraft:
    """A variant in the file: the values of the row's columns, its stock, and the source of its picture."""

    line: int
    values: dict[str, Any]
    tracked: bool
    on_hand: int
    image: str


@dataclass(slots=True)
class ProductDraft:
    """A product in the file.

    Attributes:
        images: (source, alt, extra) in order.
        refused: of variants whose rows were refused, the option values, and the SKU as a tuple of one.
    """

    line: int
    values: dict[str, Any]
    category: tuple[str, ...]
    variants: list[VariantDraft] = field(default_factory=list)
    images: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    refused: set[tuple[str, ...]] = field(default_factory=set)


class DraftReader:
    """Parses the rows of products into drafts, and collects the problems.

    Args:
        digits: the decimals of the shop's currency.
        claim: returns whether an SKU is still free in this file, and marks it as used by a handle.

    """

    def __init__(self, digits: int, claim: Callable[[str, str], bool]) -> None:
        self._digits = digits
        self._claim = claim
        self.rejects: list[ImportProblem] = []
        self.notices: list[ImportProblem] = []

    def read(self, handle: str, rows: Sequence[CsvRow]) -> ProductDraft | None:
        """Return the draft of a product, or None if none of its rows can be used (`rejects` says why)."""
        first = rows[0]
        get = first.cells.get
        title = next((t for row in rows if (t := cells.clean_text(row.cells.get("title", ""), 500))), "")
        if not title:
            self._reject(first, "title", "is empty: every product needs one on one of its rows")
            return None
        names = [cells.clean_text(get(f"option{n}_name", ""), 255) for n in (1, 2, 3)]
        plain = (
            names[0].casefold() == "title"
            and cells.clean_text(get("option1", "")).casefold() == "default title"
        )
        kind = cells.clean_text(get("type", ""), 255)
        category = self._category(first)
        if excess := find_excess(get("description", "")):
            self._note(first, "description", f"{excess}; only its text was imported")
        draft = ProductDraft(
            line=first.line,
            values={
                "slug": handle,
                "title": title,
                "description_html": sanitise(get("description", "")),
                "vendor": cells.clean_text(get("vendor", ""), 255),
                "product_type": kind,
                "tags": self._tags(first),
                "status": self._status(first),
                "seo_title": cells.clean_text(get("seo_title", ""), 500),
                "seo_description": cells.clean_text(get("seo_description", "")),
                "option_names": [] if plain else [name for name in names if name],
                "extra": first.extra,
            },
            category=category or ((kind,) if kind else ()),
        )
        self._variants(draft, handle, rows, plain)
        self._images(draft, rows)
        if not draft.variants:
            self._reject(
                first, "price", f"{title!r} has no row that can be used as a variant, so it was left out"
            )
            return None
        return draft

    def _category(self, row: CsvRow) -> tuple[str, ...]:
        parts = row.cells.get("category", "").split(">", MAX_LEVELS)
        levels = tuple(part for part in (cells.clean_text(p, 255) for p in parts) if part)
        kept = categories.fit_levels(levels)
        if len(kept) < len(levels):
            self._note(row, "category", f"only its first {len(kept)} levels were imported")
        return kept

    def _tags(self, row: CsvRow) -> list[str]:
        parts = row.cells.get("tags", "").split(",", MAX_TAGS)
        if len(parts) > MAX_TAGS:
            self._note(row, "tags", f"only the first {MAX_TAGS} were imported")
        return list(dict.fromkeys(t for t in (cells.clean_text(t, 255) for t in parts[:MAX_TAGS]) if t))

    def _variants(self, draft: ProductDraft, handle: str, rows: Sequence[CsvRow], plain: bool) -> None:
        seen: set[tuple[str, ...]] = set()
        width = len(draft.values["option_names"])
        for row in rows:
            if not any(row.cells.get(n, "").strip() for n in ("price", "sku", "option1", "quantity")):
                continue  # the row only adds a picture
            if len(draft.variants) >= MAX_VARIANTS:
                draft.refused.add((cells.clean_identifier(row.cells.get("sku", "")),))
                self._reject(row, "sku", f"a product has at most {MAX_VARIANTS:,} variants")
                continue
            options = (
                ()
                if plain
                else tuple(cells.clean_text(row.cells.get(f"option{n}", ""), 255) for n in (1, 2, 3))[:width]
            )
            if options in seen:
                self._reject(
                    row, "option1", f"{' / '.join(options) or 'a product without options'} is there already"
                )
                continue
            try:
                variant = self._variant(row, handle, options, len(draft.variants))
            except ValueError:
                # The problem is recorded. The shop keeps its variant: an error in a file must not delete stock.
                draft.refused |= {options, (cells.clean_identifier(row.cells.get("sku", "")),)}
                continue
            seen.add(options)
            if row is not rows[0]:
                variant.values["extra"] = row.extra
            draft.variants.append(variant)

    def _variant(self, row: CsvRow, handle: str, options: tuple[str, ...], place: int) -> VariantDraft:
        price = self._cell(row, "price", lambda cell: cells.parse_price(cell, self._digits))
        was = self._cell(
            row,
            "compare_at_price",
            lambda cell: cells.parse_price(cell, self._digits) if cell.strip() else None,
        )
        grams = self._cell(row, "grams", cells.parse_whole_number)
        quantity = self._cell(row, "quantity", cells.parse_whole_number)
        if grams < 0:
            self._refuse(row, "grams", "is negative")
        sku = cells.clean_identifier(row.cells.get("sku", ""))
        if len(sku) > 255:
            self._refuse(row, "sku", "is longer than 255 characters")
        sku = sku or "-".join(filter(None, (handle, *(slugify(o) for o in options if o))))[:255]
        if not self._claim(sku, handle):
            self._refuse(row, "sku", f"{sku!r} stands in this file already; an SKU names one variant only")
        tracked = bool(row.cells.get("tracker", "shopify").strip())
        if quantity < 0:
            self.notices.append(ImportProblem(row.line, COLUMNS["quantity"][0], f"{quantity} was taken as 0"))
        one, two, three = (*options, "", "", "")[:3]
        return VariantDraft(
            line=row.line,
            values={
                "sku": sku,
                "option1": one,
                "option2": two,
                "option3": three,
                "price": price,
                "compare_at_price": was or None,
                "barcode": cells.clean_identifier(row.cells.get("barcode", ""))[:255],
                "weight_grams": grams,
                "position": place + 1,
                "backorder": cells.clean_text(row.cells.get("policy", "")).casefold() in ("continue", "true"),
                "extra": {},
            },
            tracked=tracked,
            on_hand=max(quantity, 0),
            image=row.cells.get("variant_image", "").strip(),
        )

    def _images(self, draft: ProductDraft, rows: Sequence[CsvRow]) -> None:
        found: dict[str, tuple[int, str, dict[str, str]]] = {}
        lines = {variant.line for variant in draft.variants}
        for place, row in enumerate(rows):
            source = row.cells.get("image", "").strip()
            if not source or source in found:
                continue
            if len(found) >= MAX_PICTURES:
                self._note(row, "image", f"only the first {MAX_PICTURES} pictures were imported")
                break
            try:
                position = cells.parse_whole_number(row.cells.get("image_position", "")) or place + 1
            except ValueError:
                position = place + 1
            spare = row.extra if row is not rows[0] and row.line not in lines else {}
            found[source] = (position, cells.clean_text(row.cells.get("image_alt", "")), spare)
        for variant in draft.variants:  # a variant may have a picture that the product does not list
            if variant.image and len(found) < MAX_PICTURES:
                found.setdefault(variant.image, (len(rows) + len(found), "", {}))
        ordered = sorted(found.items(), key=lambda item: item[1][0])
        draft.images = [(source, alt, spare) for source, (_, alt, spare) in ordered]

    def _status(self, row: CsvRow) -> str:
        status = cells.clean_text(row.cells.get("status", "")).casefold()
        if status in ("draft", "archived"):
            return status
        if status not in ("", "active"):
            self.notices.append(
                ImportProblem(row.line, "Status", f"{status!r} is not known; the product became a draft")
            )
            return "draft"
        return "draft" if cells.parse_flag(row.cells.get("published", "")) is False else "active"

    def _cell(self, row: CsvRow, name: str, read: Callable[[str], Any]) -> Any:
        try:
            return read(row.cells.get(name, ""))
        except ValueError as error:
            self._refuse(row, name, str(error))

    def _refuse(self, row: CsvRow, name: str, reason: str) -> None:
        self._reject(row, name, reason)
        raise ValueError(reason)

    def _note(self, row: CsvRow, name: str, reason: str) -> None:
        self.notices.append(ImportProblem(row.line, COLUMNS[name][0], reason))

    def _reject(self, row: CsvRow, name: str, reason: str) -> None:
        self.rejects.append(ImportProblem(row.line, COLUMNS[name][0], reason))


def read_handle(row: CsvRow) -> str:
    """Return the slug of a row's product; empty if the row has neither handle nor title."""
    handle = cells.clean_text(row.cells.get("handle", ""))
    title = cells.clean_text(row.cells.get("title", ""))
    return slugify(handle) if handle else slugify(title) if title else ""
