"""What a bulk edit of products can do: each action of its form, as an edit of a change set."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from werkzeug.datastructures import MultiDict

from storefront import moments, shop_settings
from storefront.admin.terms_of_sale.amounts import read_rate
from storefront.catalog.publication import MOMENTS
from storefront.change_sets import bulk_edits
from storefront.change_sets.edits import Edit
from storefront.change_sets.row_fields import CategoryNames
from storefront.errors import StorefrontError
from storefront.extensions import db, moment_text
from storefront.i18n import gettext as _
from storefront.i18n import shop_locale
from storefront.money import Money, minor_units
from storefront.unicode_text import clean_line, parse_digits

MOST_TAGS = 50
_MAX_TAG = 255
_PERCENT = re.compile(r"[+-]?\d{1,4}(\.\d{1,2})?")
_LEAST, _GREATEST = Decimal(-99), Decimal(1000)


class BulkFormError(StorefrontError):
    """The form cannot be used; the text says why."""

    status = 422


@dataclass(frozen=True, slots=True)
class BulkEdit:
    """What a form asks for: a name for the change set, and what becomes of each product; None: it is deleted."""

    name: str
    edit: Edit | None


@dataclass(frozen=True, slots=True)
class Rounding:
    """A way to round prices: its label, and step and ending as `bulk_edits.change_prices` takes them."""

    label: str
    step: int = 1
    ending: int = 0


def roundings() -> dict[str, Rounding]:
    """Return the ways to round prices in the shop's currency, by the value of their option."""
    currency, locale = shop_settings.current().currency, shop_locale()
    unit = 10 ** minor_units(currency)
    steps = (unit // 20, unit // 10, unit) if unit >= 100 else (10 * unit, 100 * unit)
    endings = ((unit, 99), (unit, 95), (unit, 90)) if unit >= 100 else ((100 * unit, 90), (1000 * unit, 98))
    found = {"": Rounding(_("Do not round"))}
    for step in steps:
        label = _("To the nearest %(amount)s", amount=Money(step, currency).format_plain(locale))
        found[f"{step}"] = Rounding(label, step)
    for step, hundredths in endings:
        ending = step * hundredths // 100
        label = _("Ending in %(amount)s", amount=Money(ending, currency).format_plain(locale))
        found[f"{step}-{ending}"] = Rounding(label, step, ending)
    return found


def _publish(_form: MultiDict[str, str]) -> BulkEdit:
    return BulkEdit(_("Publish products"), bulk_edits.set_fields(status="active"))


def _unpublish(_form: MultiDict[str, str]) -> BulkEdit:
    return BulkEdit(_("Make products drafts"), bulk_edits.set_fields(status="draft"))


def _archive(_form: MultiDict[str, str]) -> BulkEdit:
    return BulkEdit(_("Archive products"), bulk_edits.set_fields(status="archived"))


def _delete(_form: MultiDict[str, str]) -> BulkEdit:
    return BulkEdit(_("Delete products"), None)


def _plan(form: MultiDict[str, str]) -> BulkEdit:
    """Plan when products are published, or withdrawn."""
    try:
        moment = moments.parse_minute(form.get("moment", "").strip())
    except ValueError:
        example = moments.minute_value(moments.now() + timedelta(days=7))
        raise BulkFormError(
            _("Enter a day and a time of the shop’s clock, such as %(example)s.", example=example)
        ) from None
    if moment <= moments.now():
        raise BulkFormError(_("This moment has passed. Enter a later one."))
    shown = moments.format_minute(moment)
    if form["action"] == "publish-at":
        name, column = _("Publish products at %(moment)s", moment=shown), "publish_at"
    else:
        name, column = _("Withdraw products at %(moment)s", moment=shown), "withdraw_at"
    return BulkEdit(name, bulk_edits.set_fields(**{column: moment_text(moment)}))


def _forget_plans(_form: MultiDict[str, str]) -> BulkEdit:
    return BulkEdit(_("Remove planned dates"), bulk_edits.set_fields(**dict.fromkeys(MOMENTS)))


def _categorise(form: MultiDict[str, str]) -> BulkEdit:
    if form.get("category", "") == "none":
        return BulkEdit(_("Take products out of all categories"), bulk_edits.set_category([]))
    names = _category(form)
    name = _("Move products to %(category)s", category=" › ".join(names))
    return BulkEdit(name, bulk_edits.set_category(names))


def _add_category(form: MultiDict[str, str]) -> BulkEdit:
    names = _category(form)
    name = _("Add products to %(category)s", category=" › ".join(names))
    return BulkEdit(name, bulk_edits.add_category(names))


def _remove_category(form: MultiDict[str, str]) -> BulkEdit:
    names = _category(form)
    name = _("Remove products from %(category)s", category=" › ".join(names))
    return BulkEdit(name, bulk_edits.remove_category(names))


def _category(form: MultiDict[str, str]) -> list[str]:
    """Return the names of the chosen category from the top down."""
    key = parse_digits(form.get("category", ""), most_digits=9)
    names = CategoryNames(db.session()).names_of(key)
    if not names:
        raise BulkFormError(_("Choose a category."))
    return names


def _add_tags(form: MultiDict[str, str]) -> BulkEdit:
    tags = _tags(form)
    return BulkEdit(_("Add tags: %(tags)s", tags=", ".join(tags)), bulk_edits.change_tags(add=tags))


def _remove_tags(form: MultiDict[str, str]) -> BulkEdit:
    tags = _tags(form)
    return BulkEdit(_("Remove tags: %(tags)s", tags=", ".join(tags)), bulk_edits.change_tags(remove=tags))


def _change_prices(form: MultiDict[str, str]) -> BulkEdit:
    typed = form.get("percent", "")
    percent = _percent(typed)
    chosen = roundings().get(form.get("rounding", ""))
    if percent is None or chosen is None:
        raise BulkFormError(
            _("Enter by how many percent prices change, from −99 to 1000, such as −10 or 7.5.")
        )
    if not percent and chosen.step == 1:
        raise BulkFormError(_("Enter by how many percent prices change, or choose how to round them."))
    name = _("Change prices by %(percent)s %%", percent=f"{percent:+}") if percent else _("Round prices")
    if chosen.step != 1:
        name = f"{name} ({chosen.label})"
    return BulkEdit(name, bulk_edits.change_prices(percent, step=chosen.step, ending=chosen.ending))


ACTIONS: Mapping[str, Callable[[MultiDict[str, str]], BulkEdit]] = {
    "publish": _publish,
    "draft": _unpublish,
    "archive": _archive,
    "publish-at": _plan,
    "withdraw-at": _plan,
    "forget-plans": _forget_plans,
    "delete": _delete,
    "category": _categorise,
    "add-category": _add_category,
    "remove-category": _remove_category,
    "add-tags": _add_tags,
    "remove-tags": _remove_tags,
    "prices": _change_prices,
}


def _percent(text: str) -> Decimal | None:
    """Return a percentage; 0 for an empty text, None if it cannot be read or is out of range."""
    plain = read_rate(text).replace("−", "-")
    if not plain:
        return Decimal(0)
    if not _PERCENT.fullmatch(plain):
        return None
    percent = Decimal(plain)
    return percent if _LEAST <= percent <= _GREATEST else None


def _tags(form: MultiDict[str, str]) -> list[str]:
    parts = form.get("tags", "")[: MOST_TAGS * (_MAX_TAG + 2)].split(",")
    tags = list(dict.fromkeys(filter(None, map(clean_line, parts))))
    if not tags:
        raise BulkFormError(_("Enter tags, with commas between them."))
    if len(tags) > MOST_TAGS or any(len(tag) > _MAX_TAG for tag in tags):
        raise BulkFormError(
            _(
                "Enter at most %(most)d tags of at most %(length)d characters.",
                most=MOST_TAGS,
                length=_MAX_TAG,
            )
        )
    return tags
