"""A stored change set in words: each product with the old and new value of every field, as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from storefront.change_sets.changes import ProductChange, StockChange, ValueChange, VariantChange
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.results import Left, LeftKind, RowResult
from storefront.money import Money

MAX_TEXT = 80  # characters of a value
FLAGS = {
    "price_jump": "a price changes by more than half",
    "removal": "something is removed",
    "publication": "becomes public",
}
_PRICES = ("price", "compare_at_price")
_OPTIONS = ("option1", "option2", "option3")
_VERBS = {"create": "new", "update": "changed", "remove": "removed"}


def describe_row(row: ChangeSetRow, currency: str) -> Iterator[str]:
    """Yield the lines of one product, and what was left of it."""
    yield from describe_change(
        msgspec.json.decode(row.content, type=ProductChange), currency, state=row.state
    )
    yield from (f"  left: {one_line(str(part))}" for part in left_parts(row, "left", "not_undone"))


def describe_change(change: ProductChange, currency: str, *, state: str = "") -> Iterator[str]:
    """Yield the lines of one product. A line that begins with "!" is one to look at before applying."""
    flags = "".join(f"; {FLAGS.get(flag, flag)}" for flag in change.flags)
    mark = "! " if change.flags else ""
    what = f"{_VERBS[change.action]}{f', {state}' if state else ''}{flags}"
    yield f"{mark}{change.slug}  {shorten(change.title)} ({what})"
    for name, value in change.fields.items():
        is_shown = not (change.action == "create" and name in ("slug", "title"))
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


def left_parts(row: ChangeSetRow, *kinds: LeftKind) -> Sequence[Left]:
    """Return what was not applied, or not undone, of a row."""
    result = msgspec.json.decode(row.result or "{}", type=RowResult)
    return [part for kind in kinds for part in getattr(result, kind)]


def one_line(value: str) -> str:
    """Return a text in one line and without control characters, which a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in " ".join(value.split()))


def shorten(value: str) -> str:
    """Return a text in one line, cut to a length that fits on a screen."""
    text = one_line(value)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _variant_lines(variant: VariantChange, currency: str) -> Iterator[str]:
    if variant.action != "update":
        side = "new" if variant.action == "create" else "old"
        values = {name: getattr(value, side) for name, value in variant.fields.items()}
        options = " / ".join(str(values[name]) for name in _OPTIONS if values.get(name))
        price = _show("price", values.get("price"), currency)
        on_hand = variant.stock and (variant.stock.quantity if side == "new" else variant.stock.before)
        stock = "" if on_hand is None else f", {on_hand} on hand"
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
    field = f"kept column {name.removeprefix('extra:')}" if name.startswith("extra:") else name
    if action == "create":
        return f"{field}: {_show(name, value.new, currency)}"
    return f"{field}: {_show(name, value.old, currency)} → {_show(name, value.new, currency)}"


def _show(name: str, value: Any, currency: str) -> str:
    if value is None or value in ("", []):
        return "(empty)"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name in _PRICES and isinstance(value, int):
        return Money(value, currency).plain
    if isinstance(value, list):
        return shorten((" > " if name == "category" else ", ").join(map(str, value)))
    return shorten(str(value))
