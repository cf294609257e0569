"""A stored change as staff read it on a page: each field with its old and its new value, in their language.

`change_texts` has the plain lines of the commands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from storefront import moments
from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.catalog.option_texts import join_values
from storefront.catalog.publication import MOMENTS
from storefront.change_sets.change_texts import left_parts
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange, VariantChange
from storefront.change_sets.field_names import STATUSES, name_field
from storefront.change_sets.field_texts import MAX_TEXT, PRICES, shorten, show_value
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.reason_texts import translate_reason
from storefront.change_sets.results import Left
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext, shop_locale
from storefront.money import Money
from storefront.unicode_text import clean_line

FLAGS = {
    "price_jump": lazy_gettext("a price changes by more than half"),
    "removal": lazy_gettext("something is removed"),
    "publication": lazy_gettext("becomes public"),
}
_ACTIONS = {
    "create": lazy_gettext("new"),
    "update": lazy_gettext("changed"),
    "remove": lazy_gettext("removed"),
}
_IN_FRONT = 20  # characters of a long text that are shown before the first difference


@dataclass(frozen=True, slots=True)
class ComparedField:
    """One line of a comparison.

    Attributes:
        subject: the variant or picture; empty for the product itself.
        field: the field; empty if the whole subject is new or removed.
        old: the old value; empty if there was none.
        new: the new value; empty if there is none.
        is_flagged: whether a merchant should look at it first.
    """

    subject: str
    field: str
    old: str
    new: str
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """One product of a change set.

    Attributes:
        action: "new", "changed" or "removed", in words.
        is_new: whether the product is created.
        flags: why a merchant should look at it.
        lines: what changes.
        left: what was not applied, or not undone, with the reason.
    """

    product_id: int | None
    slug: str
    title: str
    state: str
    action: str
    is_new: bool
    flags: list[str]
    lines: list[ComparedField]
    left: list[str]


def compare_row(row: ChangeSetRow, currency: str) -> Comparison:
    """Return a stored row as staff read it; prices are in this currency."""
    change = msgspec.json.decode(row.content, type=ProductChange)
    return Comparison(
        product_id=row.product_id,
        slug=row.slug,
        title=row.title,
        state=row.state,
        action=str(_ACTIONS[change.action]),
        is_new=change.action == "create",
        flags=[str(FLAGS.get(flag, flag)) for flag in change.flags],
        lines=list(_lines(change, currency)),
        left=[clean_line(_describe_left(part)) for part in left_parts(row, "left", "not_undone")],
    )


def _describe_left(part: Left) -> str:
    name = " ".join(filter(None, (part.subject, name_field(part.field) if part.field else "")))
    reason = translate_reason(part.reason)
    return _("%(subject)s: %(reason)s", subject=name, reason=reason) if name else reason


def compare_values(field: str, value: ValueChange, currency: str) -> tuple[str, str]:
    """Return the old and the new value in words; of long texts the part around the first difference."""
    old, new = value.old, value.new
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > MAX_TEXT:
        old, new = _cut_equal_start(clean_line(old), clean_line(new))
    return _show(field, old, currency), _show(field, new, currency)


def _lines(change: ProductChange, currency: str) -> Iterator[ComparedField]:
    for name, value in change.fields.items():
        if change.action == "update" or (value.new and name not in ("slug", "title")):
            yield ComparedField("", name_field(name), *compare_values(name, value, currency))
    for variant in change.variants:
        yield from _variant_lines(variant, currency)
    for picture in change.pictures:
        subject = _("Picture %(name)s", name=shorten(picture.source))
        if picture.action == "update":
            for name, value in picture.fields.items():
                yield ComparedField(subject, name_field(name), *compare_values(name, value, currency))
        else:
            yield _whole(subject, picture.action)


def _variant_lines(variant: VariantChange, currency: str) -> Iterator[ComparedField]:
    subject = _("Variant %(code)s", code=shorten(variant.sku))
    if variant.action != "update":
        yield _whole(subject, variant.action, _describe_variant(variant, currency))
        return
    for name, value in variant.fields.items():
        is_flagged = name == "price" and value.is_price_jump
        yield ComparedField(subject, name_field(name), *compare_values(name, value, currency), is_flagged)
    if variant.stock is not None:
        yield ComparedField(subject, name_field("on_hand"), *_compare_stock(variant.stock))


def _whole(subject: str, action: str, about: str = "") -> ComparedField:
    """Return the line of something that is created or removed."""
    text = ", ".join(filter(None, (str(_ACTIONS[action]), about)))
    if action == "create":
        return ComparedField(subject, "", "", text)
    return ComparedField(subject, "", about or subject, str(_ACTIONS[action]), is_flagged=True)


def _describe_variant(variant: VariantChange, currency: str) -> str:
    values = variant.values
    options = join_values(map(values.get, OPTION_COLUMNS))
    parts = [shorten(options), _show("price", values.get("price"), currency)]
    if values.get("label"):
        parts.append(_("SKU %(sku)s", sku=shorten(values["label"])))
    if variant.on_hand is not None:
        parts.append(_("%(number)d on hand", number=variant.on_hand))
    return ", ".join(filter(None, parts))


def _compare_stock(change: StockChange) -> tuple[str, str]:
    if change.mode == "set":
        return str(change.before), str(change.quantity)
    return str(change.before), f"{change.quantity:+}"


def _show(field: str, value: Any, currency: str) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field == "status" and value in STATUSES:
        return str(STATUSES[value])
    if field in (*MOMENTS, "published_at"):
        return moments.format_minute(datetime.fromisoformat(value))
    if field in PRICES and isinstance(value, int):
        return Money(value, currency).format(shop_locale())
    return show_value(field, value, currency)


def _cut_equal_start(old: str, new: str) -> tuple[str, str]:
    pairs = zip(old, new, strict=False)
    same = next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new)))
    start = max(0, same - _IN_FRONT)
    mark = "…" if start else ""
    return f"{mark}{old[start:]}" if old else "", f"{mark}{new[start:]}" if new else ""
