"""The demo catalogue in a shop: whole, once, and only where nothing was."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from markupsafe import escape
from sqlalchemy import func, select

from storefront.catalog import demo, pictures
from storefront.catalog.demo import catalogue, loading
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.extensions import db
from storefront.stock import StockItem
from tests.factories import make_product


def count(model: type[object]) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_demo_fills_an_empty_shop(app: Flask, media: Path) -> None:
    app.config["MEDIA_DIR"] = str(media)
    loaded = demo.load(app, progress=False)
    items = catalogue.products()
    assert loaded.products == len(items) == count(Product)
    assert loaded.variants == sum(len(item.variants) for item in items) == count(Variant) == count(StockItem)
    root = db.session.execute(select(Category).where(Category.path == "")).scalar_one()
    assert root.product_count == len(items)
    for digest, width in db.session.execute(select(ProductImage.digest, ProductImage.width)).all():
        assert all(pictures.path(digest, rendition, media).exists() for rendition in pictures.widths(width))

    client = app.test_client()
    page = client.get(f"/products/{items[-1].slug}")
    assert page.status_code == 200
    assert escape(items[-1].vendor) in page.text
    assert "/media/" in page.text

    with pytest.raises(loading.NotEmptyError):
        demo.load(app, progress=False)
    assert count(Product) == len(items)


def test_demo_leaves_a_shop_with_products_alone(app: Flask) -> None:
    make_product("Already here", status="draft")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "There are products in this shop already" in result.output
    assert "flask demo --products" in result.output
    assert count(Product) == 1
