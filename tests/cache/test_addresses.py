"""Addresses of categories and products that are moved, renamed, archived and restored."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from storefront.catalog import categories
from storefront.catalog.models import Product, ProductRedirect
from storefront.extensions import write_transaction
from tests.cache.conftest import get
from tests.cache.writer_process import edit_product, get_category

pytestmark = pytest.mark.any_database

HOME, ALL, FOUND = "/", "/products", "/products?q=mug"
CUPS, TABLE, PLATES = "/categories/table/cups", "/categories/table", "/categories/plates"
MUG, CUP = "/products/mug", "/products/cup"


def test_moved_category_answers_at_its_new_address(client: FlaskClient, mug: int) -> None:
    def move() -> None:
        with write_transaction() as session:
            categories.move(session, get_category("plates"), parent=get_category("table"))

    assert get(client, "/categories/table/plates").status_code == 404
    assert get(client, PLATES).status_code == 200
    move()
    assert get(client, PLATES).location == "/categories/table/plates"
    assert "Plate" in get(client, "/categories/table/plates").text
    assert "Plate" in get(client, TABLE).text


def test_old_slugs_redirect_to_the_newest(client: FlaskClient, mug: int) -> None:
    for old, new in (("mug", "beaker"), ("beaker", "goblet")):
        assert get(client, f"/products/{new}").status_code == 404
        assert get(client, f"/products/{old}").status_code == 200
        with write_transaction() as session:
            session.get_one(Product, mug).slug = new
            session.add(ProductRedirect(slug=old, product_id=mug))
        assert get(client, f"/products/{new}").status_code == 200
        assert get(client, f"/products/{old}").location == f"/products/{new}"
    assert get(client, "/products/mug").location == "/products/goblet"
    assert 'href="/products/goblet"' in get(client, CUPS).text


def test_archived_product_is_gone_and_can_return(client: FlaskClient, mug: int) -> None:
    for status, code in (("archived", 410), ("active", 200), ("draft", 404), ("active", 200)):
        edit_product(mug, status=status)
        assert get(client, MUG).status_code == code
        for address in (HOME, ALL, CUPS, TABLE, FOUND, CUP):
            assert ("/products/mug" in get(client, address).text) == (code == 200), address
