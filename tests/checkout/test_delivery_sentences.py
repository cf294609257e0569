"""Every product's page shows the price and time of delivery from checkout.toml."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from tests.conftest import make_app
from tests.factories import make_product

TERMS = """
[[delivery]]
code = "standard"
name = "Post"
price = "4.90"
free_from = "50.00"
countries = ["DE", "AT"]
days = "3 days"

[[delivery]]
code = "pick-up"
name = "Pick up <here>"
price = "0.00"
countries = ["DE", "AT", "CH"]
"""


def test_product_page_shows_the_price_of_delivery(app: Flask, redis_url: str, tmp_path: Path) -> None:
    make_product("Pot")
    page = app.test_client().get("/products/pot").text
    assert "Standard delivery $4.90, free from $50.00, 3 to 5 working days" in page
    assert "Express delivery $12.90, 1 to 2 working days" in page

    file = tmp_path / "terms.toml"
    file.write_text(TERMS)
    # Pages with other terms must not share cache entries.
    about = {"REDIS_URL": redis_url, "STOREFRONT_CACHE_PREFIX": app.config["CACHE_PREFIX"]}
    (tmp_path / "own").mkdir()
    own = make_app(app.config["DATABASE_URL"], tmp_path / "own", STOREFRONT_CHECKOUT_FILE=str(file), **about)
    page = own.test_client().get("/products/pot").text
    assert "Post $4.90, free from $50.00, to Austria and Germany, 3 days" in page
    assert "Pick up &lt;here&gt;, free, to 3 countries" in page
    assert "Express" not in page
