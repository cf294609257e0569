"""The demo catalogue in a shop: complete, once, and only in an empty shop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
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


def check_listed_prices(client: FlaskClient) -> None:
    """Check that each product opens, and is described to machines, at the price that lists and the API show.

    Only if all variants at that price are sold out, it opens at the lowest price that can be paid.
    """
    opened_higher = []
    for number in range(1, 10):
        listed = client.get(f"/api/v1/products?page={number}").get_json()["items"]
        if not listed:
            break
        cards = shown_prices(client.get(f"/products?page={number}").text)
        for item in listed:
            page = client.get(f"/products/{item['slug']}").text
            price = item["price"]["amount"]
            assert cards[item["slug"]] == f"{price / 100:,.2f}"
            opened = re.search(r'"product__price">.*?price__now">\$([\d,.]+)', page, re.S)
            offer = re.search(r'"price": ?"([\d.]+)"', page)
            assert opened
            assert offer
            assert opened[1].replace(",", "") == offer[1]
            can_be_paid = [v["price"]["amount"] for v in item["variants"] if v["band"] != "out"]
            assert opened[1] == f"{min(can_be_paid or [price]) / 100:,.2f}", item["slug"]
            if opened[1] != cards[item["slug"]]:
                opened_higher.append(item["slug"])
                assert all(v["band"] == "out" for v in item["variants"] if v["price"]["amount"] == price)
    assert len(opened_higher) < 5, opened_higher


def shown_prices(page: str) -> dict[str, str]:
    """Return the price of each card of a list, by the product's slug."""
    cards = re.findall(r'<article class="card.*?</article>', page, re.S)
    found = [re.search(r'/products/([^"]+)".*?price__now">\$([\d,.]+)', card, re.S) for card in cards]
    return {match[1]: match[2] for match in found if match}


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
    check_listed_prices(client)

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
