"""The category tree: creating, moving and counting."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from storefront.catalog import categories, queries
from storefront.catalog.categories import CategoryMoveError
from storefront.catalog.list_index import writer
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Category, Listing, ListingVendor, Product
from storefront.extensions import db, write_transaction
from tests.factories import make_category, make_product


def get(path: str) -> Category:
    return db.session.execute(select(Category).where(Category.path == path)).scalar_one()


def test_moved_branch_keeps_its_old_addresses(client: FlaskClient) -> None:
    green = make_category("Tea", "Green tea")
    make_product("Sencha", category=green)
    kitchen = make_category("Kitchen")
    with write_transaction() as session:
        categories.move(session, get("tea"), parent=get("kitchen"))
    old = client.get("/categories/tea/green-tea?sort=price")
    assert (old.status_code, old.location) == (301, "/categories/kitchen/tea/green-tea?sort=price")
    assert get("kitchen").product_count == 1
    assert "Sencha" in client.get("/categories/kitchen").text
    with write_transaction() as session:
        categories.move(session, get("kitchen/tea"), parent=get(""))
    assert client.get("/categories/kitchen/tea").location == "/categories/tea"
    assert client.get("/categories/tea").status_code == 200
    assert db.session.get_one(Category, kitchen.id).product_count == 0


def test_branch_cannot_be_moved_below_itself(app: object) -> None:
    make_category("Tea", "Green tea")
    with pytest.raises(CategoryMoveError, match="below itself"), write_transaction() as session:
        categories.move(session, get("tea"), parent=get("tea/green-tea"))
    with pytest.raises(CategoryMoveError, match="root"), write_transaction() as session:
        categories.move(session, get(""), parent=get("tea"))
    make_category("Kitchen", "Tea")
    with pytest.raises(CategoryMoveError, match="already"), write_transaction() as session:
        categories.move(session, get("tea"), parent=get("kitchen"))


def test_stored_counts_follow_every_change(app: object) -> None:
    green = make_category("Tea", "Green tea")
    bowls = make_category("Bowls")
    product = make_product("Sencha", category=green, vendor="Leaf")
    make_product("Gyokuro", category=green, vendor="Leaf")
    assert _kept() == _counted()
    with write_transaction() as session:
        row = session.get_one(Product, product.id)
        row.category_id, row.vendor = bowls.id, "Other"
        writer.refresh(session, [product.id])
    assert _kept() == _counted()
    with write_transaction() as session:
        session.get_one(Product, product.id).status = "archived"
        writer.refresh(session, [product.id])
    assert _kept() == _counted()
    assert queries.load_list_page(ListRequest(q="sencha", sort="relevance")).total == 0


def _kept() -> tuple[dict[int, int], dict[tuple[int, str], int]]:
    counts = {
        row.id: row.product_count
        for row in db.session.execute(select(Category).where(Category.product_count > 0)).scalars()
    }
    vendors = db.session.execute(select(ListingVendor).where(ListingVendor.products > 0)).scalars()
    return counts, {(row.category_id, row.vendor): row.products for row in vendors}


def _counted() -> tuple[dict[int, int], dict[tuple[int, str], int]]:
    counts = dict(
        db.session.execute(select(Listing.category_id, func.count()).group_by(Listing.category_id)).all()
    )
    by = (Listing.category_id, Listing.vendor)
    vendors = db.session.execute(select(*by, func.count()).group_by(*by))
    return counts, {(category, vendor): count for category, vendor, count in vendors}
