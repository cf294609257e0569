"""/admin/products: the list of all products with its search, filters and orders."""

from __future__ import annotations

import csv
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select

from storefront.catalog.models import Product
from storefront.catalog.product_list import product_selection, read_filter, select_products
from storefront.catalog.product_list.product_matches import find_by_text
from storefront.catalog.scarce_variants import list_scarce
from storefront.extensions import db
from tests.accounts.people import Browser, staff_browser
from tests.factories import make_category, make_product
from tests.statements import count_statements

PLANNED = "2099-12-01T09:00:00Z"
ROW = re.compile(r'product-row__title" dir="auto">(?:<a[^>]*>)?([^<]*)')


@pytest.fixture
def browser(app: Flask) -> Browser:
    kitchen, cups = make_category("Kitchen"), make_category("Kitchen", "Cups")
    make_product(
        "Blue cup",
        category=cups,
        pictures=1,
        description_html="<p>Glazed.</p>",
        tags=["glazed", "Größe"],
        withdraw_at="2099-12-24T12:00:00Z",
        variants=[{"sku": "CUP-1", "label": "Cup 1", "barcode": "4006381333931", "price": 500, "on_hand": 3}],
    )
    make_product(
        "Grey draft",
        status="draft",
        publish_at=PLANNED,
        vendor="Lab",
        variants=[{"sku": "DR-7", "price": 900}],
    )
    make_product(
        "Old jug",
        status="archived",
        category=kitchen,
        product_type="Jug",
        variants=[{"sku": "JUG", "price": 100, "on_hand": 0}],
    )
    return staff_browser(app)


def titles(browser: Browser, query: str) -> list[str]:
    answer = browser.get(f"/admin/products{query}")
    assert answer.status_code == 200
    return ROW.findall(answer.text)


FILTERED = (
    ("", ["Old jug", "Grey draft", "Blue cup"]),
    ("?sort=price", ["Old jug", "Blue cup", "Grey draft"]),
    ("?sort=title", ["Blue cup", "Grey draft", "Old jug"]),
    ("?status=draft", ["Grey draft"]),
    ("?status=archived&sort=title", ["Old jug"]),
    ("?status=planned", ["Grey draft", "Blue cup"]),
    ("?status=planned&sort=title", ["Blue cup", "Grey draft"]),
    ("?status=planned&vendor=Lab", ["Grey draft"]),
    ("?vendor=Lab", ["Grey draft"]),
    ("?type=Jug", ["Old jug"]),
    ("?tag=Gr%C3%B6%C3%9Fe", ["Blue cup"]),
    ("?tag=glaz", []),
    ("?stock=out", ["Old jug"]),
    ("?stock=low", ["Blue cup"]),
    ("?stock=in", ["Grey draft", "Blue cup"]),
    ("?picture=none", ["Old jug", "Grey draft"]),
    ("?description=none&vendor=Lab", ["Grey draft"]),
    ("?category=none", ["Grey draft"]),
    ("?q=cup", ["Blue cup"]),
    ("?q=draft+grey", ["Grey draft"]),
    ("?q=dr-7", ["Grey draft"]),
    ("?q=jug&status=draft", []),
    ("?q=4006381333931", ["Blue cup"]),
    ("?q=Cup+1", ["Blue cup"]),
    ("?q=glazed", ["Blue cup"]),
    ("?q=100%25", []),
    ("?q=%25", []),
    ("?status=emperor&category=x&stock=&sort=relevance&page=1", ["Old jug", "Grey draft", "Blue cup"]),
    ("?page=2", []),
)


def test_filters_and_searches(browser: Browser) -> None:
    for query, expected in FILTERED:
        assert titles(browser, query) == expected, query
        assert count_statements(lambda: browser.get(f"/admin/products{query}")) <= 8, query  # noqa: B023
    kitchen = make_category("Kitchen")
    assert titles(browser, f"?category={kitchen.id}") == ["Old jug", "Blue cup"], "with those below it"
    make_product("Samovar")
    assert 'href="/admin/products?q=samovar"' in browser.get("/admin/products?q=samover").text


