"""Addresses that lead on: misspelt ones, those of the shop that moved here, and redirects."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.models import AddressRedirect, Product
from storefront.catalog.moved_addresses import redirect_key
from storefront.extensions import write_transaction
from tests.factories import make_category, make_product
from tests.statements import statements


def add_redirects(**targets: str) -> None:
    """Redirect `/NAME` to each target; two underscores are a slash."""
    with write_transaction() as session:
        for name, target in targets.items():
            session.add(AddressRedirect(path=redirect_key("/" + name.replace("__", "/")), target=target))


def leads_to(client: FlaskClient, path: str) -> str | int:
    """Return where a path leads by 301, else the status of its answer."""
    answer = client.get(path)
    return str(answer.location) if answer.status_code == 301 else answer.status_code


MISSPELT = (
    "/products/Teapot/",
    "/products/teapot",
    "/products/TEAPOT",
    "/Products/teapot",
    "/products//Teapot",
    "/products/Teapot.",
    "/products/Teapot%20",
    "/products/Teapot%3E",
    "/products/Teapot)",
    "/products/teapot).,%0A",
    "/products/Teapot/)",
    "/collections/all/products/Teapot",
    "/collections/anything/products/teapot/",
)


def test_a_misspelt_address_of_a_product_leads_to_it(client: FlaskClient) -> None:
    make_product("Pot", slug="Teapot")
    for path in MISSPELT:
        answer = client.get(path, follow_redirects=True)
        assert (answer.status_code, answer.request.path) == (200, "/products/Teapot"), path
        assert {past.status_code for past in answer.history} <= {301, 308}


def test_each_of_two_slugs_that_differ_by_case_answers(client: FlaskClient) -> None:
    for slug in ("tea_pot", "tea-pot", "Tea-Pot", "Чай", "чай"):
        make_product(slug, slug=slug)
    for slug in ("tea_pot", "tea-pot", "Tea-Pot", "Чай", "чай"):
        assert client.get(f"/products/{slug}").status_code == 200
    assert leads_to(client, "/products/TEA-POT") == "/products/tea-pot"
    assert leads_to(client, "/products/%D0%A7%D0%90%D0%99").endswith("%D1%87%D0%B0%D0%B9")
    assert leads_to(client, "/products/Tea-Pot.?variant=X") == "/products/Tea-Pot?variant=X"


def test_categories_and_other_pages_lead_on_too(client: FlaskClient) -> None:
    make_product("Green", category=make_category("Tea", "Green tea"))
    for path in ("tea/green-tea/", "Tea/Green-Tea", "tea/green-tea).", "Tea/Green tea"):
        assert leads_to(client, f"/categories/{path}") == "/categories/tea/green-tea"
    assert leads_to(client, "/collections/tea") == "/categories/tea"
    assert leads_to(client, "/collections/all") == "/products"
    assert leads_to(client, "/collections/none") == 404
    assert (leads_to(client, "/cart/"), leads_to(client, "/CART?x=1")) == ("/cart", "/cart?x=1")
    assert (leads_to(client, "/products/"), leads_to(client, "/nothing/")) == ("/products", 404)


def test_an_address_leads_to_no_draft_and_to_no_other_site(client: FlaskClient) -> None:
    make_product("Secret", slug="Secret", status="draft")
    for path in ("/products/secret", "/products/Secret/", "/products/secret)"):
        assert leads_to(client, path) == 404
    for path in ("//evil.example/", "/%2Fevil.example/", "/\\evil.example/", "/products//evil.example/"):
        target = leads_to(client, path)
        assert isinstance(target, int) or "//evil" not in target.replace("http://127.0.0.1:8000", ""), path


def test_redirects_lead_on_until_they_are_removed(client: FlaskClient) -> None:
    for path in ("/pages/about", "/products/old", "/collections/sale/extra"):
        assert leads_to(client, path) == 404
    make_product("New", slug="new")
    add_redirects(
        pages__about="/?from=about#us", products__old="/products/new", collections__sale="/products"
    )
    assert leads_to(client, "/pages/About/?x=1") == "/?from=about#us"
    assert leads_to(client, "/products/old?variant=X") == "/products/new?variant=X"
    assert leads_to(client, "/products/OLD)") == "/products/new"
    assert leads_to(client, "/collections/sale") == "/products"
    assert client.post("/pages/about").status_code == 405
    for path in ("/pages/about", "/products/old"):
        control = client.get(path).cache_control
        assert control.no_cache or control.max_age == 0, "a browser asks again"
    with write_transaction() as session:
        for row in session.query(AddressRedirect):
            session.delete(row)
    assert [leads_to(client, path) for path in ("/pages/about", "/products/old")] == [404, 404]


def test_a_page_wins_over_a_redirect(client: FlaskClient) -> None:
    add_redirects(products__pot="/products", cart="/products", categories__tea="/products")
    assert leads_to(client, "/products/pot") == "/products"
    product = make_product("Pot", category=make_category("Tea"))
    assert [leads_to(client, path) for path in ("/products/pot", "/cart", "/categories/tea")] == [200] * 3
    with write_transaction() as session:
        session.get_one(Product, product.id).status = "archived"
    assert leads_to(client, "/products/pot") == "/products"


def test_a_chain_of_redirects_leads_to_its_end_at_once(client: FlaskClient) -> None:
    make_product("Pot", category=make_category("Tea"))
    add_redirects(
        a="/b", b="/C/", c="/collections/tea", d="/e", e="/d", f="/products/POT?x=1", products__pot="/a"
    )
    assert leads_to(client, "/a") == "/categories/tea"
    assert leads_to(client, "/d") == 404
    assert leads_to(client, "/f") == "/products/pot?x=1"


def test_pages_cost_nothing_more_and_unknown_ones_little(app: Flask, client: FlaskClient) -> None:
    make_product("Pot")
    for path, most in (("/products/none", 4), ("/none", 0), ("/none/", 0)):
        client.get("/unknown")
        with statements() as asked:
            assert client.get(path).status_code == 404
        assert len(asked) <= most, asked
        with statements() as asked:
            assert client.get(path).status_code == 404
        assert asked == []
