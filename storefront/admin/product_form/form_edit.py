"""The changes of a form as an edit of the product, and the faults of an edit as sentences of the form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storefront.admin.product_form.form_fields import FormField
from storefront.catalog.product_writer import EditFault, LockedProduct, ProductEdit, VariantEdit
from storefront.catalog.publication import NO_PLAN, PlanFault, find_plan_faults
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext

REASON = "product form"  # in the ledger of stock
_FAULTS = {
    "/category/path": ("category", lazy_gettext("There is no such category. Choose another one.")),
    "/slug": ("slug", lazy_gettext("Another product has this address. Choose another one.")),
    "/status": ("status", lazy_gettext("Gift cards can’t be sold yet. Leave it a draft.")),
    "/publish_at": ("publish_at", lazy_gettext("Gift cards can’t be sold yet. Leave this empty.")),
}
_PLAN_FAULTS = {
    PlanFault.PASSED: lazy_gettext("This moment has passed. Choose a later one, or leave it empty."),
    PlanFault.ACTIVE: lazy_gettext(
        "An active product is in the shop already. Leave this empty, or choose “Draft” above."
    ),
    PlanFault.ARCHIVED: lazy_gettext("An archived product is not in the shop. Leave this empty."),
    PlanFault.ORDER: lazy_gettext("Choose a moment after the one at which it is published."),
}


def build_edit(
    changes: Mapping[str, Any], fields: Mapping[str, FormField], loaded: LockedProduct
) -> ProductEdit:
    """Return the edit that makes these changes, by field name."""
    edit, variants = ProductEdit(reason=REASON), dict[str, VariantEdit]()
    for name, value in changes.items():
        code, column = fields[name].code, fields[name].field.column
        if fields[name].part and not code:
            continue  # options and pictures
        if column == "category":
            edit.category = value
        elif column == "further_categories":
            edit.further = value
        elif column == "slug":
            edit.slug = value or None
        elif not code:
            edit.values[column] = value
        else:
            variant = variants.setdefault(code, VariantEdit(code))
            if column == "on_hand":
                item = loaded.items.get(code)
                variant.on_hand, variant.is_uncounted = value, value is None
                variant.expected_on_hand = item.on_hand if item else None
            else:
                variant.values[column] = value
    edit.variants = list(variants.values())
    return edit


def find_plan_errors(loaded: LockedProduct, changes: Mapping[str, Any]) -> dict[str, str]:
    """Return a sentence for each planned moment that the product cannot have."""
    present = {name: getattr(loaded.row, name) for name in NO_PLAN}
    faults = find_plan_faults(present, {name: changes[name] for name in NO_PLAN if name in changes})
    return {name: str(_PLAN_FAULTS[fault]) for name, fault in faults.items()}


def explain_fault(fault: EditFault) -> tuple[str, str]:
    """Return the field of a fault and a sentence about it; the field is empty if the form has none."""
    if fault.at.startswith("/further_categories"):
        return "further_categories", _("One of these categories is gone. Choose again.")
    name, sentence = _FAULTS.get(fault.at, ("", ""))
    return name, str(sentence) or _("This can’t be saved: %(reason)s", reason=fault.text)


def explain_reserved() -> str:
    """Return the sentence about an edit that would take away what shoppers have reserved."""
    return _(
        "Shoppers have reserved some of this stock. Set no less than what is reserved, and keep the variants "
        "that have reserved stock."
    )
