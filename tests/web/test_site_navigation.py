"""Header and footer are the same on every page of the shop, also on error pages."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.extensions import write_transaction
from storefront.web import site_navigation
from tests.factories import make_category, make_product

PAGES = ("/", "/products", "/cart", "/checkout", "/account/login", "/account/register", "/nowhere")


def frame(page: str) -> tuple[str, str]:
    """Return the page's categories without the mark of the current one, and its footer."""
    [nav] = re.findall(r'<nav class="category-nav".*?</nav>', page, re.S)
    [footer] = re.findall(r"<footer.*?</footer>", page, re.S)
    return re.sub(r' aria-current="\w+"', "", nav), footer


@pytest.mark.any_database
def test_every_page_has_the_same_categories_and_footer(client: FlaskClient) -> None:
    for name in ("Tea & more", "Cups"):
        make_product(f"A thing of {name}", category=make_category(name), slug=name.split()[0].lower())
    frames = {
        url: frame(client.get(url).text)
        for url in (*PAGES, "/categories/cups", "/products/tea", "/cart/line")
    }
    assert set(frames.values()) == {frames["/"]}
    for part in frames["/"]:
        assert part.count("Tea &amp; more</a>") == part.count('href="/categories/cups"') == 1


@pytest.mark.any_database
def test_a_renamed_category_shows_on_error_pages_at_once(client: FlaskClient) -> None:
    cups = make_category("Cups")
    make_product("Cup", category=cups)
    assert ">Cups</a>" in client.get("/nowhere").text
    with write_transaction() as session:
        session.merge(cups).name = "Mugs"
    page = client.get("/nowhere").text
    assert ">Mugs</a>" in page
    assert ">Cups</a>" not in page


@pytest.mark.any_database
def test_links_stay_while_the_database_is_away(app: Flask, client: FlaskClient) -> None:
    make_product("Cup", category=make_category("Cups"))
    assert client.get("/cart").status_code == 200
    reads = []

    def fail() -> list[site_navigation.NavigationLink]:
        reads.append(1)
        raise OperationalError("SELECT 1", {}, Exception("away"))

    app.extensions["hook web.navigation_links"][:] = [fail]
    for _ in range(3):
        assert ">Cups</a>" in client.get("/nowhere").text
    assert len(reads) == 1, "a failure is not repeated for each page"
