"""Change sets for tests: stored from changes as a planner makes them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import inspect

from storefront.catalog.models import Product, Variant
from storefront.change_sets import PlanWriter, apply_change_set, undo_change_set
from storefront.change_sets.changes import (
    PictureChange,
    ProductChange,
    StockChange,
    ValueChange,
    VariantChange,
)
from storefront.extensions import db
from storefront.stock import StockItem, audit


def store(changes: Iterable[ProductChange], kind: str = "import", **options: Any) -> int:
    """Store a change set and return its number."""
    db.session.rollback()
    with PlanWriter(kind, "teapots.csv", options) as plan:
        for change in changes:
            plan.add(change)
        return plan.finish({"created": 1})


def apply(*changes: ProductChange, kind: str = "import", **options: Any) -> int:
    """Store and apply a change set; return its number."""
    number = store(changes, kind, **options)
    apply_change_set(number, media())
    return number


def undo(number: int) -> dict[str, int]:
    """Undo a change set; return the number of rows by state."""
    return undo_change_set(number, media())


def media() -> Path:
    return Path(current_app.config["MEDIA_DIR"])


def creation(name: str, variants: int = 3, **fields: Any) -> ProductChange:
    """Return the change that creates a product with sizes and 5 of each on hand."""
    given = {"slug": name, "title": name.title(), "status": "active", "option_names": ["Size"]} | fields
    made = [
        VariantChange(
            action="create",
            sku=f"{name}-{size}",
            fields=created(option1=str(size), price=1000 + size, label=f"L{size}", tracked=True),
            stock=StockChange("set", 5),
        )
        for size in range(variants)
    ]
    return ProductChange(
        action="create", slug=name, title=name.title(), fields=created(**given), variants=made
    )


def created(**values: Any) -> dict[str, ValueChange]:
    return {name: ValueChange(None, value) for name, value in values.items()}


def update(product: Product, **parts: Any) -> ProductChange:
    """Return the change of a product; `fields`, `variants`, `pictures` as in ProductChange."""
    (key,) = inspect(product).identity  # the object may belong to a session that has ended
    found = db.session.get_one(Product, key)
    return ProductChange(action="update", slug=found.slug, title=found.title, product_id=key, **parts)


def variant_change(sku: str, stock: StockChange | None = None, **fields: tuple[Any, Any]) -> VariantChange:
    """Return the change of a variant: old and new value of each field."""
    changes = {name: ValueChange(*pair) for name, pair in fields.items()}
    return VariantChange(action="update", sku=sku, fields=changes, stock=stock)


def removal(variant: Variant) -> VariantChange:
    """Return the removal of a variant as it is."""
    names = ("label", "option1", "option2", "option3", "price", "compare_at_price", "barcode", "position")
    fields = {name: ValueChange(getattr(variant, name), None) for name in names}
    return VariantChange(action="remove", sku=variant.sku, fields=fields)


def new_picture(source: str, **fields: Any) -> PictureChange:
    return PictureChange(action="create", source=source, fields=created(**fields))


def shop() -> dict[str, dict[str, Any]]:
    """Return what the shop has: by address its columns, and by code the variants with their stock."""
    db.session.rollback()
    stock = {item.sku: (item.on_hand, item.reserved, item.tracked) for item in db.session.query(StockItem)}
    differences = audit.find_differences(db.session())
    # Tests reserve without holds.
    assert [
        d for d in differences if d.on_hand != d.on_hand_by_ledger or d.reserved != d.reserved_by_ledger
    ] == []
    assert set(stock) == set(db.session.scalars(db.select(Variant.sku)))
    found = {}
    for product in db.session.scalars(db.select(Product)).all():
        skip = {"id", "updated_at", "created_at", "changed_by", "cover_id"}
        own = {c.key: getattr(product, c.key) for c in Product.__table__.columns if c.key not in skip}
        inner = {"id", "product_id", "image_id", "changed_by"}
        own["variants"] = {
            v.sku: {c.key: getattr(v, c.key) for c in Variant.__table__.columns if c.key not in inner}
            | {"stock": stock[v.sku], "picture": v.image.source if v.image else ""}
            for v in product.variants
        }
        own["pictures"] = [(i.source, i.position, i.alt, i.digest) for i in product.images]
        found[product.slug] = own
    db.session.rollback()
    return found
