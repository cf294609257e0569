"""Looks variants up by what people type or scan: code, label or barcode."""

from __future__ import annotations

from sqlalchemy import select

from storefront.catalog.models import Product, Variant
from storefront.catalog.typed_codes import has_code
from storefront.extensions import db
from storefront.stock import VariantName


def find_variants(text: str) -> list[VariantName]:
    """Return the variants whose code, label or barcode is this text, in the order of their codes. One statement."""
    if not text or "\x00" in text:
        return []
    rows = db.session.execute(
        select(Variant.sku, Variant.label, Product.title, Variant.option1, Variant.option2, Variant.option3)
        .join(Product, Product.id == Variant.product_id)
        .where(has_code(text))
        .order_by(Variant.sku)
    )
    return [
        VariantName(sku, label, ", ".join([title, *filter(None, options)]))
        for sku, label, title, *options in rows
    ]
