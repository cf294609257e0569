"""Products in more than one category: their lists, filters and counts, moves of categories, and cached pages."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog import categories, category_edits, queries
from storefront.catalog.list_index import writer
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Category, FurtherCategory, Listing, ListingVendor, Product
from storefront.extensions import db, write_transaction
from tests.api.conftest import Call
from tests.cache.conftest import get
from tests.factories import make_category, make_product
from tests.statements import statements

pytestmark = pytest.mark.any_database

WRITE = "catalog:write"


@pytest.fixture
def sencha(app: Flask) -> int:
    """A tea in tea/green-tea, which is a gift and new, too; `tea` is named though it is above the main one."""
    further = [make_category(*names) for names in (("Gifts", "Mother"), ("New",), ("Tea",))]
    green = make_category("Tea", "Green tea")
    make_product("Assam", category=make_category("Tea"), vendor="Leaf")
    return make_product(
        "Sencha", category=green, vendor="Leaf", further_category_ids=[each.id for each in further]
    ).id


def at(path: str) -> Category:
    db.session.rollback()
    return db.session.execute(select(Category).where(Category.path == path)).scalar_one()


def index() -> set[Any]:
    """Return the list index, with the counts of categories and vendors."""
    db.session.rollback()
    counts = [(each.path, each.product_count) for each in db.session.scalars(select(Category))]
    tables = [
        (model.__tablename__, *(getattr(row, column.name) for column in model.__table__.columns))
        for model in (Listing, ListingVendor, FurtherCategory)
        for row in db.session.scalars(select(model))
        if getattr(row, "products", 1)
    ]
    return {*counts, *tables}


def change(call: Call, product: int, **body: Any) -> Any:
    """Change a product through the API; its list index must be what a complete refresh makes of it."""
    answer = call("PATCH", f"/products/{product}", body, scopes=WRITE)
    assert answer.status_code == 200, answer.text
    before = index()
    with write_transaction() as session:
        writer.refresh(session, [product])
    assert index() == before
    return answer.get_json()


@pytest.mark.usefixtures("sencha")
def test_it_is_in_all_lists_exactly_once(app: Flask) -> None:
    for path in ("", "tea", "tea/green-tea", "gifts", "gifts/mother", "new"):
        for sort in ("new", "price", "-price", "name"):
            page = queries.load_list_page(ListRequest(path=path, sort=sort))
            titles = [card.title for card in page.items]
            assert titles.count("Sencha") == 1, (path, sort)
            assert page.total == len(titles) == at(path).product_count
        found = queries.load_list_page(ListRequest(path=path, vendors=("Leaf",), in_stock=True, q="sencha"))
        assert [card.title for card in found.items] == ["Sencha"]
        vendors = queries.load_list_page(ListRequest(path=path)).vendors
        assert {each.vendor: each.products for each in vendors} == {"Leaf": at(path).product_count}
    assert [card.title for card in queries.load_list_page(ListRequest(q="mother")).items] == ["Sencha"]


def test_the_api_changes_them_and_pages_follow_at_once(
    call: Call,
    client: FlaskClient,
    sencha: int,
) -> None:
    told = call("GET", f"/products/{sencha}").get_json()
    assert [each["path"] for each in told["further_categories"]] == ["gifts/mother", "new", "tea"]
    assert told["category"]["path"] == "tea/green-tea"
    make_category("Sale")
    for path in ("/categories/gifts", "/categories/sale", "/api/v1/products?category=sale"):
        get(client, path)
    told = change(call, sencha, further_categories=[{"path": "sale"}, {"path": "tea/green-tea"}])
    assert told["further_categories"] == [{"path": "sale", "name": "Sale"}], "the main one is no further one"
    assert "Sencha" in get(client, "/categories/sale").text
    assert "Sencha" in get(client, "/api/v1/products?category=sale").text
    assert "Sencha" not in get(client, "/categories/gifts").text
    assert get(client, "/categories/gifts").status_code == 200, "no other category replaces it"
    assert get(client, "/products/sencha").text.count('href="/categories/tea/green-tea"') > 0
    change(call, sencha, category={"path": "sale"}, further_categories=[{"path": "tea/green-tea"}])
    assert "Sencha" in get(client, "/categories/tea").text
    change(call, sencha, status="archived")
    assert "Sencha" not in get(client, "/categories/sale").text
    assert change(call, sencha, status="active", further_categories=[])["further_categories"] == []


def test_unknown_and_too_many_are_refused(call: Call, sencha: int) -> None:
    for paths, pointer in (
        (["new", "none"], "/further_categories/1/path"),
        ([""], "/further_categories/0/path"),
    ):
        body = {"further_categories": [{"path": path} for path in paths]}
        refused = call("PATCH", f"/products/{sencha}", body, scopes=WRITE)
        assert refused.status_code == 422
        assert [fault["pointer"] for fault in refused.get_json()["errors"]] == [pointer]
    many = {"further_categories": [{"path": "new"}] * 21}
    assert call("PATCH", f"/products/{sencha}", many, scopes=WRITE).status_code == 422
    assert len(call("GET", f"/products/{sencha}").get_json()["further_categories"]) == 3


@pytest.mark.parametrize("status", ["active", "draft"])
def test_moved_and_deleted_categories_carry_them_along(client: FlaskClient, sencha: int, status: str) -> None:
    with write_transaction() as session:
        session.get_one(Product, sencha).status = status
        writer.refresh(session, [sencha])
    get(client, "/categories/new")
    with write_transaction() as session:
        gifts = session.merge(at("gifts"))
        categories.move(session, gifts, parent=session.merge(at("new")))
    mother = at("new/gifts/mother")
    assert at("new").product_count == (1 if status == "active" else 0)
    for path, target in (("new/gifts/mother", "tea/green-tea"), ("tea/green-tea", "new/gifts")):
        found = at(path)
        assert category_edits.count_products(db.session(), found.id) == 1
        version = category_edits.version_of(found)
        with pytest.raises(category_edits.CategoryInUseError), write_transaction() as session:
            category_edits.delete(session, found.id, target=None, expected=version)
        with write_transaction() as session:
            category_edits.delete(session, found.id, target=target, expected=version)
    db.session.rollback()
    row = db.session.get_one(Product, sencha)
    assert row.category_id == at("new/gifts").id
    assert row.further_category_ids == [at("new").id, at("tea").id]
    assert mother.id not in db.session.scalars(select(FurtherCategory.category_id)).all()
    shown = "Sencha" in get(client, "/categories/new/gifts").text
    assert shown == (status == "active")


def test_a_product_with_them_costs_no_statement_more(call: Call, sencha: int) -> None:
    plain = db.session.execute(select(Product.id).where(Product.title == "Assam")).scalar_one()
    db.session.rollback()
    costs: dict[int, list[str]] = {}
    for title in ("One", "Two", "One"):  # the last time no word is new
        for product in (plain, sencha):
            with statements() as costs[product]:
                call("PATCH", f"/products/{product}", {"title": f"{title} {product}"}, scopes=WRITE)
    assert len(costs[sencha]) == len(costs[plain]) <= 12, costs[sencha]
