"""The metafields that a merchant chose are details on the pages of products; the others stay hidden."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog import metafields
from tests.factories import make_product

EXTRA = {
    "Fabric (product.metafields.custom.fabric)": "linen <b>",
    "Care (product.metafields.custom.care)": "cold",
    "Google Shopping / MPN": "7",
    "(product.metafields.custom.origin)": "Ghent",
    "Empty (product.metafields.custom.empty)": " ",
}


def run(app: Flask, *words: str) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["catalog", *words])
    return result.exit_code, result.output


def test_chosen_metafields_are_details_of_the_page_at_once(app: Flask, client: FlaskClient) -> None:
    make_product("Shirt", extra=EXTRA)
    make_product("Cup")
    assert "linen" not in client.get("/products/shirt").text
    for key in ("custom.fabric", "custom.origin", "custom.empty"):
        status, told = run(app, "show-metafield", key)
    assert (status, told) == (0, "Shown on pages of products: custom.empty, custom.fabric, custom.origin.\n")
    page = client.get("/products/shirt").text
    assert "<dt><bdi>Fabric</bdi></dt><dd><bdi>linen &lt;b&gt;</bdi></dd>" in page
    assert "<dt><bdi>custom.origin</bdi></dt><dd><bdi>Ghent</bdi></dd>" in page
    assert ("cold" in page, "Empty" in page, "MPN" in page) == (False, False, False)
    assert "Fabric" not in client.get("/products/cup").text
    assert run(app, "hide-metafield", "custom.fabric") == (0, "custom.fabric is not shown any more.\n")
    assert "linen" not in client.get("/products/shirt").text


def test_a_key_that_is_no_metafield_is_refused(app: Flask) -> None:
    for key in ("fabric", "Fabric (product.metafields.custom.fabric)", ".x", "a.b\n"):
        status, told = run(app, "show-metafield", key)
        assert (status, "Write namespace.key" in told) == (1, True)
    assert run(app, "hide-metafield", "custom.fabric")[0] == 1
    assert run(app, "show-metafield") == (0, "No metafield is shown.\n")


def test_names_and_values_keep_the_order_of_the_file() -> None:
    shown = ["custom.care", "custom.fabric"]
    assert metafields.details(EXTRA, shown) == [("Fabric", "linen <b>"), ("Care", "cold")]
    assert metafields.details(EXTRA, [""]) == []
