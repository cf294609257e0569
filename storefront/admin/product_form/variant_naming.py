"""Gives new variants of the form their codes."""

from __future__ import annotations

from sqlalchemy.orm import Session

from storefront.catalog.product_writer import ProductEdit
from storefront.change_sets.codes import CodeMaker, NewVariant
from storefront.extensions import connection_of


def name_variants(session: Session, edit: ProductEdit, slug: str) -> None:
    """Give each new variant its code: its SKU if no variant has or had it, else one made of the address."""
    unnamed = [variant for variant in edit.variants if not variant.code]
    if not unnamed:
        return
    maker = CodeMaker(lambda _text: 0)
    try:
        wanted = [
            NewVariant("", variant.values.get("label", ""), slug, list((variant.options or {}).values()))
            for variant in unnamed
        ]
        for variant, code in zip(unnamed, maker.make(connection_of(session), wanted), strict=True):
            variant.code = code
    finally:
        maker.close()
