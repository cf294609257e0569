"""The menu ranks categories by size, and a page lists all of them with true counts."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from storefront.catalog import category_tree
from storefront.catalog.category_ranking import TOP_CATEGORIES
from storefront.catalog.models import Category
from storefront.extensions import write_transaction
from tests.cache.conftest import get
from tests.factories import make_category, make_product


def fill(counts: dict[str, int]) -> None:
    for name, count in counts.items():
        category = make_category(*name.split(" > "))
        for _ in range(count):
            make_product(category=category)


def menu(client: FlaskClient, url: str = "/") -> list[str]:
    found = re.search(r'<nav class="category-nav".*?</nav>', get(client, url).text, re.S)
    return re.findall(r"<a [^>]*>([^<]+)</a>", found[0]) if found else []


def tree(client: FlaskClient) -> list[tuple[str, str]]:
    page = get(client, "/categories").text
    return re.findall(r'<span dir="auto">([^<]+)</span>.*?, </span>([\d,]+)<', page)


def test_the_menu_ranks_by_size_and_leads_to_all(client: FlaskClient) -> None:
    fill({f"A{n:02}": 1 for n in range(TOP_CATEGORIES)} | {"Bikes": 3, "Zips > Long": 2})
    shown = menu(client)
    assert shown[:3] == ["All categories", "Bikes", "Zips"]
    assert len(shown) == TOP_CATEGORIES + 1
    home = get(client, "/").text
    assert "15 products in 13 categories" in home
    assert re.search(r'<h2 id="categories">.*?</h2>\s*<a href="/categories">All categories</a>', home)


def test_the_order_of_the_merchant_wins(client: FlaskClient) -> None:
    fill({"Large": 3, "Middle": 2, "Small": 1})
    assert menu(client)[1:] == ["Large", "Middle", "Small"]
    with write_transaction() as session:
        for place, name in ((1, "small"), (2, "large")):
            session.query(Category).filter_by(path=name).one().position = place
    assert menu(client)[1:] == ["Small", "Large", "Middle"]


def test_menus_change_at_once_when_the_ranks_do(client: FlaskClient) -> None:
    fill({"Cups": 3, "Bowls": 1, "Vases": 0})
    assert menu(client, "/categories/cups")[1:] == ["Cups", "Bowls"]
    fill({"Bowls": 1})  # still behind the cups
    assert "hit" in get(client, "/categories/cups").headers["Cache-Status"]
    fill({"Bowls": 2})
    assert menu(client, "/categories/cups")[1:] == ["Bowls", "Cups"]
    fill({"Vases": 1})
    assert menu(client, "/categories/cups")[1:] == ["Bowls", "Cups", "Vases"]


def test_all_categories_are_a_tree_with_true_counts(client: FlaskClient) -> None:
    fill({"Table": 1, "Table > Cups": 2, "Table > Cups > Small": 1, "Plates": 1, "Empty": 0})
    assert tree(client) == [("Table", "4"), ("Cups", "3"), ("Small", "1"), ("Plates", "1")]
    assert "4 categories" in get(client, "/categories").text
    fill({"Plates": 1})
    assert tree(client)[-1] == ("Plates", "2")
    assert "hit" in get(client, "/categories?utm_source=x").headers["Cache-Status"]
    assert "/categories</loc>" in get(client, "/sitemap-categories.xml").text
    assert client.get("/categories/").location == client.get("/categories//").location == "/categories"


def test_a_huge_tree_shows_whole_levels(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(category_tree, "MAX_CATEGORIES", 3)
    fill({"Table > Cups": 2, "Table > Pots": 1, "Plates": 1})
    assert tree(client) == [("Table", "3"), ("Plates", "1")]
    assert "4 categories" in get(client, "/categories").text
    assert "continue on their own pages" in get(client, "/categories").text


@pytest.mark.any_database
def test_an_empty_shop_has_a_page_of_categories(client: FlaskClient) -> None:
    assert "No products here yet" in get(client, "/categories").text
