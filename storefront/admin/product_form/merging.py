"""Two people in one form: what each changed, and the fields that both changed.

The form carries a digest of each value that it showed. A field that its sender left alone keeps what another person
made of it; a field that both changed is a conflict, and its sender chooses.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from storefront.admin.product_form.form_fields import FormField
from storefront.admin.product_form.form_reader import ProductForm

MADE_FROM = "made_from"  # the form's field with the digests
_DIGITS = 16  # of a digest; a collision needs 4 billion tries on one field


@dataclass(slots=True)
class Merge:
    """What a form changes.

    Attributes:
        changes: the new values by field name.
        conflicts: the names of fields that its sender and another person changed to different values.
        refused: digests of what the form showed in fields that cannot be read.
        is_gone: whether its sender changed a variant that no longer exists.
    """

    changes: dict[str, Any] = field(default_factory=dict)
    conflicts: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    is_gone: bool = False


def describe_origin(fields: Mapping[str, FormField], refused: Mapping[str, str]) -> str:
    """Return what a form of these fields is made from, for its hidden field.

    A field that was refused keeps the digest that its first form carried, so that a change by others is still found.
    """
    digests = {name: refused.get(name) or digest(each.shown) for name, each in fields.items()}
    return json.dumps(digests, separators=(",", ":"))


def merge(form: ProductForm, fields: Mapping[str, FormField]) -> Merge:
    """Compare what was typed with what the form showed and with the present product; read what its sender changed.

    Fields that the form does not have stay as they are. `form.errors` has a sentence for each that cannot be read.
    """
    merged, origin = Merge(), _read_origin(form.typed(MADE_FROM))
    merged.is_gone = any(
        name not in fields and digest(form.raw(name)) != seen for name, seen in origin.items()
    )
    for name, each in fields.items():
        form.values[name] = each.shown
        seen = origin.get(name, "")
        if seen or form.typed(name):
            _merge_field(form, each, seen, merged)
    return merged


def _merge_field(form: ProductForm, each: FormField, seen: str, merged: Merge) -> None:
    name, choice = each.name, form.typed(f"choose-{each.name}")
    if digest(form.raw(name)) == seen or choice == "theirs":
        return
    value = form.read(name, each.field)
    if name in form.errors:
        merged.refused[name] = seen
    elif form.values[name] == each.shown or digest(form.values[name]) == seen:
        form.values[name] = each.shown
    elif digest(each.shown) == seen and (choice == "mine" or not form.typed(f"asked-{name}")):
        merged.changes[name] = value
    else:
        merged.conflicts.append(name)


def read_all(form: ProductForm, fields: Mapping[str, FormField]) -> dict[str, Any]:
    """Return what was typed into all fields of a new product; `form.errors` has a sentence for each refused one."""
    return {name: form.read(name, each.field) for name, each in fields.items()}


def digest(text: str) -> str:
    """Return the digest of a value as a form shows it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def _read_origin(text: str) -> dict[str, str]:
    """Return the digests that a form carries; none if the field was forged or cut."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(name): str(value) for name, value in found.items()}
