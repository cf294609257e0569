"""No page needs more than seven statements, all counted, and none scans more rows than its limit."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select

from storefront.cache.state import cache_state
from storefront.catalog import queries
from storefront.catalog.list_index import reader
from storefront.catalog.list_request import ListRequest
from storefront.content import menu_edits, page_edits
from storefront.content.menu_edits import EntryValues
from storefront.content.page_edits import PageValues
from storefront.extensions import db, write_transaction
from storefront.shop_settings import stored_settings
from tests.factories import make_category, make_product
from tests.statements import statements

URLS = (
    "/",
    "/products",
    "/products?page=2",
    "/products?sort=-price",
    "/categories/tea?sort=name",
    "/categories/tea/green-tea?vendor=Kiln+Row&in_stock=1&sort=price",
    "/products?in_stock=1",
    "/products?min_price=1&max_price=2",
    "/products?q=sencha",
    "/products?q=sencha&category=tea&vendor=Kiln+Row&vendor=Other",
    "/products?q=sehncha+senhca&in_stock=1",
    "/products?q=sencha+kettel&category=tea&vendor=Kiln+Row",
    "/products?q=green+tea+t-shirt+12oz+ガラス",
    "/categories",
    "/products/sencha-7",
    "/products/unknown",
    "/categories/unknown",
    "/nowhere",
    "/pages/imprint",
    "/sitemap.xml",
    "/sitemap-1.xml",
    "/sitemap-categories.xml",
)
MOST = 7
SORTS = ("new", "price", "-price", "name")


@pytest.fixture
def shelf(app: object) -> None:
    green = make_category("Tea", "Green tea")
    for n in range(30):
        make_product(
            f"Sencha {n}",
            category=green,
            pictures=n % 2,
            description_html='<img src="https://cdn.example/a.png"><img src="b.png">',
            option_names=["Size"],
            variants=[{"price": 100 + n, "option1": "a"}, {"option1": "b"}],
        )


def cold_statements(app: Flask, url: str) -> list[str]:
    """Return the statements of a request if nothing is cached: settings and menus are read, too."""
    db.session.remove()
    cache_state.get(app).store.l2.tag_times.invalidate(["everything"])
    with statements() as seen:
        app.test_client().get(url)
    assert any("FROM shop_setting" in statement for statement in seen), "the page was not cold"
    return seen


@pytest.mark.usefixtures("shelf")
def test_no_page_costs_more_than_seven_statements(app: Flask) -> None:
    with write_transaction() as session:
        page = page_edits.create(session, PageValues("Imprint", "imprint", published_at=datetime.now(UTC)))
        menu_edits.add(session, "footer", EntryValues(f"page-{page.id}"), expected=0)
    stored_settings.set_value("languages", "de_DE")
    for url in (f"{language}{url}" for language in ("", "/de") for url in URLS):
        seen = cold_statements(app, url)
        assert len(seen) <= MOST, "\n\n".join([url, *seen])


@pytest.mark.usefixtures("shelf")
def test_second_build_of_a_page_builds_no_statement(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_settings.set_value("languages", "de_DE")
    made = []
    make, builder = Select.__init__, threading.get_ident()

    def note(query: Select[Any], *columns: Any) -> None:
        if threading.get_ident() == builder:  # other threads have work of their own
            made.append(query)
        make(query, *columns)

    monkeypatch.setattr(Select, "__init__", note)
    pairs = (
        ("/products/sencha-7", "/products/sencha-8"),
        ("/categories/tea", "/categories/tea/green-tea"),
        ("/categories/tea?sort=price&page=2", "/categories/tea/green-tea?sort=price&page=2"),
    )
    for language in ("", "/de"):
        for first, second in pairs:
            for url in (first, second):
                made.clear()
                assert app.test_client().get(f"{language}{url}").status_code == 200
            assert made == [], f"{language}{second}"


@pytest.mark.usefixtures("shelf")
def test_too_many_matches_are_scanned_in_order_and_capped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for sort in SORTS:
        wanted = ListRequest(vendors=("Kiln Row",), in_stock=True, sort=sort)  # type: ignore[arg-type]
        exact = queries.load_list_page(wanted)
        with monkeypatch.context() as patch:
            patch.setattr(reader, "MATCH_LIMIT", 26)
            capped = queries.load_list_page(wanted)
            assert (exact.total_text, capped.total_text) == ("30 products", "26+ products")
            assert [card.id for card in capped.items] == [card.id for card in exact.items]
            with statements() as seen:
                queries.load_list_page(wanted)
            assert len(seen) <= 6


@pytest.mark.usefixtures("shelf")
def test_pages_read_from_both_ends_form_one_order() -> None:
    for sort in SORTS:
        pages = [queries.load_list_page(ListRequest(sort=sort, page=n)).items for n in (1, 2, 3)]  # type: ignore[arg-type]
        ids = [card.id for page in pages for card in page]
        assert len(ids) == len(set(ids)) == 30
        cards = [card for page in pages for card in page]
        if sort.endswith("price"):
            assert [c.price.amount for c in cards] == sorted(
                (c.price.amount for c in cards), reverse=sort == "-price"
            )
