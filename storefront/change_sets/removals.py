"""Plan the deletion of products that were never sold, as a change set of kind "edit" that can be undone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from storefront.batches import batches
from storefront.change_sets.changes import ProductChange, ValueChange
from storefront.change_sets.codes import find_needed_codes
from storefront.change_sets.differences import count_change, flag_change, remove_variant
from storefront.change_sets.edits import MAX_PRODUCTS, EditPlan, store_plan
from storefront.change_sets.picture_plan import remove_picture
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.product_deletion import NEEDED
from storefront.change_sets.shop_products import ShopProduct, read_by_id, sort_by_category
from storefront.extensions import db
from storefront.pauses import pause_between

_COLUMNS = (
    *("title", "description_html", "vendor", "product_type", "tags", "status", "publish_at", "withdraw_at"),
    *("unlisted", "gift_card", "seo_title", "seo_description", "option_names"),
)


def plan_removals(product_ids: Iterable[int], *, name: str) -> EditPlan:
    """Plan the deletion of those of these products that were never sold; the others are problems of the plan.

    Args:
        product_ids: each product once.
        name: what people call the change set.
    """
    report = PlanReport()
    return store_plan(_plan(product_ids, report), report, name)


def _plan(product_ids: Iterable[int], report: PlanReport) -> Iterator[ProductChange]:
    for ids in batches(sort_by_category(product_ids), MAX_PRODUCTS):
        with db.engine.connect() as connection:
            products = read_by_id(connection, ids)
            codes = {variant.sku for product in products.values() for variant in product.variants}
            needed = find_needed_codes(connection, codes)
        for key in pause_between(ids):
            if key not in products:
                report.refuse(0, "", f"product {key} was deleted")
            elif change := _remove(products[key], needed, report):
                yield change


def _remove(product: ShopProduct, needed: set[str], report: PlanReport) -> ProductChange | None:
    report.rows += 1
    report.shop_variants += len(product.variants)
    used = sorted(each.sku for each in product.variants if each.sku in needed or each.reserved)
    if used:
        report.refuse(0, "", f"{product.slug}: {NEEDED.format(code=used[0])}")
        return None
    values = {name: product.columns[name] for name in _COLUMNS} | {
        "category": list(product.category),
        "further_categories": [list(names) for names in product.further],
    }
    values |= {f"extra:{header}": text for header, text in product.columns["extra"].items()}
    change = ProductChange(
        action="remove",
        slug=product.slug,
        title=str(product.columns["title"]),
        product_id=product.id,
        fields={name: ValueChange(value, None) for name, value in values.items()},
        variants=[remove_variant(variant) for variant in product.variants],
        pictures=[remove_picture(picture) for picture in product.pictures],
    )
    report.changed += 1
    count_change(report, change)
    flag_change(change, product, report)
    change.flags = list(dict.fromkeys([*change.flags, "removal"]))
    return change
