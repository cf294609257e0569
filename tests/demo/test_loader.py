"""The demo catalogue in a shop: whole, once, and only where nothing was."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from markupsafe import escape
from PIL import Image, ImageChops, ImageStat
from sqlalchemy import func, select

from storefront import demo
from storefront.catalog import pictures
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.demo import catalogue, drawing, loader
from storefront.extensions import db
from storefront.stock import StockItem
from tests.factories import make_product


def count(model: type[object]) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_pictures_are_drawn_in_full_and_only_once(tmp_path: Path) -> None:
    wanted = loader.shown(catalogue.products())[:5]
    drawn = loader.draw_all(wanted, tmp_path, progress=False)
    assert list(drawn) == wanted
    files = sorted(tmp_path.rglob("*.webp"))
    assert len(files) == 5 * len(pictures.WIDTHS)
    first = drawn[wanted[0]]
    with Image.open(pictures.path(first.digest, first.width, tmp_path)) as stored:
        whole = Image.open(io.BytesIO(drawing.render(loader.draw(wanted[0])[0]))).convert("RGB")
        difference = ImageChops.difference(stored.convert("RGB"), whole)
        assert max(ImageStat.Stat(difference).rms) < 4, "it is as sharp as it was drawn"
    before = [file.stat().st_mtime_ns for file in files]
    assert loader.draw_all(wanted, tmp_path, progress=False) == drawn
    assert [file.stat().st_mtime_ns for file in files] == before


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

    with pytest.raises(loader.NotEmptyError):
        demo.load(app, progress=False)
    assert count(Product) == len(items)


def test_demo_leaves_a_shop_with_products_alone(app: Flask) -> None:
    make_product("Already here", status="draft")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "There are products in this shop already" in result.output
    assert "flask demo --products" in result.output
    assert count(Product) == 1
