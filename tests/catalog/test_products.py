"""A product's page, and its present and former addresses."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from storefront.catalog import queries
from storefront.catalog.models import ProductRedirect
from storefront.extensions import write_transaction
from tests.factories import make_category, make_product

COLOURS = [
    {"sku": "MUG-BLUE", "option1": "Blue", "option2": "Small", "on_hand": 0},
    {"sku": "MUG-BLUE-L", "option1": "Blue", "option2": "Large", "on_hand": 3},
    {"sku": "MUG-RED", "option1": "Red", "option2": "Small", "price": 2499, "compare_at_price": 2999},
]


def test_cheapest_variant_that_can_be_bought_is_selected(app: object) -> None:
    make_product("Mug", option_names=["Colour", "Size"], variants=COLOURS)
    page = queries.load_product_page("mug")
    assert page.selected(None).sku == "MUG-BLUE-L"
    assert page.selected("MUG-RED").sku == "MUG-RED"
    assert page.selected("unknown").sku == "MUG-BLUE-L"


def test_choosing_an_option_keeps_the_other_options(app: object) -> None:
    make_product("Mug", option_names=["Colour", "Size"], variants=COLOURS)
    page = queries.load_product_page("mug")
    choices = dict(page.choices(page.selected("MUG-BLUE-L")))
    red = next(choice for choice in choices["Colour"] if choice.value == "Red")
    assert (red.target.sku, red.exact) == ("MUG-RED", False)
    small = next(choice for choice in choices["Size"] if choice.value == "Small")
    assert (small.target.sku, small.exact, small.target.badge.text) == ("MUG-BLUE", True, "Sold out")


def test_an_option_leads_to_what_can_be_bought(app: object) -> None:
    variants = [
        {"sku": "A", "option1": "Blue", "option2": "Small"},
        {"sku": "B", "option1": "Red", "option2": "Medium", "on_hand": 0},
        {"sku": "C", "option1": "Red", "option2": "Large"},
        {"sku": "D", "option1": "Pine", "option2": "Large", "on_hand": 0},
    ]
    make_product("Mug", option_names=["Colour", "Size"], variants=variants)
    page = queries.load_product_page("mug")
    colours = {choice.value: choice for choice in dict(page.choices(page.selected("A")))["Colour"]}
    assert [v.sku for v in colours["Red"].variants] == ["B", "C"]
    assert colours["Red"].target.sku == "C"
    assert not colours["Pine"].target.badge.buyable


def test_badge_shows_only_public_stock_information(app: object) -> None:
    make_product("Mug", option_names=["Colour", "Size"], variants=COLOURS)
    badges = {v.sku: v.badge for v in queries.load_product_page("mug").variants}
    assert (badges["MUG-BLUE-L"].text, badges["MUG-BLUE-L"].left) == ("Only 3 left", 3)
    assert (badges["MUG-RED"].text, badges["MUG-RED"].left) == ("In stock", None)


@pytest.mark.parametrize(("status", "code"), [("draft", 404), ("archived", 410), ("active", 200)])
def test_only_active_products_are_shown(client: FlaskClient, status: str, code: int) -> None:
    make_product("Secret cup", status=status)
    assert client.get("/products/secret-cup").status_code == code
    assert ("Secret cup" in client.get("/products").text) == (status == "active")
    assert ("Secret cup" in client.get("/products?q=secret").text) == (status == "active")


def test_old_slug_redirects_to_the_new_one(client: FlaskClient) -> None:
    product = make_product("New cup")
    with write_transaction() as session:
        session.add(ProductRedirect(slug="old-cup", product_id=product.id))
    response = client.get("/products/old-cup?variant=X")
    assert (response.status_code, response.location) == (301, "/products/new-cup?variant=X")


def test_related_products_are_neighbours_in_the_category(app: object) -> None:
    tea = make_category("Tea")
    for n in range(7):
        make_product(f"Tea {n}", category=tea)
    make_product("Bowl", category=make_category("Bowls"))
    assert [card.title for card in queries.load_product_page("tea-5").related] == [
        "Tea 4",
        "Tea 3",
        "Tea 2",
        "Tea 1",
    ]
    assert [card.title for card in queries.load_product_page("tea-1").related] == [
        "Tea 0",
        "Tea 6",
        "Tea 5",
        "Tea 4",
    ]


def test_untracked_variant_can_always_be_bought(app: object) -> None:
    make_product("Gift card", variants=[{"tracked": False, "on_hand": 0}])
    assert queries.load_product_page("gift-card").variants[0].badge.text == "In stock"


def test_backorder_product_can_be_ordered_at_zero(client: FlaskClient) -> None:
    make_product("Commission", variants=[{"backorder": True, "on_hand": 0}])
    assert queries.load_product_page("commission").variants[0].badge.buyable
    assert "Available to order" in client.get("/products").text
