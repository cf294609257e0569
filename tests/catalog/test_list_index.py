"""The list index: order, filters and counts of lists, and its two ways of being updated."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text

from storefront.catalog import queries
from storefront.catalog.list_index import product_update, writer
from storefront.catalog.list_index.derivation import PricedVariant, prices
from storefront.catalog.list_request import ListRequest
from storefront.catalog.models import Product
from storefront.extensions import db, write_transaction
from tests.factories import make_category, make_product


def titles(**request: object) -> list[str]:
    return [card.title for card in queries.load_list_page(ListRequest(**request)).items]  # type: ignore[arg-type]


@pytest.fixture
def shelf(app: object) -> None:
    tea, green = make_category("Tea"), make_category("Tea", "Green tea")
    make_product("Sencha", category=green, vendor="Leaf", variants=[{"price": 900}])
    make_product("Assam", category=tea, vendor="Leaf", variants=[{"price": 700, "on_hand": 0}])
    make_product("Café bowl", category=make_category("Bowls"), variants=[{"price": 2500}])


@pytest.mark.usefixtures("shelf")
def test_lists_are_sorted_in_each_order() -> None:
    assert titles() == ["Café bowl", "Assam", "Sencha"]
    assert titles(sort="price") == ["Assam", "Sencha", "Café bowl"]
    assert titles(sort="-price") == ["Café bowl", "Sencha", "Assam"]
    assert titles(sort="name") == ["Assam", "Café bowl", "Sencha"]


@pytest.mark.usefixtures("shelf")
def test_category_lists_everything_below_it() -> None:
    assert titles(path="tea") == ["Assam", "Sencha"]
    assert titles(path="tea/green-tea") == ["Sencha"]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("sort", ["new", "price", "-price", "name"])
def test_filters_narrow_a_list_in_every_order(sort: str) -> None:
    assert titles(vendors=("Leaf",), sort=sort, in_stock=True) == ["Sencha"]
    assert titles(min_price=800, max_price=1000, sort=sort) == ["Sencha"]
    assert sorted(titles(in_stock=True, sort=sort)) == ["Café bowl", "Sencha"]
    assert titles(min_price=10_000, sort=sort) == []


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("q", ["cafe", "CAFÉ", "caf bow", '"café"*', "bowl %"])
def test_search_finds_words_and_prefixes(q: str) -> None:
    assert titles(q=q, sort="relevance") == ["Café bowl"]


@pytest.mark.usefixtures("shelf")
def test_pages_of_lists_and_products_answer(client: FlaskClient) -> None:
    for url in ("/", "/products", "/products?q=tea", "/categories/tea", "/products/sencha"):
        assert client.get(url).status_code == 200, url


@pytest.mark.usefixtures("app")
def test_products_in_stock_are_counted_exactly() -> None:
    make_product(variants=[{"on_hand": 0}])
    for _ in range(3):
        make_product()
    page = queries.load_list_page(ListRequest(in_stock=True))
    assert page.total_text == "3 products"
    assert [count.products for count in page.vendors] == [3]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    "change",
    [
        {"title": "Zen bowl"},
        {"vendor": "Other kiln"},
        {"description_html": "<p>Fired twice &amp; polished</p>"},
        {"status": "archived"},
        {"category": "Tea"},
        {"category": None},
        {"price": 100},
    ],
    ids=str,
)
def test_updating_one_product_equals_a_refresh(change: dict[str, object]) -> None:
    product = make_product(
        "Bowl", category=make_category("Bowls"), variants=[{"price": 900}, {"option1": "b"}]
    )
    with write_transaction() as session:
        product = session.get_one(Product, product.id)
        before = product_update.snapshot(product, product.variants, ("bowls", "Bowls"))
        category: tuple[str | None, str | None] = ("bowls", "Bowls")
        match change:
            case {"category": None}:
                product.category_id, category = None, (None, None)
            case {"category": str(name)}:
                product.category_id, category = make_category(name).id, (name.lower(), name)
            case {"price": int(price)}:
                product.variants[1].price = price
            case _:
                for name, value in change.items():
                    setattr(product, name, value)
        product_update.set_prices(product, product.variants)
        session.flush()
        product_update.update(session, before, product_update.snapshot(product, product.variants, category))
        product_id = product.id
    updated = list_index()
    with write_transaction() as session:
        writer.refresh(session, [product_id])
    assert list_index() == updated


def test_prices_are_the_lowest_and_the_highest() -> None:
    variants = [PricedVariant(500, 2, 600), PricedVariant(500, 1, 700), PricedVariant(900, 0, None)]
    assert prices(variants) == (500, 900, 700)
    assert prices([]) == (None, None, None)


def list_index() -> list[list[str]]:
    """Return the rows of every table that the list index consists of."""
    tables = ("listing", "listing_vendor", "category", "product", "product_search")
    return [sorted(map(str, db.session.execute(text(f"SELECT * FROM {table}")).all())) for table in tables]
