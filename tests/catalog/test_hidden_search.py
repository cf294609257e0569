"""Drafts, archived and unlisted products in the search index: the back office finds them, the shop does not."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from storefront.catalog import search
from storefront.catalog.list_index import search_rebuild, writer
from storefront.catalog.models import Product
from storefront.catalog.product_list import read_filter, select_products
from storefront.catalog.search import index
from storefront.extensions import db, write_transaction
from tests.accounts.people import staff_browser
from tests.admin.product_forms import read_form
from tests.factories import make_product

pytestmark = pytest.mark.any_database


def found(query: str, **more: str) -> list[int]:
    ids = list(select_products(read_filter({"q": query, **more}), 1).ids)
    db.session.rollback()
    return ids


def keys() -> list[int]:
    column = "rowid" if db.engine.dialect.name == "sqlite" else "product_id"
    rows = db.session.execute(text(f"SELECT {column} FROM product_search ORDER BY 1")).scalars().all()
    db.session.rollback()
    return list(rows)


def set_status(product_id: int, status: str) -> None:
    with write_transaction() as session:
        session.get_one(Product, product_id).status = status
        writer.refresh(session, [product_id])


def test_a_product_moves_between_both_searches(app: Flask) -> None:
    pot = make_product("Samovar", status="draft", tags=["brass"]).id
    for status, key in (("draft", -pot), ("active", pot), ("archived", -pot), ("active", pot)):
        set_status(pot, status)
        assert keys() == [key]
        assert (found("samovars brass"), found("samowar")) == ([pot], []), status
        page = app.test_client().get("/products?q=samovar").text
        assert ("/products/samovar" in page) == (status == "active")
    with write_transaction() as session:
        writer.write(session, [], unlisted=[pot])
    assert keys() == []


def test_a_draft_is_found_by_what_its_form_says(app: Flask) -> None:
    browser = staff_browser(app)
    form = read_form(browser.get("/admin/products/new").text)
    address = browser.post("/admin/products/new", **form | {"title": "Samovar", "new-price": "5"}).location
    number = int(address.rpartition("/")[2].partition("?")[0])
    assert (found("samovar"), found("samovar", status="draft")) == ([number], [number])
    form = read_form(browser.get(address).text)
    for title in ("Jugs", "Teapots"):
        form = read_form(browser.get(address).text)
        assert browser.post(address.partition("?")[0], **form | {"title": title}).status_code == 303
    assert (found("jug"), found("teapot"), keys()) == ([], [number], [-number])
    form = read_form(browser.get(address).text)
    browser.post(address.partition("?")[0], **form | {"status": "active"})
    assert (found("teapot"), found("teapot", status="draft"), keys()) == ([number], [], [number])


def test_a_rebuild_has_hidden_products_and_no_words_of_theirs(app: Flask) -> None:
    draft = make_product("Samovar", status="draft").id
    cup = make_product("Teacup").id
    with write_transaction() as session:
        session.execute(text("UPDATE search_index SET version = '5:en'"))
    search_rebuild.rebuild()
    assert found("samovar") == [draft]
    plan = search.make_plan(db.session(), "samovr")
    assert plan is not None
    assert plan.corrections == (), "the shop does not know the word"
    assert found("teacup") == [cup]
    assert not search_rebuild.is_needed()
    assert index.current_version().startswith(f"{index.FORMAT}:")
