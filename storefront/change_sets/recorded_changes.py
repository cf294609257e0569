"""Undo one recorded change of a product or variant: planned as a change set, so that it can be undone in turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from storefront.catalog.models import Product, Variant
from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.change_sets.changes import ProductChange, ValueChange, VariantChange
from storefront.change_sets.row_fields import is_same
from storefront.change_sets.shop_products import read_names
from storefront.change_sets.store import PlanWriter
from storefront.extensions import db
from storefront.history import RecordedChange

KIND = "edit"  # of the change set
_FIELDS: dict[str, type[Product] | type[Variant]] = {"product": Product, "variant": Variant}
# Columns with ids of categories, and the fields of a change set with their names.
_CATEGORY_FIELDS = {
    "category_id": "category",
    "further_category_ids": "further_categories",
    "parent_id": "parent",
}
# Fields that a change set can set.
_UNDOABLE = {
    "product": frozenset(
        ("title", "slug", "description_html", "vendor", "product_type", "tags", "status", "unlisted")
    )
    | {"category_id", "further_category_ids"}
    | {"gift_card", "seo_title", "seo_description", "publish_at", "withdraw_at"},
    "variant": frozenset(("label", "price", "compare_at_price", "barcode", "weight_grams", "backorder"))
    | {"requires_shipping", "taxable", *OPTION_COLUMNS},
}


def find_undoable(changes: Iterable[RecordedChange]) -> set[int]:
    """Return the ids of the changes of which every field still has the value that was set: one query per table."""
    wanted = [each for each in changes if _has_undoable_fields(each)]
    rows: dict[tuple[str, str], Any] = {}
    for kind, model in _FIELDS.items():
        keys = {int(each.row_id) for each in wanted if each.kind == kind}
        if keys:
            names = {name for each in wanted if each.kind == kind for name in each.fields}
            columns = [getattr(model, name) for name in sorted(names)]
            for row in db.session.execute(select(model.id, *columns).where(model.id.in_(keys))):
                rows[kind, str(row.id)] = row
    return {each.id for each in wanted if _is_untouched(each, rows.get((each.kind, each.row_id)))}


def plan_undo(change: RecordedChange, name: str) -> int | None:
    """Store the change set that puts the old values back; return its number, None if that is not possible.

    What somebody has changed since stays when it is applied.
    """
    product = db.session.get(Product, change.product_id) if change.product_id is not None else None
    if product is None or not _has_undoable_fields(change):
        return None
    names = read_category_names([change])
    if not _category_ids(change) <= names.keys():
        return None
    fields = {field: ValueChange(new, old) for field, (old, new) in name_fields(change, names).items()}
    planned = ProductChange(action="update", slug=product.slug, title=product.title, product_id=product.id)
    if change.kind == "product":
        planned.fields = fields
    else:
        variant = db.session.get(Variant, int(change.row_id))
        if variant is None:
            return None
        planned.variants = [VariantChange(action="update", sku=variant.sku, fields=fields)]
    db.session.rollback()
    with PlanWriter(KIND, name) as plan:
        plan.add(planned)
        return plan.finish({"changed": 1})


def read_category_names(changes: Iterable[RecordedChange]) -> dict[int, list[str]]:
    """Return the names, from the top down, of the categories that changes name by id. At most one query.

    Categories that are gone are absent.
    """
    ids = set[int]().union(*map(_category_ids, changes))
    found = read_names(db.session.connection(), ids) if ids else {}
    return {key: list(names) for key, (_path, names) in found.items()}


def name_fields(change: RecordedChange, names: Mapping[int, list[str]]) -> dict[str, list[Any]]:
    """Return the fields of a change with both values, categories by their names as a change set has them."""
    return {
        _CATEGORY_FIELDS.get(field, field): [_name(field, value, names) for value in pair]
        for field, pair in change.fields.items()
    }


def _name(field: str, value: Any, names: Mapping[int, list[str]]) -> Any:
    if field not in _CATEGORY_FIELDS:
        return value
    if isinstance(value, list):
        return [names.get(key, [str(key)]) for key in value]
    return [] if value is None else names.get(value, [str(value)])


def _category_ids(change: RecordedChange) -> set[int]:
    values = [value for field in change.fields if field in _CATEGORY_FIELDS for value in change.fields[field]]
    return {key for value in values for key in (value if isinstance(value, list) else [value])} - {None}


def _has_undoable_fields(change: RecordedChange) -> bool:
    return bool(change.action == "update" and change.fields and set(change.fields) <= _undoable(change.kind))


def _undoable(kind: str) -> frozenset[str]:
    return _UNDOABLE.get(kind, frozenset())


def _is_untouched(change: RecordedChange, row: Any) -> bool:
    if row is None:
        return False
    pairs: Sequence[tuple[Any, Any]] = [
        (getattr(row, name), new) for name, (_old, new) in change.fields.items()
    ]
    return all(is_same(now, new) for now, new in pairs)
