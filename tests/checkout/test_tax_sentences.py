"""A product's page and the basket say whether prices contain tax, in the shop's language, as its numbers are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.accounts.people import Browser
from tests.conftest import make_app
from tests.factories import make_product

TERMS = """
prices_include_tax = {included}
[[delivery]]
code = "post"
name = "Post"
price = "4.90"
[tax.DE]
rate = "{rate}"
"""


@pytest.fixture
def goods(app: Flask) -> Flask:
    """A shop with a pot, a song that is not sent, and a book that is not taxed."""
    make_product("Pot", variants=[{"sku": "POT", "weight_grams": 1250}])
    make_product("Song", variants=[{"sku": "SONG", "requires_shipping": False}])
    make_product("Book", variants=[{"sku": "BOOK", "taxable": False}])
    return app


def open_shop(goods: Flask, redis_url: str, folder: Path, terms: str, locale: str) -> Browser:
    """Return a browser, with a pot in its basket, at this shop with these terms and this locale."""
    (folder / "own").mkdir()
    file = folder / "terms.toml"
    file.write_text(terms)
    about = {"STOREFRONT_CHECKOUT_FILE": str(file), "STOREFRONT_LOCALE": locale, "REDIS_URL": redis_url}
    browser = Browser(make_app(goods.config["DATABASE_URL"], folder / "own", **about))
    browser.post("/cart/lines", sku="POT")
    return browser


def read_taxes(browser: Browser) -> list[str]:
    """Return what the pages of pot, song and book say below the price, and what the basket says below its sum."""
    pages = [browser.get(f"/products/{slug}").text for slug in ("pot", "song", "book")]
    said = ["".join(re.findall(r'<p class="product__tax">(.*?)</p>', page)) for page in pages]
    return [*said, *re.findall(r'<p class="cart__note">(.*?)</p>', browser.get("/cart").text)]


@pytest.mark.parametrize(
    ("locale", "included", "rate", "said"),
    [
        (
            "de_DE",
            "true",
            "19",
            [
                *("inkl. MwSt., zzgl. Versand", "inkl. MwSt.", ""),
                "Inkl. MwSt. Die Versandkosten werden an der Kasse berechnet.",
            ],
        ),
        (
            "en_US",
            "false",
            "19",
            ["", "", "", "Delivery and taxes are calculated at checkout."],
        ),
        ("en_US", "true", "0", ["", "", "", "Delivery is calculated at checkout."]),
    ],
)
def test_prices_say_whether_they_contain_tax(
    goods: Flask, redis_url: str, tmp_path: Path, locale: str, included: str, rate: str, said: list[str]
) -> None:
    terms = TERMS.format(included=included, rate=rate)
    browser = open_shop(goods, redis_url, tmp_path, terms, locale)
    assert read_taxes(browser) == said


def test_weights_are_numbers_of_the_language(goods: Flask, redis_url: str, tmp_path: Path) -> None:
    assert "1.25 kg" in Browser(goods).get("/products/pot").text
    german = open_shop(goods, redis_url, tmp_path, TERMS.format(included="true", rate="19"), "de_DE")
    assert "1,25 kg" in german.get("/products/pot").text


def test_checkout_says_that_the_tax_comes_with_the_address(
    goods: Flask, redis_url: str, tmp_path: Path
) -> None:
    terms = TERMS.format(included="false", rate="0") + '[tax.US]\nrate = "0"\nregions = { CA = "7.25" }\n'
    browser = open_shop(goods, redis_url, tmp_path, terms, "en_US")
    assert "<dt>Tax</dt><dd>Depends on your address</dd>" in browser.get("/checkout").text
