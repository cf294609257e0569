"""Edits of existing products and variants, by id, planned as a change set of kind "edit".

Forms, the grid and bulk actions say which fields get which values; `edit_values` lists the fields. The plan holds the
old and the new value of each, so that applying it leaves what somebody has changed meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from itertools import chain
from typing import Any

from sqlalchemy.engine import Connection

from storefront.batches import batches
from storefront.catalog.html_sanitiser import find_excess, sanitise
from storefront.catalog.publication import NO_PLAN, find_plan_faults
from storefront.change_sets.changes import ProductChange, StockChange, ValueChange, VariantChange
from storefront.change_sets.differences import count_change, end_plans, flag_change
from storefront.change_sets.edit_values import PRODUCT_FIELDS, VARIANT_FIELDS, Check
from storefront.change_sets.field_texts import name_field
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.row_fields import describe_conflict, is_same
from storefront.change_sets.shop_products import (
    ShopProduct,
    ShopVariant,
    count_variants,
    read_by_id,
    sort_by_category,
)
from storefront.change_sets.stock_plan import check_stock
from storefront.change_sets.store import PlanWriter
from storefront.extensions import db
from storefront.pauses import pause_between
from storefront.stock.inventory import MAX_ON_HAND

KIND = "edit"
# Products and variants that are read at a time: the first of them that is reached.
MAX_PRODUCTS, MAX_VARIANTS = 200, 2_000


@dataclass(slots=True)
class EditedVariant:
    """What becomes of one variant.

    Attributes:
        variant_id: the variant.
        values: new values by field (`edit_values.VARIANT_FIELDS`); money is in minor units.
        seen: the values from which these were made, by field. A field that has another value now is left, and the
            plan says so. Without an entry it is the present value.
        stock: the change of what is on hand; of mode "set", `before` is the number from which it was made.
    """

    variant_id: int
    values: Mapping[str, Any] = field(default_factory=dict)
    seen: Mapping[str, Any] = field(default_factory=dict)
    stock: StockChange | None = None


@dataclass(slots=True)
class EditedProduct:
    """What becomes of one product: `values` and `seen` as those of a variant (`edit_values.PRODUCT_FIELDS`).

    A category is the list of names from the top down; one that is missing is created. The empty list takes the
    product out of its category. Further categories are the whole list of such names. Tags are the whole list. A
    description is sanitised.
    """

    values: dict[str, Any] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)
    variants: list[EditedVariant] = field(default_factory=list)


# Returns what becomes of a product, made from what the shop has.
Edit = Callable[[ShopProduct], EditedProduct]


@dataclass(frozen=True, slots=True)
class EditPlan:
    """A planned edit. `change_set_id` is 0 if nothing would change: then nothing is stored."""

    change_set_id: int
    report: PlanReport


def plan_edits(
    product_ids: Iterable[int], edit: Edit, *, name: str, options: dict[str, Any] | None = None
) -> EditPlan:
    """Plan the edit of these products and store it as a change set, which changes nothing until it is applied.

    Products are read in batches, with a number of statements per batch that does not depend on their number; of all
    of them only the ids are in memory. What cannot be used is a problem of the change set: a product or variant that
    was deleted, a value that a field does not take.

    Args:
        product_ids: each product once.
        edit: called with each product as it is.
        name: what people call the change set.
        options: what it is planned with, for the record.

    Raises:
        ValueError: the edit names a field that cannot be edited.
    """
    planner = _EditPlanner(edit)
    return store_plan(planner.plan(product_ids), planner.report, name, options)


def store_plan(
    changes: Iterator[ProductChange], report: PlanReport, name: str, options: dict[str, Any] | None = None
) -> EditPlan:
    """Store changes as a change set of kind "edit", with the report, which is complete when they are consumed."""
    first = next(changes, None)
    if first is None:
        return EditPlan(0, report)
    with PlanWriter(KIND, name, options) as writer:
        for change in chain([first], changes):
            writer.add(change)
        for problem in report.problems:
            writer.add_problem(*problem)
        for note in report.notes:
            writer.add_problem(*note, kind="note")
        counts = {count: number for count, number in asdict(report).items() if isinstance(number, int)}
        return EditPlan(writer.finish(counts), report)


class _EditPlanner:
    """Compares edits with the shop; `report` is complete when the changes have been consumed."""

    def __init__(self, edit: Edit) -> None:
        self.report = PlanReport()
        self._edit = edit

    def plan(self, product_ids: Iterable[int]) -> Iterator[ProductChange]:
        """Yield the change of each product that changes. No connection is open while the caller has one."""
        for ids in batches(sort_by_category(product_ids), MAX_PRODUCTS):
            with db.engine.connect() as connection:
                parts = list(_split(ids, count_variants(connection, ids)))
            for part in parts:
                with db.engine.connect() as connection:
                    changes = self._plan_part(connection, part)
                yield from changes

    def _plan_part(self, connection: Connection, ids: list[int]) -> list[ProductChange]:
        products = read_by_id(connection, ids)
        for key in ids:
            if key not in products:
                self.report.refuse(0, "", f"product {key} was deleted")
        found = (products[key] for key in ids if key in products)
        return [change for product in pause_between(found) if (change := self._compare(product))]

    def _compare(self, product: ShopProduct) -> ProductChange | None:
        edit = self._edit(product)
        title = str(product.columns["title"])
        change = ProductChange(action="update", slug=product.slug, title=title, product_id=product.id)
        present = product.columns | {
            "category": list(product.category),
            "further_categories": [list(names) for names in product.further],
        }
        values = self._without_plan_faults(product, _clean(edit.values))
        changed = self._changes(product.slug, PRODUCT_FIELDS, present, values, edit.seen)
        change.fields = end_plans(product.columns, changed)
        change.variants = list(self._variant_changes(product, edit.variants))
        self.report.rows += 1
        self.report.shop_variants += len(product.variants)
        if not (change.fields or change.variants):
            self.report.left += 1
            return None
        self.report.changed += 1
        count_change(self.report, change)
        flag_change(change, product, self.report)
        return change

    def _without_plan_faults(self, product: ShopProduct, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values without the moments that the product cannot have, which are problems."""
        known = {
            name: values[name]
            for name in NO_PLAN
            if name in values and not PRODUCT_FIELDS[name](values[name])
        }
        faults = find_plan_faults(product.columns, known)
        for name, reason in faults.items():
            self.report.refuse(0, name_field(name), f"{product.slug}: {reason}")
        return {name: value for name, value in values.items() if name not in faults}

    def _variant_changes(
        self, product: ShopProduct, edits: Iterable[EditedVariant]
    ) -> Iterator[VariantChange]:
        variants = {variant.id: variant for variant in product.variants}
        for edit in edits:
            if (variant := variants.get(edit.variant_id)) is None:
                self.report.refuse(0, "", f"{product.slug}: variant {edit.variant_id} was removed")
                continue
            present = variant.columns | {"tracked": variant.tracked}
            fields = self._changes(variant.sku, VARIANT_FIELDS, present, edit.values, edit.seen)
            stock = edit.stock and self._stock_change(variant, edit.stock)
            if fields or stock:
                yield VariantChange(action="update", sku=variant.sku, fields=fields, stock=stock)

    def _changes(
        self,
        subject: str,
        checks: Mapping[str, Check],
        present: Mapping[str, Any],
        values: Mapping[str, Any],
        seen: Mapping[str, Any],
    ) -> dict[str, ValueChange]:
        """Return the changes of the fields that can take their values and are as they were seen."""
        found = {}
        for name, value in values.items():
            if name not in checks:
                raise ValueError(f"{name!r} cannot be edited")
            change = ValueChange(seen.get(name, present[name]), value)
            if is_same(present[name], value):
                continue
            reason = checks[name](value)
            if not reason and not is_same(present[name], change.old):
                reason = describe_conflict(subject, name, present[name], change).reason
            if reason:
                self.report.refuse(0, name_field(name), f"{subject}: {reason}")
            else:
                found[name] = change
        return found

    def _stock_change(self, variant: ShopVariant, change: StockChange) -> StockChange | None:
        target = change.quantity + (variant.on_hand if change.mode == "add" else 0)
        is_known = change.mode == "add" or change.before == variant.on_hand or target == variant.on_hand
        if not is_known:
            reason = (
                f"{variant.on_hand} are on hand now, not {change.before}: somebody changed it, so it was left"
            )
        elif not 0 <= target <= MAX_ON_HAND:
            reason = f"{target:,} units are not possible"
        else:
            known = StockChange(change.mode, change.quantity, variant.on_hand)
            return check_stock(known, variant, 0, self.report)
        self.report.refuse(0, "stock", f"{variant.sku}: {reason}")
        return None


def _clean(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the values with a description that is sanitised; one that costs too much is refused by its check."""
    html = values.get("description_html")
    if not isinstance(html, str) or find_excess(html):
        return values
    return {**values, "description_html": sanitise(html)}


def _split(ids: list[int], variants: Mapping[int, int]) -> Iterator[list[int]]:
    """Yield the ids in parts with at most MAX_VARIANTS variants, or of one product."""
    part: list[int] = []
    number = 0
    for key in ids:
        own = variants.get(key, 0)
        if part and number + own > MAX_VARIANTS:
            yield part
            part, number = [], 0
        part.append(key)
        number += own
    if part:
        yield part
