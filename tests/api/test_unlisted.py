"""An unlisted product has a page and can be bought, but nothing leads to it. Gift cards cannot be sold yet."""

from __future__ import annotations

from flask.testing import FlaskClient

from storefront.cart.recently_viewed import RECENT_COOKIE
from storefront.extensions import write_transaction
from tests.api.conftest import Call
from tests.cart.test_cart import OWN
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product

SCOPE = "catalog:write"
PLACES = ("/", "/products", "/products?q=secret", "/sitemap-1.xml", "/recent", "/api/v1/products?q=secret")


def places(client: FlaskClient) -> set[str]:
    """Return which of the places show the product."""
    return {address for address in PLACES if "secret" in client.get(address).text.lower().split("<main")[-1]}


def test_nothing_leads_to_an_unlisted_product(client: FlaskClient, call: Call) -> None:
    make_product("Plain cup")
    cup = make_product("Secret cup", variants=[{"sku": "S", "price": 1999}]).id
    client.set_cookie(RECENT_COOKIE, str(cup), path="/")
    shown = places(client)
    assert shown >= set(PLACES) - {"/products?q=secret"}
    assert client.get(f"/api/v1/products/{cup}").status_code == 200
    assert "noindex" not in client.get("/products/secret-cup").text
    answer = call("PATCH", f"/products/{cup}", {"unlisted": True}, scopes=SCOPE)
    assert (answer.status_code, answer.get_json()["unlisted"]) == (200, True)
    assert {place for place in places(client) if "q=" not in place} == set()
    assert "secret-cup" not in client.get("/products?q=secret").text
    assert client.get("/api/v1/products?q=secret").get_json()["total"] == 0
    page = client.get("/products/secret-cup")
    assert (page.status_code, '<meta name="robots" content="noindex">' in page.text) == (200, True)
    assert client.get(f"/api/v1/products/{cup}").status_code == 404, "ids can be counted"
    assert call("GET", f"/products/{cup}", scopes="stock:read").status_code == 404
    assert call("GET", f"/products/{cup}", scopes="catalog:read").status_code == 200
    assert place(make_draft({"S": 1})).order.lines[0].title == "Secret cup"
    assert call("PATCH", f"/products/{cup}", {"unlisted": False}, scopes=SCOPE).status_code == 200
    assert places(client) == shown


def test_gift_cards_can_be_neither_published_nor_bought(client: FlaskClient, call: Call) -> None:
    card = make_product("Gift card", status="draft", gift_card=True, variants=[{"sku": "G"}])
    answer = call("PATCH", f"/products/{card.id}", {"status": "active"}, scopes=SCOPE)
    assert answer.status_code == 422
    fault = {"detail": "Gift cards cannot be sold yet. Leave it a draft.", "pointer": "/status"}
    assert answer.get_json()["errors"] == [fault]
    with write_transaction():
        card.status = "active"  # as a release that does not know gift cards does
    answer = client.post("/cart/lines", data={"sku": "G"}, headers=OWN)
    assert answer.status_code == 422


def test_a_publication_is_planned_and_hidden_from_others(client: FlaskClient, call: Call) -> None:
    cup = make_product("Cup", status="draft").id
    plan = {"publish_at": "2099-12-01T09:00:00+01:00", "withdraw_at": "2100-01-06T00:00:00Z"}
    answer = call("PATCH", f"/products/{cup}", plan, scopes=SCOPE)
    assert answer.get_json()["publish_at"] == "2099-12-01T08:00:00Z"
    assert (
        call("PATCH", f"/products/{cup}", {"publish_at": "2099-12-01T09:00:00"}, scopes=SCOPE).status_code
        == 422
    )
    late = call("PATCH", f"/products/{cup}", {"publish_at": "2100-01-06T00:00:00Z"}, scopes=SCOPE)
    assert [fault["pointer"] for fault in late.get_json()["errors"]] == ["/withdraw_at"]
    shown = call("PATCH", f"/products/{cup}", {"status": "active"}, scopes=SCOPE).get_json()
    assert (shown["publish_at"], shown["withdraw_at"]) == (None, "2100-01-06T00:00:00Z")
    whole = call("GET", f"/products/{cup}", scopes=SCOPE).get_json()
    assert call("PUT", f"/products/{cup}", whole, scopes="catalog:write stock:write").status_code == 200
    for scopes in ("stock:read", ""):
        assert call("GET", f"/products/{cup}", scopes=scopes).get_json()["withdraw_at"] is None
