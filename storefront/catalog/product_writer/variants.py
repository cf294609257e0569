"""Applies the variants of an edit: changes, adds and removes the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from storefront.catalog import models
from storefront.catalog.option_matrix import MAX_OPTIONS, OPTION_COLUMNS
from storefront.catalog.product_writer.locked_product import LockedProduct
from storefront.catalog.product_writer.product_edit import (
    EditFault,
    ProductEdit,
    ProductRefusedError,
    VariantEdit,
)
from storefront.stock import StockItem
from storefront.stock.items import add_items

_FEW = 3


def resolve_option_names(loaded: LockedProduct, edit: ProductEdit) -> list[str]:
    """Return the names of the options in order: the present ones, or new ones that all variants in the edit share.

    Raises:
        ProductRefusedError: 422, the options of the variants do not agree.
    """
    if edit.option_names is not None:
        if edit.option_names != loaded.row.option_names:
            loaded.row.option_names = edit.option_names
        return edit.option_names
    names = [list(v.options) for v in edit.variants if v.options is not UNSET and v.options]
    present = loaded.row.option_names or (["Option 1", "Option 2", "Option 3"] if loaded.variants else [])
    option_names = [name for name in present if any(name in own for own in names)] if names else list(present)
    option_names += [name for own in names for name in own if name not in option_names]
    option_names = list(dict.fromkeys(option_names))
    if len(option_names) > MAX_OPTIONS or any(set(own) != set(names[0]) for own in names):
        fault = EditFault("All variants have the same options, at most three.", "/variants")
        raise ProductRefusedError(422, "The variants' options do not agree.", fault)
    if names and not set(option_names) <= set(present):
        loaded.row.option_names = option_names
    return option_names


def remove_unnamed(session: Session, loaded: LockedProduct, edit: ProductEdit) -> None:
    """Delete the variants whose SKU is not in the edit.

    Raises:
        ProductRefusedError: 409, shoppers have reserved stock of such a variant.
    """
    named = {variant.code for variant in edit.variants}
    removed = [sku for sku in loaded.variants if sku not in named]
    for sku in removed:
        item = loaded.items.pop(sku, None)
        if item is not None and item.reserved:
            raise ProductRefusedError(
                409, f"{item.reserved} of {sku} are reserved by shoppers; it cannot be removed now."
            )
        if item is not None:
            session.delete(item)
        session.delete(loaded.variants.pop(sku))
    if removed:
        session.flush()  # frees their options before other variants take them


def free_swapped_options(
    session: Session, loaded: LockedProduct, edit: ProductEdit, option_names: list[str]
) -> None:
    """Give variants whose options move to another variant a placeholder first.

    Rows are updated one by one, and no two variants may have the same options in between.
    """
    new_columns = {
        variant.code: _option_columns(variant.options, option_names)
        for variant in edit.variants
        if variant.options is not UNSET
    }
    needs_flush = False
    for sku, row in loaded.variants.items():
        own = (row.option1, row.option2, row.option3)
        if new_columns.get(sku, own) != own and own in new_columns.values():
            row.option1, row.option2, row.option3, needs_flush = f"→ {row.id}", "", "", True
    if needs_flush:
        session.flush()


def add_variants(session: Session, loaded: LockedProduct, edit: ProductEdit, option_names: list[str]) -> None:
    """Add the variants of the edit that are new, with nothing on hand, in a few statements."""
    rows = [
        models.Variant(
            **{"product_id": loaded.row.id, "sku": variant.code, "position": place}
            | _columns(variant, option_names)
        )
        for place, variant in enumerate(edit.variants)
        if variant.code not in loaded.variants
    ]
    if not rows:
        return
    session.add_all(rows)
    session.flush()
    loaded.items |= {item.sku: item for item in _add_stock(session, rows)}
    loaded.variants |= {row.sku: row for row in rows}


def _add_stock(session: Session, rows: list[models.Variant]) -> Sequence[StockItem]:
    """Add the stock of new variants: row by row if they are few, since many at once need two look-ups."""
    values = [
        {"sku": row.sku, "variant_id": row.id, "product_id": row.product_id, "tracked": True, "on_hand": 0}
        for row in rows
    ]
    if len(rows) <= _FEW:
        items = [StockItem(reserved=0, low_threshold=5, version=1, **each) for each in values]
        session.add_all(items)
        return items
    add_items(session, values)
    added = select(StockItem).where(StockItem.sku.in_([row.sku for row in rows]))
    return session.execute(added).scalars().all()


def write_variant(loaded: LockedProduct, variant: VariantEdit, option_names: list[str]) -> None:
    """Change one variant."""
    row, values = loaded.variants[variant.code], _columns(variant, option_names)
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
    _note_stock(loaded, variant)


def write_same_columns(loaded: LockedProduct) -> None:
    """Let all changed variants write the same columns: one statement then updates them all."""
    changed = {sku: _changed_columns(row) for sku, row in loaded.variants.items()}
    columns = set().union(*changed.values())
    for sku, own in changed.items():
        for name in columns - own if own else ():
            flag_modified(loaded.variants[sku], name)


def _changed_columns(row: models.Variant) -> set[str]:
    state = inspect(row)
    return {each.key for each in state.mapper.column_attrs if state.attrs[each.key].history.has_changes()}


def _note_stock(loaded: LockedProduct, variant: VariantEdit) -> None:
    item = loaded.items.get(variant.code)
    if variant.is_uncounted and item is not None and item.tracked:
        item.tracked, item.version = False, item.version + 1
    if variant.available is not None:
        loaded.new_stock[variant.code] = variant.available
    if variant.on_hand is not None:
        reserved = loaded.items[variant.code].reserved
        if variant.on_hand < reserved:
            raise ProductRefusedError(
                409, f"{reserved} of {variant.code} are reserved by shoppers; set no less than that."
            )
        loaded.new_stock[variant.code] = variant.on_hand - reserved
    if variant.expected_on_hand is not None:
        loaded.expected[variant.code] = variant.expected_on_hand


def _columns(variant: VariantEdit, option_names: list[str]) -> dict[str, Any]:
    """Return the new values of a variant's row."""
    values = dict(variant.values)
    if variant.options is not UNSET:
        values |= dict(zip(OPTION_COLUMNS, _option_columns(variant.options, option_names), strict=True))
    return values


def _option_columns(options: dict[str, str], option_names: list[str]) -> tuple[str, ...]:
    """Return the values of the options in the order of their columns, "" for missing ones."""
    return tuple(options.get(name, "") for name in (*option_names, *OPTION_COLUMNS)[:MAX_OPTIONS])
