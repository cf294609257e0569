"""What the history calls products, variants and pictures: by the titles of now, or the last ones of what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from sqlalchemy import Select, func, select

from storefront.catalog.models import Product, Variant
from storefront.history import RecordedChange
from storefront.joint_queries import read_together
from storefront.web.staff_access import may

_OF_PRODUCTS = ("product", "variant", "product_image", "stock_item")


@dataclass(slots=True)
class ProductNames:
    """Titles of products by id, those of deleted ones apart; product and SKU of variants, by their id or code."""

    titles: Mapping[int, str] = field(default_factory=dict)
    former: Mapping[int, str] = field(default_factory=dict)
    variants: Mapping[int | str, tuple[int, str]] = field(default_factory=dict)

    def describe(self, change: RecordedChange) -> tuple[str, str]:
        """Return the name of a row and the address of its page; two empty texts if it belongs to no known product."""
        product_id, label = change.product_id, ""
        if change.kind in ("variant", "stock_item"):
            found = self.variants.get(int(change.row_id) if change.kind == "variant" else change.name)
            label = change.title or change.name
            if found is not None:
                product_id, label = found
        if product_id is None:
            return "", ""
        title = self.titles.get(product_id) or self.former.get(product_id, "")
        if not title:
            return "", ""
        return " · ".join(filter(None, (title, label))), self._link(product_id)

    def _link(self, product_id: int) -> str:
        if product_id in self.titles and may("catalog:read"):
            return url_for("admin_product_form.show", product_id=product_id)
        return url_for("admin_history.all_changes", product=product_id)


def read_product_names(changes: Iterable[RecordedChange]) -> ProductNames:
    """Return the names of what these changes are about, with one statement; none if no product is among it."""
    about = [each for each in changes if each.kind in _OF_PRODUCTS]
    if not about:
        return ProductNames()
    ids = {each.product_id for each in about if each.product_id is not None}
    keys = {int(each.row_id) for each in about if each.kind == "variant"}
    codes = {each.name for each in about if each.kind == "stock_item"}
    is_wanted = Variant.id.in_(keys) | Variant.sku.in_(codes)
    of_variants = select(
        Variant.id, Variant.sku, Variant.label, Product.id.label("product_id"), Product.title
    )
    products, variants, former = read_together(
        select(Product.id, Product.title).where(Product.id.in_(ids)),
        of_variants.join(Product, Product.id == Variant.product_id).where(is_wanted),
        _last_titles(ids),
    )
    named = {row.id: (row.product_id, row.label or row.sku) for row in variants}
    return ProductNames(
        titles={row.id: row.title for row in products} | {row.product_id: row.title for row in variants},
        former={row.product_id: row.title for row in former},
        variants={**named, **{row.sku: named[row.id] for row in variants}},
    )


def _last_titles(ids: Iterable[int]) -> Select[*tuple[Any, ...]]:
    """Return the query of the titles that the history recorded last of each product."""
    # An expression, so that SQLite reads the changes of these products and not all changes of the kind.
    of_products = (RecordedChange.kind + "" == "product", RecordedChange.title != "")
    newest_first = func.row_number().over(
        partition_by=RecordedChange.product_id, order_by=RecordedChange.id.desc()
    )
    changes = (
        select(RecordedChange.product_id, RecordedChange.title, newest_first.label("place"))
        .where(RecordedChange.product_id.in_(ids), *of_products)
        .subquery()
    )
    return select(changes.c.product_id, changes.c.title).where(changes.c.place == 1)
