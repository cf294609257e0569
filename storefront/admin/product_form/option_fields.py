"""The options of a product in its form: names and values, and the variants that they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from storefront.admin.product_form.form_fields import Field, FormField
from storefront.catalog.models import Variant
from storefront.catalog.option_matrix import MAX_OPTIONS, Matrix, build_matrix, list_values
from storefront.catalog.option_texts import join_values
from storefront.catalog.product_writer import LockedProduct, ProductEdit, VariantEdit
from storefront.i18n import gettext as _
from storefront.i18n import lazy_gettext, ngettext

NAME = Field("option_name", lazy_gettext("Option"), "line", 100)
VALUES = Field("option_values", lazy_gettext("Values"), "values")
MAX_VARIANTS = 250  # of one product; the API has the same limit
REMOVAL = "remove-variants"  # the box that agrees to the removal of variants
_COPIED = ("price", "compare_at_price", "weight_grams", "backorder", "requires_shipping", "taxable")


def iterate_options(loaded: LockedProduct) -> Iterator[FormField]:
    """Yield the fields of the three options."""
    names = _names(loaded)
    for place, values in enumerate(list_values(_options(loaded))):
        number = place + 1
        yield FormField(f"option{number}-name", NAME, "", str(number), names[place])
        yield FormField(f"option{number}-values", VALUES, "", str(number), "\n".join(values))


def apply_options(
    edit: ProductEdit, changes: Mapping[str, Any], loaded: LockedProduct, *, may_remove: bool
) -> dict[str, str]:
    """Let an edit make the variants of the typed options; return a sentence by field if it cannot."""
    if not any(name.startswith("option") for name in changes):
        return {}
    names, values = _names(loaded), list_values(_options(loaded))
    for place in range(MAX_OPTIONS):
        names[place] = changes.get(f"option{place + 1}-name", names[place])
        values[place] = changes.get(f"option{place + 1}-values", values[place])
    if faults := _find_faults(names, values):
        return faults
    matrix = build_matrix(_options(loaded), values)
    if faults := _find_matrix_faults(matrix, loaded, may_remove=may_remove):
        return faults
    _fill(edit, matrix, loaded, names)
    return {}


def _find_faults(names: list[str], values: list[list[str]]) -> dict[str, str]:
    faults, count = {}, 1
    for place, (name, own) in enumerate(zip(names, values, strict=True), 1):
        count *= max(1, len(own))
        if own and not name:
            faults[f"option{place}-name"] = _("Enter a name for the option, such as Size.")
        elif name and not own:
            faults[f"option{place}-values"] = _("Enter the values of the option, one on each line.")
        elif name and name in names[: place - 1]:
            faults[f"option{place}-name"] = _("Two options can’t have the same name.")
    if count > MAX_VARIANTS:
        faults["option1-values"] = _(
            "These values make %(count)d variants; a product can have %(most)d.",
            count=count,
            most=MAX_VARIANTS,
        )
    return faults


def _find_matrix_faults(matrix: Matrix, loaded: LockedProduct, *, may_remove: bool) -> dict[str, str]:
    if matrix.is_ambiguous:
        return {"option1-values": _("Some variants differ in this option only. Remove their values first.")}
    if not matrix.removed or may_remove:
        return {}
    named = [join_values(loaded.variants[code].options) or code for code in matrix.removed]
    return {
        REMOVAL: ngettext(
            "This removes a variant and its stock: %(names)s. Tick the box if you want that.",
            "This removes %(num)d variants and their stock: %(names)s. Tick the box if you want that.",
            len(named),
            names=", ".join(named[:20]),
        )
    }


def _fill(edit: ProductEdit, matrix: Matrix, loaded: LockedProduct, names: list[str]) -> None:
    typed = {variant.code: variant for variant in edit.variants}
    first = loaded.sorted_variants()[0]
    copied = _copied(first) | {
        name: value
        for name, value in (typed[first.sku].values if first.sku in typed else {}).items()
        if name in _COPIED
    }
    edit.variants, edit.is_whole = [], True
    edit.option_names = [name for name in names if name]
    for place, (values, code) in enumerate(matrix.rows, first.position):
        variant = typed.get(code or "") or VariantEdit(code or "", {} if code else dict(copied))
        variant.options = {name: value for name, value in zip(names, values, strict=True) if name}
        variant.values["position"] = place
        edit.variants.append(variant)


def _copied(variant: Variant) -> dict[str, Any]:
    return {name: getattr(variant, name) for name in _COPIED}


def _names(loaded: LockedProduct) -> list[str]:
    names = list(loaded.row.option_names)
    for place, values in enumerate(list_values(_options(loaded))):
        if place >= len(names):
            names.append(f"Option {place + 1}" if values else "")
    return names[:MAX_OPTIONS]


def _options(loaded: LockedProduct) -> dict[str, tuple[str, str, str]]:
    return {each.sku: (each.option1, each.option2, each.option3) for each in loaded.sorted_variants()}
