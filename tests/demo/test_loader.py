"""The demo catalogue in a shop: complete, once, and only in an empty shop."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from markupsafe import escape
from PIL import Image
from sqlalchemy import func, select

from storefront import demo
from storefront.catalog import pictures
from storefront.catalog.models import Category, Product, ProductImage, Variant
from storefront.demo import catalogue, loader
from storefront.extensions import db
from storefront.stock import StockItem
from tests.factories import make_product


def count(model: type[object]) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def test_pictures_are_stored_in_all_widths_and_only_once(tmp_path: Path) -> None:
    wanted = catalogue.list_pictures(catalogue.read_products())[:5]
    stored = loader.store_pictures(wanted, tmp_path)
    assert list(stored) == wanted
    files = sorted(tmp_path.rglob("*.webp"))
    assert len(files) == 5 * len(pictures.WIDTHS)
    for picture in wanted:
        for width in pictures.WIDTHS:
            with Image.open(pictures.rendition_path(stored[picture].digest, width, tmp_path)) as rendition:
                assert rendition.size == (width, width)
    times = [file.stat().st_mtime_ns for file in files]
    assert loader.store_pictures(wanted, tmp_path) == stored
    assert [file.stat().st_mtime_ns for file in files] == times


def test_the_widest_rendition_is_the_committed_file(tmp_path: Path) -> None:
    (picture, stored), *_ = loader.store_pictures(
        [catalogue.read_products()[0].pictures[0]], tmp_path
    ).items()
    widest = pictures.rendition_path(stored.digest, pictures.WIDTHS[-1], tmp_path)
    assert widest.read_bytes() == picture.file.read_bytes()


def test_demo_fills_an_empty_shop(app: Flask, media: Path) -> None:
    app.config["MEDIA_DIR"] = str(media)
    loaded = demo.load(app)
    items = catalogue.read_products()
    assert loaded.products == len(items) == count(Product)
    assert loaded.variants == sum(len(item.variants) for item in items) == count(Variant) == count(StockItem)
    root = db.session.execute(select(Category).where(Category.path == "")).scalar_one()
    assert root.product_count == len(items)
    for digest, width in db.session.execute(select(ProductImage.digest, ProductImage.width)).all():
        assert all(
            pictures.rendition_path(digest, rendition, media).exists()
            for rendition in pictures.rendition_widths(width)
        )

    client = app.test_client()
    page = client.get(f"/products/{items[-1].slug}")
    assert page.status_code == 200
    assert escape(items[-1].vendor) in page.text
    assert "/media/" in page.text

    with pytest.raises(loader.NotEmptyError):
        demo.load(app)
    assert count(Product) == len(items)


def test_demo_leaves_a_shop_with_products_alone(app: Flask) -> None:
    make_product("Already here", status="draft")
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 1
    assert "There are products in this shop already" in result.output
    assert "flask demo --products" in result.output
    assert count(Product) == 1
