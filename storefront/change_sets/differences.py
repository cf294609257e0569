"""The differences between what a source says of a product and what the shop has: only what the source names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from storefront.catalog.option_matrix import OPTION_COLUMNS
from storefront.catalog.publication import NO_PLAN, ended_plans, find_plan_faults
from storefront.catalog.slugs import earlier_name_slug, slugify
from storefront.change_sets.changes import (
    Flag,
    PictureChange,
    ProductChange,
    StockChange,
    ValueChange,
    VariantChange,
)
from storefront.change_sets.field_texts import name_field
from storefront.change_sets.inputs import InputProduct
from storefront.change_sets.matching import MatchedRow, VariantMatches
from storefront.change_sets.option_columns import Options
from storefront.change_sets.picture_plan import plan_pictures
from storefront.change_sets.plan_options import PlanOptions
from storefront.change_sets.plan_report import PlanReport
from storefront.change_sets.shop_products import ShopProduct, ShopVariant
from storefront.change_sets.stock_plan import plan_first_stock, plan_stock

Fields = dict[str, ValueChange]
# The columns of a variant that a removal records, so that undoing it can bring them back.
_VARIANT_COLUMNS = (
    *("label", *OPTION_COLUMNS, "price", "compare_at_price", "barcode", "weight_grams", "position"),
    *("backorder", "requires_shipping", "taxable"),
)


class DifferenceFinder:
    """Makes the change of a product from the matches of its rows, and counts it in the report."""

    def __init__(self, options: PlanOptions, report: PlanReport) -> None:
        self._options, self._report = options, report

    def create(self, given: InputProduct, slug: str, matches: VariantMatches) -> ProductChange:
        """Return the change that creates a product. It is active unless the source says something else."""
        values = self._without_plan_faults(NO_PLAN, {"status": "active"} | given.values, given.line)
        change = ProductChange(action="create", slug=slug, title=values["title"], line=given.line)
        change.fields = {name: ValueChange(None, value) for name, value in values.items()}
        change.fields |= _extra_changes({}, given.extra)
        if category := given.new_category if given.category is None else given.category:
            change.fields["category"] = ValueChange(None, list(category))
        if given.further:
            change.fields["further_categories"] = ValueChange(None, list(map(list, given.further)))
        change.variants = [
            self._create_variant(row, position) for position, row in enumerate(matches.rows, 1)
        ]
        change.pictures = plan_pictures(given, None, matches, removes=False)
        return change

    def compare(
        self, given: InputProduct, product: ShopProduct, slug: str, matches: VariantMatches, *, removes: bool
    ) -> ProductChange | None:
        """Return the change of an existing product; None if nothing changes. `removes` is about pictures."""
        title = str(product.columns["title"])
        change = ProductChange(
            action="update", slug=product.slug, title=title, product_id=product.id, line=given.line
        )
        values = self._without_plan_faults(product.columns, given.values, given.line)
        fields = _product_fields(given, values, product, slug, matches)
        change.fields = end_plans(product.columns, fields)
        removes = removes and given.has_picture_column and not matches.refused
        change.pictures = plan_pictures(given, product, matches, removes=removes)
        change.variants = self._variant_changes(product, matches, change.pictures)
        flag_change(change, product, self._report)
        return change if change.fields or change.variants or change.pictures else None

    def _without_plan_faults(
        self, present: Mapping[str, Any], values: Mapping[str, Any], line: int
    ) -> dict[str, Any]:
        """Return the values without the moments that the product cannot have, which are noted."""
        faults = find_plan_faults(present, values)
        for name, reason in faults.items():
            self._report.note(line, name_field(name).capitalize(), f"{reason}, so it was ignored")
        return {name: value for name, value in values.items() if name not in faults}

    def _variant_changes(
        self, product: ShopProduct, matches: VariantMatches, pictures: list[PictureChange]
    ) -> list[VariantChange]:
        changes = [remove_variant(variant) for variant in matches.left_out]
        removed = {picture.source for picture in pictures if picture.action == "remove"}
        last = max((variant.columns["position"] for variant in product.variants), default=0)
        for row in matches.rows:
            if row.variant is None:
                last += 1
                changes.append(self._create_variant(row, last))
            else:
                change = VariantChange(action="update", sku=row.variant.sku, line=row.given.line)
                change.fields = _variant_fields(row, row.variant)
                change.stock = plan_stock(row.given, row.variant, self._options, self._report)
                changes.append(change)
        for variant in matches.staying:
            moved = _option_changes(variant.options, matches.columns.move(variant.options))
            changes.append(VariantChange(action="update", sku=variant.sku, fields=moved))
        pictured = {
            variant.sku: variant.picture for variant in product.variants if variant.picture in removed
        }
        for change in changes:
            if change.sku in pictured and change.action == "update":
                change.fields.setdefault("picture", ValueChange(pictured[change.sku], None))
        return [change for change in changes if change.action != "update" or change.fields or change.stock]

    def _create_variant(self, row: MatchedRow, position: int) -> VariantChange:
        values: dict[str, Any] = {"label": ""} | row.given.values
        stock, values["tracked"] = plan_first_stock(
            row.given, self._options, self._report, tracked=values.get("tracked", True)
        )
        values |= {name: value for name, value in zip(OPTION_COLUMNS, row.options, strict=True) if value}
        values["position"] = position
        change = VariantChange(action="create", sku=row.code, line=row.given.line, stock=stock)
        change.fields = {name: ValueChange(None, value) for name, value in values.items()}
        change.fields |= _extra_changes({}, row.given.extra)
        if row.given.picture:
            change.fields["picture"] = ValueChange(None, row.given.picture)
        return change


def remove_variant(variant: ShopVariant) -> VariantChange:
    """Return the change that removes a variant, with all its values."""
    values = {name: variant.columns[name] for name in _VARIANT_COLUMNS}
    values |= {f"extra:{header}": value for header, value in variant.columns["extra"].items()}
    values |= {"tracked": variant.tracked, "picture": variant.picture}
    fields = {name: ValueChange(value, None) for name, value in values.items()}
    stock = StockChange("set", 0, variant.on_hand)
    return VariantChange(action="remove", sku=variant.sku, fields=fields, stock=stock)


def end_plans(present: Mapping[str, Any], fields: Fields) -> Fields:
    """Return the changes, with the plans that a new status ends in front of it: an undo brings them back."""
    status = fields.get("status")
    ended = ended_plans(status.new) if status else ()
    lost = {name: ValueChange(present[name], None) for name in ended if present[name] and name not in fields}
    return lost | fields


def flag_change(change: ProductChange, product: ShopProduct, report: PlanReport) -> None:
    """Flag what a merchant should look at in the change of an existing product, and count it in the report."""
    jumps = sum(_is_price_jump(variant) for variant in change.variants)
    actions = [variant.action for variant in change.variants]
    actions += [picture.action for picture in change.pictures]
    is_publication = _visibility(product.columns, change.fields) > _visibility(product.columns, {})
    flags: dict[Flag, bool] = {
        "price_jump": jumps > 0,
        "removal": "remove" in actions,
        "publication": is_publication,
    }
    change.flags = [flag for flag, is_set in flags.items() if is_set]
    report.price_jumps += jumps
    report.publications += is_publication


def count_change(report: PlanReport, change: ProductChange) -> None:
    """Count the variants and pictures of a change."""
    for variant in change.variants:
        report.new_variants += variant.action == "create"
        report.removed_variants += variant.action == "remove"
        report.changed_stock += variant.action == "update" and variant.stock is not None
    report.removed_pictures += sum(picture.action == "remove" for picture in change.pictures)


def _product_fields(
    given: InputProduct, values: dict[str, Any], product: ShopProduct, slug: str, matches: VariantMatches
) -> Fields:
    if values.get("option_names"):
        values["option_names"] = matches.columns.names
    else:
        values.pop("option_names", None)
    fields = _changes(product.columns, values)
    if slug != product.slug:
        fields["slug"] = ValueChange(product.slug, slug)
    if given.category is not None and not _is_place(product.category_path, product.category, given.category):
        fields["category"] = ValueChange(list(product.category), list(given.category))
    if given.further is not None and not _are_further(product, given.further):
        fields["further_categories"] = ValueChange(
            list(map(list, product.further)), list(map(list, given.further))
        )
    return fields | _extra_changes(product.columns["extra"], given.extra)


def _variant_fields(row: MatchedRow, variant: ShopVariant) -> Fields:
    present = variant.columns | {"tracked": variant.tracked}
    fields = _changes(present, row.given.values) | _option_changes(variant.options, row.options)
    if row.given.picture and row.given.picture != variant.picture:
        fields["picture"] = ValueChange(variant.picture, row.given.picture)
    return fields | _extra_changes(variant.columns["extra"], row.given.extra)


def _changes(present: Mapping[str, Any], values: Mapping[str, Any]) -> Fields:
    return {
        name: ValueChange(present[name], value) for name, value in values.items() if present[name] != value
    }


def _option_changes(present: Options, options: Options) -> Fields:
    return _changes(
        dict(zip(OPTION_COLUMNS, present, strict=True)), dict(zip(OPTION_COLUMNS, options, strict=True))
    )


def _extra_changes(present: Mapping[str, Any], extra: Mapping[str, str]) -> Fields:
    """Return the changes of kept columns; an empty text removes one, and an absent one is None."""
    return {
        f"extra:{header}": ValueChange(present.get(header), value or None)
        for header, value in extra.items()
        if (present.get(header) or None) != (value or None)
    }


def _are_further(product: ShopProduct, given: Sequence[tuple[str, ...]]) -> bool:
    """Return whether these are the product's further categories, in any order."""
    present = list(zip(product.further_paths, product.further, strict=True))
    return len(given) == len(present) and all(
        any(_is_place(path, own, names) for names in given) for path, own in present
    )


def _is_place(path: str, present: Sequence[str], names: tuple[str, ...]) -> bool:
    """Return whether these names lead to a category, by today's rule for slugs or an earlier one."""
    cleaned = [cut for name in names if (cut := " ".join(name.split())[:255])]
    slugs = path.split("/") if path else []
    return len(cleaned) == len(slugs) and all(
        name == own or slug in (slugify(name), earlier_name_slug(name))
        for name, own, slug in zip(cleaned, present, slugs, strict=True)
    )


def _is_price_jump(change: VariantChange) -> bool:
    """Return whether the price rises or falls by more than half. A compare-at price is not what shoppers pay."""
    price = change.fields.get("price")
    return change.action == "update" and price is not None and price.is_price_jump


def _visibility(columns: Mapping[str, Any], fields: Fields) -> int:
    """Return who can see a product: 0 staff, 1 those who know its address, 2 everybody.

    A new product that is active is no publication: it is counted among those that are created.
    """
    status, unlisted = (
        fields[name].new if name in fields else columns[name] for name in ("status", "unlisted")
    )
    return 0 if status != "active" else 1 if unlisted else 2
