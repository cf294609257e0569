"""Rendered pages: valid HTML, small, and complete whatever the catalogue contains."""

from __future__ import annotations

import json
import re
from pathlib import Path

import brotli
import pytest
from flask import Flask, render_template
from flask.testing import FlaskClient

from tests import valid_html
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

MOST_BYTES = 60_000
_DATA = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)
PAGES = (
    "/",
    "/products",
    "/products?q=bowl&in_stock=1&sort=price",
    "/products?q=nothing-of-this",
    "/products?page=99",
    "/categories/tea?vendor=Leaf+%26+Bud&min_price=1",
    "/products/long",
    "/products/long?variant=L-3",
    "/products/plain",
    "/products/kettle",
    "/nowhere",
    "/products?page=0",
)


@pytest.fixture
def shelf(app: Flask) -> None:
    tea = make_category("Tea", "“Green” & <black>")
    make_product("Plain", vendor="", slug="plain", variants=[{"on_hand": 0, "price": 0}])
    make_product("קומקום <b>תה</b>", slug="kettle", category=tea, pictures=3, description_html="<p>a</p>")
    sizes = [{"sku": f"L-{n}", "option1": f"No. {n}", "option2": "A&B", "on_hand": n % 3} for n in range(69)]
    make_product("Long", slug="long", category=tea, variants=sizes, option_names=["Size", "Kind"], pictures=1)
    for number in range(30):
        make_product(
            f"Bowl {number}", category=tea, vendor="Leaf & Bud", variants=[{"compare_at_price": 2999}]
        )


@pytest.mark.needs("java")
@pytest.mark.usefixtures("shelf")
def test_every_page_is_valid_html(client: FlaskClient, tmp_path: Path) -> None:
    pages = {f"page-{place}": client.get(url).text for place, url in enumerate(PAGES)}
    assert valid_html.problems(pages, tmp_path) == []


@pytest.mark.usefixtures("shelf")
def test_page_without_pictures_stays_small(client: FlaskClient) -> None:
    for url in PAGES:
        page = client.get(url).text
        parts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
        assert len(parts) >= 2
        bodies = [client.get(part, headers={"Accept-Encoding": "br"}).data for part in parts]
        size = len(brotli.compress(page.encode(), quality=4)) + sum(map(len, bodies))
        assert size <= MOST_BYTES, (url, size)


@pytest.mark.usefixtures("shelf")
def test_pictures_have_sizes_and_pages_canonical_urls(client: FlaskClient) -> None:
    for url in PAGES[:-2]:
        page = client.get(url).text
        images = re.findall(r"<img [^>]*>", page)
        assert all(re.search(r' width="\d+" height="\d+"', image) and " alt=" in image for image in images)
        assert page.count('<link rel="canonical"') == 1
        assert page.count("<h1") == 1


@pytest.mark.usefixtures("shelf")
def test_filtered_lists_are_not_indexed(client: FlaskClient) -> None:
    plain, filtered = (
        client.get("/products?page=2").text,
        client.get("/products?vendor=Leaf+%26+Bud&page=2").text,
    )
    assert "noindex" not in plain
    assert '<link rel="canonical" href="http://127.0.0.1:8000/products?page=2">' in plain
    assert "noindex" in filtered
    assert '<link rel="canonical" href="http://127.0.0.1:8000/products">' in filtered


@pytest.mark.usefixtures("shelf")
def test_structured_data_survives_special_characters(client: FlaskClient) -> None:
    page = client.get("/products/kettle").text
    data = [json.loads(text) for text in _DATA.findall(page)]
    assert [entry["@type"] for entry in data] == ["BreadcrumbList", "Product"]
    assert data[1]["name"] == "קומקום <b>תה</b>"
    assert data[1]["offers"]["price"] == "19.99"
    assert "<b>תה" not in page


@pytest.mark.usefixtures("app")
def test_empty_shop_names_the_commands_that_fill_it(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "flask demo" in page
    assert "flask catalog import FILE" in page


def test_error_page_needs_no_database(app: Flask) -> None:
    with app.test_request_context("/"):
        page = render_template(
            "errors/error.html", status=500, title="Broken", sentence="Sorry.", request_id="r-17"
        )
    assert "r-17" in page
