"""A stored change set in words: each product with the old and new value of every field, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.catalog.option_texts import join_values
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange, VariantChange
from storefront.change_sets.field_texts import name_field, shorten, show_value
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.results import Left, LeftKind, RowResult
from storefront.unicode_text import clean_line

FLAGS = {
    "price_jump": "a price changes by more than half",
    "removal": "something is removed",
    "publication": "becomes public",
}
# The counts of a plan, as its summary and the list of a change set name them.
COUNTS = {
    "created": "products created",
    "changed": "products changed",
    "left": "products left as they are",
    "rows": "rows read",
    "refused_rows": "rows refused",
    "new_variants": "variants created",
    "removed_variants": "variants removed",
    "removed_pictures": "pictures removed",
    "changed_stock": "stock quantities changed",
    "kept_quantities": "stock quantities not applied",
    "missing_quantities": "quantities missing",
    "price_jumps": "prices changed by more than half",
    "publications": "hidden products made public",
}
_VERBS = {"create": "new", "update": "changed", "remove": "removed"}


def describe_row(row: ChangeSetRow, currency: str) -> Iterator[str]:
    """Yield the lines of one product, and what was left of it."""
    yield from describe_change(
        msgspec.json.decode(row.content, type=ProductChange), currency, state=row.state
    )
    yield from (f"  left: {clean_line(str(part))}" for part in left_parts(row, "left", "not_undone"))


def describe_change(change: ProductChange, currency: str, *, state: str = "") -> Iterator[str]:
    """Yield the lines of one product. A line that begins with "!" is one to look at before applying."""
    flags = "".join(f"; {FLAGS.get(flag, flag)}" for flag in change.flags)
    mark = "! " if change.flags else ""
    what = f"{_VERBS[change.action]}{f', {state}' if state else ''}{flags}"
    yield f"{mark}{change.slug}  {shorten(change.title)} ({what})"
    for name, value in change.fields.items():
        is_shown = change.action == "update" or (value.new and name not in ("slug", "title"))
        if is_shown:
            yield f"  {_line(name, value, currency, change.action)}"
    for variant in change.variants:
        yield from _variant_lines(variant, currency)
    for picture in change.pictures:
        mark = "! " if picture.action == "remove" else "  "
        yield f"{mark}picture {shorten(picture.source)}: {_VERBS[picture.action]}"
        if picture.action == "update":
            for name, value in picture.fields.items():
                yield f"    {_line(name, value, currency, 'update')}"


def describe_summary(summary: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a stored summary: the counts that are not 0, and the columns that are only kept."""
    counts = [f"{name}: {summary[key]:,}" for key, name in COUNTS.items() if summary.get(key)]
    if counts:
        yield f"  {'; '.join(counts)}"
    if kept := summary.get("kept_columns"):
        yield f"  columns that are only kept: {', '.join(map(shorten, kept))}"


def left_parts(row: ChangeSetRow, *kinds: LeftKind) -> Sequence[Left]:
    """Return what was not applied, or not undone, of a row."""
    result = msgspec.json.decode(row.result or "{}", type=RowResult)
    return [part for kind in kinds for part in getattr(result, kind)]


def _variant_lines(variant: VariantChange, currency: str) -> Iterator[str]:
    if variant.action != "update":
        values = variant.values
        options = join_values(map(values.get, OPTION_COLUMNS))
        price = show_value("price", values.get("price"), currency)
        stock = "" if variant.on_hand is None else f", {variant.on_hand} on hand"
        mark = "! " if variant.action == "remove" else "  "
        label = f", SKU {shorten(values['label'])}" if values.get("label") else ""
        parts = f"{_VERBS[variant.action]}, {options or 'no options'}, {price}{label}{stock}"
        yield f"{mark}variant {variant.sku}: {parts}"
        return
    for name, value in variant.fields.items():
        mark = "! " if name == "price" and value.is_price_jump else "  "
        yield f"{mark}variant {variant.sku}: {_line(name, value, currency, 'update')}"
    if variant.stock is not None:
        yield f"  variant {variant.sku}: on hand {_stock(variant.stock)}"


def _stock(change: StockChange) -> str:
    if change.mode == "set":
        return f"{change.before} → {change.quantity}"
    return f"{change.quantity:+} ({change.before} when it was planned)"


def _line(name: str, value: ValueChange, currency: str, action: str) -> str:
    new = show_value(name, value.new, currency)
    if action == "create":
        return f"{name_field(name)}: {new}"
    return f"{name_field(name)}: {show_value(name, value.old, currency)} → {new}"