def test_the_csv_file_has_what_the_filter_leaves(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_product("=SUM(A1)", vendor="Lab")
    for at_once in (1, 10_000):
        monkeypatch.setattr(product_selection, "IDS_AT_ONCE", at_once)
        for query, expected in (
            ("", ["Blue cup", "Grey draft", "Old jug", "'=SUM(A1)"]),
            ("?sort=price&vendor=Lab", ["Grey draft", "'=SUM(A1)"]),
            ("?status=planned", ["Blue cup", "Grey draft"]),
            ("?stock=out", ["Old jug"]),
            ("?q=cup", ["Blue cup"]),
            ("?q=grey&status=draft", ["Grey draft"]),
            ("?q=nothing", []),
        ):
            answer = browser.get(f"/admin/products.csv{query}")
            rows = list(csv.DictReader(answer.text.splitlines()))
            assert [row["Title"] for row in rows] == expected, query
    assert 'href="/admin/products.csv?stock=out"' in browser.get("/admin/products?stock=out").text
    assert "private" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Disposition"] == "attachment; filename=products.csv"
    assert staff_browser(app, "orders").get("/admin/products.csv").status_code == 404


def test_pages_follow_each_other(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_selection, "PER_PAGE", 2)
    for query in ("", "stock=in", "status=active&sort=title"):
        first = browser.get(f"/admin/products?{query}").text
        assert ('rel="next"' in first) is (query == "")
    assert titles(browser, "?page=2") == ["Blue cup"]


CUT: tuple[dict[str, str], ...] = (
    {},
    {"status": "active"},
    {"vendor": "Kiln Row"},
    {"stock": "in"},
    {"vendor": "Kiln Row", "status": "active", "picture": "none"},
    {"stock": "in", "description": "none", "status": "active"},
)


def test_large_lists_are_cut_alike(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        make_product(f"Cup {number}", variants=[{"price": (number * 3 % 5) * 100}])
    make_product("Draft", status="draft", vendor="Lab")
    for sort in ("new", "updated", "title", "price", "-price"):
        for query in CUT:
            wanted = read_filter({"sort": sort, **query})
            whole = select_products(wanted, 1)
            with monkeypatch.context() as patch:
                patch.setattr(product_selection, "MATCH_LIMIT", 3)
                cut = select_products(wanted, 1)
            assert (whole.is_minimum, cut.is_minimum, cut.total) == (False, True, 3)
            assert list(cut.ids)[:3] == list(whole.ids)[:3], (sort, query)
            with monkeypatch.context() as patch:
                for name, value in {"SORT_LIMIT": 0, "FEW": 2, "PER_PAGE": 2}.items():
                    patch.setattr(product_selection, name, value)
                pages = [select_products(wanted, page) for page in (1, 2, 3, 4)]
            assert [one for page in pages for one in page.ids] == list(whole.ids), (sort, query)
            assert all(page.total <= whole.total for page in pages)
    db.session.rollback()


def test_viewers_see_the_list_and_packers_do_not(app: Flask, browser: Browser) -> None:
    assert titles(staff_browser(app, "viewer"), "?status=draft") == ["Grey draft"]
    packer = staff_browser(app, "orders")
    assert packer.get("/admin/products").status_code == 404
    assert 'href="/admin/products"' not in packer.get("/admin").text


def test_texts_are_shown_as_they_were_typed(app: Flask, browser: Browser) -> None:
    make_product("<script>alert(1)</script>", vendor="<b>")
    page = browser.get("/admin/products?q=%3Cscript%3E&vendor=%22%3E&tag=%E2%80%AEabc").text
    assert "<script>alert" not in page
    assert 'value="&#34;&gt;"' in page
    assert "\u202e" not in page
    assert browser.get("/admin/products?vendor=" + "x" * 5000).status_code == 200
    assert db.session.get(Product, 1) is not None


def test_people_keep_filters_of_their_own(app: Flask, browser: Browser) -> None:
    path, link = "/admin/products/filters", 'href="/admin/products?vendor=Lab"'
    answer = browser.post(path, name=" From the lab ", filter="?vendor=Lab&status=king&next=//x.example")
    assert answer.location == "/admin/products?vendor=Lab&said=saved"
    assert browser.post(path, name="From the lab", filter="?vendor=Lab").status_code == 303, "replaced"
    page = browser.get("/admin/products").text
    assert page.count(link) == 1
    for form in ({"name": "x" * 61, "filter": "?q=a"}, {"name": "\u200b", "filter": "?q=a"}, {"name": "All"}):
        assert browser.post(path, **form).status_code == 422
    viewer = staff_browser(app, "viewer")
    assert link not in viewer.get("/admin/products").text
    (removal,) = re.findall(r"/admin/products/filters/[0-9]+/removal", page)
    viewer.post(removal)
    assert link in browser.get("/admin/products").text, "of somebody else"
    browser.post(removal)
    assert link not in browser.get("/admin/products").text


def test_planned_products_say_when(browser: Browser) -> None:
    page = browser.get("/admin/products?status=planned").text
    assert re.findall(r'(published|withdrawn) .{0,40}datetime="([^"]*)"', page) == [
        ("published", "2099-12-01T09:00:00Z"),
        ("withdrawn", "2099-12-24T12:00:00Z"),
    ]


def test_filters_are_answered_by_indexes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL reads a table of this size whole")
    monkeypatch.setattr(product_selection, "SORT_LIMIT", 0)
    monkeypatch.setattr(product_selection, "FEW", 1)
    monkeypatch.setattr(product_selection, "PER_PAGE", 1)
    for number in range(3):
        make_product(f"Cup {number}", product_type="Cup", description_html="", variants=[{"on_hand": 0}])
    plans: list[str] = []

    def explain(connection: Connection, _: object, statement: str, values: Any, *__: object) -> None:
        if statement.startswith("SELECT"):
            cursor = connection.connection.cursor()
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.append(" ".join(row[3] for row in cursor.fetchall()))

    query = {"type": "Cup", "status": "active", "vendor": "Kiln Row", "description": "none", "stock": "out"}
    event.listen(db.engine, "before_cursor_execute", explain)
    try:
        found = select_products(read_filter({**query, "sort": "title"}), 1)
        list_scarce(10)
    finally:
        event.remove(db.engine, "before_cursor_execute", explain)
    assert len(found.ids) == 1
    walk, scarce = plans[-2:]
    for name in (
        "ix_product_title_lower",
        "ix_product_type",
        "ix_product_status",
        "ix_stock_item_sold_out_product",
    ):
        assert name in walk
    assert "PRIMARY KEY" not in walk, "no product's row is read"
    assert "SCAN stock_item USING INDEX ix_stock_item_scarce" in scarce


def test_of_many_drafts_a_search_finds_the_newest(app: Flask) -> None:
    drafts = [make_product(f"Cup {number}", status="draft").id for number in range(3)]
    found = find_by_text("cup", 2, status="draft").ids.subquery()
    assert sorted(db.session.scalars(select(found.c.id))) == drafts[1:]
