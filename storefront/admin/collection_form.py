"""The form of a collection: reads what was typed, and writes what is stored, field by field.

Conditions are rows of a kind and a value, numbered from 0: `kind-0`, `value-0`. A row without a kind is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from storefront import shop_settings
from storefront.catalog import html_sanitiser
from storefront.catalog.collection import collection_edits
from storefront.catalog.collection.collection_edits import CollectionValues
from storefront.catalog.collection.membership_rules import (
    KINDS,
    MAX_CONDITIONS,
    MAX_TEXT,
    PRICE_KINDS,
    TEXT_KINDS,
    Condition,
    ConditionKind,
    Rule,
)
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext
from storefront.money import Money
from storefront.sheets.numbers import parse_amount
from storefront.unicode_text import clean_line, read_whole_number
from storefront.web.forms import Form

KIND_LABELS = {
    "tag": lazy_gettext("Tag is"),
    "vendor": lazy_gettext("Brand is"),
    "price_from": lazy_gettext("Price is at least"),
    "price_to": lazy_gettext("Price is at most"),
    "in_stock": lazy_gettext("In stock"),
    "new": lazy_gettext("New within (days)"),
    "on_sale": lazy_gettext("On sale"),
}
MATCH_LABELS = {"all": lazy_gettext("all conditions"), "any": lazy_gettext("any condition")}
_SPARE_ROWS = 2  # empty rows for further conditions
_MORE_ROWS = 4


def read_values(form: Form) -> CollectionValues:
    """Return what was typed; the form has a sentence for each value that is not valid."""
    title = form.text("title", _("a title"), most=collection_edits.MAX_TITLE)
    slug = form.text("slug", _("an address"), most=collection_edits.MAX_TITLE, required=False)
    html = form.lines("description_html", most=html_sanitiser.MAX_LENGTH * 2)
    seo_title = form.text("seo_title", _("a title"), most=collection_edits.MAX_SEO_TITLE, required=False)
    most = collection_edits.MAX_SEO_DESCRIPTION
    seo_description = form.text("seo_description", _("a description"), most=most, required=False)
    return CollectionValues(title, _read_rule(form), slug, html, seo_title, seo_description)


def write_values(values: CollectionValues) -> dict[str, str]:
    """Return the fields of a form with these values."""
    fields = {
        "title": values.title,
        "slug": values.slug,
        "description_html": values.description_html,
        "seo_title": values.seo_title,
        "seo_description": values.seo_description,
        "match": values.rule.match,
    }
    for place, condition in enumerate(values.rule.conditions):
        fields[f"kind-{place}"] = condition.kind
        fields[f"value-{place}"] = _write_value(condition)
    return fields


def describe_rule(rule: Rule) -> str:
    """Return a rule as text, such as "Tag is gift, Price is at most 50.00"."""
    joined = (_(", ") if rule.match == "all" else _(" or ")).join
    return joined(
        " ".join(filter(None, (str(KIND_LABELS[one.kind]), _write_value(one)))) for one in rule.conditions
    )


def count_rows(fields: Mapping[str, str], *, more: bool = False) -> int:
    """Return how many rows for conditions the form shows: those in use, and some empty ones."""
    used = [
        place
        for place in range(MAX_CONDITIONS)
        if fields.get(f"kind-{place}") or fields.get(f"value-{place}")
    ]
    return min(MAX_CONDITIONS, max(used, default=-1) + 1 + (_MORE_ROWS if more else _SPARE_ROWS))


def _read_rule(form: Form) -> Rule:
    match = form.choice(
        "match", _("whether all conditions or any must hold"), dict.fromkeys(MATCH_LABELS, "")
    )
    conditions = list(filter(None, _read_conditions(form)))
    if not conditions and not any(name.startswith("value-") for name in form.errors):
        form.errors.setdefault(
            "kind-0", _("Choose at least one condition: without one, no product would match.")
        )
    return Rule("any" if match == "any" else "all", tuple(conditions))


def _read_conditions(form: Form) -> Iterable[Condition | None]:
    for place in range(MAX_CONDITIONS):
        typed, value = form.typed(f"kind-{place}"), clean_line(form.typed(f"value-{place}")[: 4 * MAX_TEXT])
        form.values[f"kind-{place}"] = typed if typed in KINDS else ""
        form.values[f"value-{place}"] = value[: MAX_TEXT + 1]
        kind = next((each for each in KINDS if each == typed), None)
        if kind is not None:
            condition = _read_condition(kind, value)
            fault = collection_edits.find_fault(condition)
            if fault:
                form.errors[f"value-{place}"] = fault
            yield condition
        elif value:
            form.errors[f"kind-{place}"] = _("Choose what is compared with “%(value)s”.", value=value)


def _read_condition(kind: ConditionKind, value: str) -> Condition:
    if kind in TEXT_KINDS:
        return Condition(kind, text=value)
    if kind in PRICE_KINDS:
        try:
            amount = parse_amount(value, shop_settings.current().locale, shop_settings.current().currency)
        except ValueError:
            amount = -1
        return Condition(kind, number=amount)
    if kind == "new":
        return Condition(kind, number=read_whole_number(value, most_digits=6) or 0)
    return Condition(kind)


def _write_value(condition: Condition) -> str:
    if condition.kind in PRICE_KINDS:
        locale = shop_settings.current().locale
        return Money(condition.number, shop_settings.current().currency).format_plain(locale)
    return str(condition.number) if condition.kind == "new" else condition.text
