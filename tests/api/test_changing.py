"""PUT, PATCH and stock: what they change, what they drop and tell, and what they refuse with nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront import redis_roles
from storefront.catalog.models import Product, Variant
from storefront.extensions import db
from storefront.redis_roles import Role
from storefront.stock import StockItem, StockMovement
from storefront.stock.telling import names
from tests.api.conftest import Call
from tests.cache.conftest import get
from tests.catalog.test_cost import statements
from tests.factories import make_category, make_product
from tests.processes import eventually

BOTH = "catalog:write stock:write"


@pytest.fixture
def pot(app: Flask) -> int:
    """A pot with one variant, in a shop with another product."""
    make_product("Plate", category=make_category("Plates"), variants=[{"sku": "PLATE"}])
    pots = make_category("Tea", "Pots")
    variant = {"sku": "POT", "price": 2000, "on_hand": 9, "reserved": 2}
    return make_product("Pot", category=pots, variants=[variant], pictures=1).id


def read(call: Call, pot: int, scopes: str = BOTH) -> Any:
    return call("GET", f"/products/{pot}", scopes=scopes).get_json()


def test_what_was_read_can_be_sent_back_and_changes_nothing(call: Call, pot: int) -> None:
    before = read(call, pot)
    with statements() as seen:
        answer = call("PUT", f"/products/{pot}", before, scopes=BOTH)
    assert (answer.status_code, answer.get_json()) == (200, before)
    assert [s for s in seen if s.startswith(("UPDATE", "INSERT", "DELETE"))] == []


def test_a_put_replaces_and_shows_at_once_on_page_list_and_api(call: Call, pot: int, app: Flask) -> None:
    client = app.test_client()
    addresses = (
        f"/api/v1/products/{pot}",
        "/api/v1/products?q=kettle",
        "/products/pot",
        "/products?q=kettle",
    )
    for address in addresses:
        client.get(address)
    wanted = read(call, pot) | {
        "title": "Kettle",
        "category": {"path": "plates"},
        "vendor": "Me",
        "description_html": "<p>x<script>1</script>",
    }
    wanted["variants"][0] |= {
        "price": {"amount": 777, "currency": "USD"},
        "options": {"Size": "L"},
        "stock": None,
    }
    wanted["variants"].append(
        {"sku": "POT-2", "price": {"amount": 900, "currency": "USD"}, "options": {"Size": "S"}}
    )
    del wanted["price"], wanted["stock"]
    answer = call("PUT", f"/products/{pot}", wanted, scopes=BOTH)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert (found["title"], found["vendor"], found["category"]["path"]) == ("Kettle", "Me", "plates")
    assert (found["price"]["amount"], found["description_html"], found["stock"]) == (777, "<p>x</p>", 7)
    assert [v["options"] for v in found["variants"]] == [{"Size": "L"}, {"Size": "S"}]
    assert read(call, pot) == found
    db.session.rollback()
    assert "Kettle" in client.get("/products/pot").text
    assert client.get("/api/v1/products?q=kettle").get_json()["total"] == 1
    assert client.get("/api/v1/products?q=pot").get_json()["total"] == 1  # by its SKU
    assert "Kettle" in client.get("/categories/plates").text


def test_a_put_of_fewer_variants_removes_the_others_unless_they_are_reserved(call: Call) -> None:
    two = make_product(
        variants=[{"sku": "A", "option1": "a"}, {"sku": "B", "option1": "b", "reserved": 1}]
    ).id
    wanted = read(call, two, "catalog:write")
    wanted |= {
        "stock": None,
        "variants": [v | {"stock": None} for v in wanted["variants"] if v["sku"] == "A"],
    }
    refused = call("PUT", f"/products/{two}", wanted, scopes="catalog:write")
    assert (refused.status_code, "reserved" in refused.get_json()["detail"]) == (409, True)
    assert db.session.scalar(select(func.count(Variant.id)).where(Variant.product_id == two)) == 2
    db.session.execute(db.update(StockItem).values(reserved=0))
    db.session.commit()
    assert call("PUT", f"/products/{two}", wanted, scopes="catalog:write").status_code == 200
    assert db.session.scalar(select(func.count(StockItem.id)).where(StockItem.sku == "B")) == 0


def test_a_patch_changes_what_it_names_alone(call: Call, pot: int) -> None:
    before = read(call, pot)
    change = {"variants": [{"sku": "POT", "price": {"amount": 1, "currency": "USD"}}]}
    after = call("PATCH", f"/products/{pot}", change, scopes=BOTH).get_json()
    assert after["price"]["amount"] == 1
    assert {k for k in before if before[k] != after[k]} <= {"price", "variants", "updated_at"}
    assert (
        call("PATCH", f"/products/{pot}", {"stock": 3, "title": "Jug"}, scopes=BOTH).get_json()["stock"] == 3
    )
    assert (
        call(
            "PATCH", f"/products/{pot}", {"price": {"amount": 5, "currency": "USD"}}, scopes=BOTH
        ).get_json()["variants"][0]["price"]["amount"]
        == 5
    )
    gone = call("PATCH", f"/products/{pot}", {"slug": "jug", "status": "archived"}, scopes=BOTH).get_json()
    assert (gone["slug"], gone["status"]) == ("jug", "archived")
    assert call("GET", f"/products/{pot}").status_code == 410


@pytest.mark.parametrize("how", ["product", "variant", "put", "top"])
def test_a_change_of_stock_is_published_and_written_down(app: Flask, call: Call, pot: int, how: str) -> None:
    channel, _ = names(app)
    heard = redis_roles.client(Role.STOCK).pubsub()
    heard.subscribe(channel)
    assert eventually(lambda: heard.get_message(timeout=0.1))
    wanted = read(call, pot)
    if how == "product":
        call("PATCH", f"/products/{pot}", {"variants": [{"sku": "POT", "stock": 4}]}, scopes=BOTH)
    elif how == "variant":
        call("PUT", "/variants/POT/stock", {"stock": 4, "reason": "count"}, scopes="stock:write")
    elif how == "put":
        wanted["variants"][0]["stock"] = 4
        call("PUT", f"/products/{pot}", wanted, scopes=BOTH)
    else:
        call("PUT", f"/products/{pot}", wanted | {"stock": 4}, scopes=BOTH)
    messages: list[Any] = []
    assert eventually(lambda: (m := heard.get_message(timeout=0.1)) and messages.append(m) is None)
    event = json.loads(messages[0]["data"])
    assert (event["product_id"], event["sku"], event["stock"], event["sku_stock"]) == (pot, "POT", 4, 4)
    heard.close()
    assert read(call, pot)["stock"] == 4
    item = db.session.execute(select(StockItem).where(StockItem.sku == "POT")).scalar_one()
    assert (item.on_hand, item.reserved) == (6, 2)
    line = db.session.execute(select(StockMovement).where(StockMovement.sku == "POT")).scalar_one()
    assert (line.quantity, line.actor) == (-3, "token tests")


def test_a_price_drops_the_pages_that_print_it_and_no_other(call: Call, pot: int, app: Flask) -> None:
    client = app.test_client()
    printing = (
        "/products/pot",
        "/products",
        "/categories/tea",
        f"/api/v1/products/{pot}",
        "/api/v1/products?sort=price",
    )
    others = (
        "/products/plate",
        "/categories/plates",
        "/api/v1/categories",
        "/api/v1/products?category=plates",
    )
    for address in (*printing, *others) * 2:
        get(client, address)
    price = {"variants": [{"sku": "POT", "price": {"amount": 4242, "currency": "USD"}}]}
    assert call("PATCH", f"/products/{pot}", price, scopes="catalog:write").status_code == 200
    for address in printing:
        answer = get(client, address)
        assert "miss" in answer.headers["Cache-Status"], address
        assert "42.42" in answer.text or "4242" in answer.text, address
    for address in others:
        assert "hit" in get(client, address).headers["Cache-Status"], address


def test_a_put_costs_at_most_eight_statements(call: Call, pot: int) -> None:
    # Who hears of webhooks is read once a second.
    assert call("PATCH", f"/products/{pot}", {"stock": 4}, scopes=BOTH).status_code == 200
    for change in ({"title": "New"}, {"price": {"amount": 1234, "currency": "USD"}}, {"stock": 5}):
        wanted = read(call, pot) | change
        if "price" in change:
            wanted["variants"][0]["price"] = change["price"]
        if "stock" not in change:
            wanted["stock"] = wanted["variants"][0]["stock"] = None
        with statements() as seen:
            answer = call("PUT", f"/products/{pot}", wanted, scopes=BOTH)
        assert answer.status_code == 200, answer.text
        seen = [s for s in seen if not s.startswith("BEGIN")]
        assert len(seen) <= 8, (change, "\n\n".join(seen))


def test_a_stale_if_match_is_refused_and_a_fresh_one_taken(call: Call, pot: int) -> None:
    for scopes in ("", BOTH):
        for encoding in ("br", "identity"):
            etag = call("GET", f"/products/{pot}", scopes=scopes, Accept_Encoding=encoding).headers["ETag"]
            change = {"title": f"Pot {scopes} {encoding}"}
            done = call("PATCH", f"/products/{pot}", change, scopes=BOTH, If_Match=f'"x", {etag}')
            assert done.status_code == 200
            stale = call("PATCH", f"/products/{pot}", {"title": "Never"}, scopes=BOTH, If_Match=etag)
            assert (stale.status_code, stale.mimetype) == (412, "application/problem+json")
            again = call(
                "PATCH",
                f"/products/{pot}",
                {"vendor": encoding + scopes},
                scopes=BOTH,
                If_Match=done.headers["ETag"],
            )
            assert again.status_code == 200
    assert read(call, pot)["title"] != "Never"


def test_a_request_that_is_sent_again_is_answered_the_same_and_done_once(call: Call, pot: int) -> None:
    def send(stock: int, key: str = "count-1") -> Any:
        body = {"stock": stock, "reason": "count"}
        return call("PUT", "/variants/POT/stock", body, scopes="stock:write", Idempotency_Key=key)

    first, second = send(4), send(1, "other")
    again = send(4)
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert read(call, pot)["stock"] == 1
    other = send(5)
    assert (other.status_code, other.mimetype) == (409, "application/problem+json")
    assert (read(call, pot)["stock"], second.status_code) == (1, 200)
    assert send(5, "é").status_code == 400
    db.session.execute(db.text("UPDATE api_idempotency_key SET created_at = '2020-01-01 00:00:00+00:00'"))
    db.session.commit()
    assert (send(6).status_code, read(call, pot)["stock"]) == (200, 6)


NUL, DEEP = b'{"title": "a\\u0000b"}', b'{"images": ' + b"[" * 500_000 + b"]" * 500_000 + b"}"
PRICE = {"amount": 1, "currency": "USD"}


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, None),
        (b"", 400, None),
        (b'{"title": "a", "title": "b"}', 400, None),
        (b'{"title": NaN}', 400, None),
        (b'{"title": "\\ud800"}', 400, None),
        (b"\xff\xfe", 400, None),
        (DEEP, 400, None),
        (b'{"images": ' + b"[" * 100 + b"]" * 100 + b"}", 400, None),
        (b"[" * 10_000_000, 413, None),
        (b'{"stock": ' + b"9" * 5000 + b"}", 400, None),
        (b'{"stock": 99999999999999999999999}', 422, ["/stock"]),
        (b'{"stock": 2147483648}', 422, ["/stock"]),
        (b'{"stock": 1.5}', 422, ["/stock"]),
        (b'{"stock": -1}', 422, ["/stock"]),
        (b'{"stock": "7"}', 422, ["/stock"]),
        (NUL, 422, ["/title"]),
        (b"[]", 422, [""]),
        ({"colour": 1, "variants": [{"sku": "POT", "a/b": 1, "price": PRICE | {"x": 1}}]}, 422,
         ["/colour", "/variants/0/a~1b", "/variants/0/price/x"]),
        ({"title": ""}, 422, ["/title"]),
        ({"title": "  "}, 422, ["/title"]),
        ({"title": "a" * 501}, 422, ["/title"]),
        ({"status": "sold"}, 422, ["/status"]),
        ({"slug": "Ärger"}, 422, ["/slug"]),
        ({"category": {"path": "nowhere"}}, 422, ["/category/path"]),
        ({"variants": [{"sku": "PLATE", "price": PRICE}]}, 422, ["/variants/0/sku"]),
        ({"variants": [{"sku": "P\u043eT", "price": PRICE}]}, 422, ["/variants/0/sku"]),
        ({"price": {"amount": 1, "currency": "EUR"}}, 422, ["/price/currency"]),
        ({"slug": "plate"}, 409, None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_nothing_is_written(
    call: Call, pot: int, body: Any, status: int, pointers: list[str] | None
) -> None:
    before = read(call, pot)
    answer = call("PATCH", f"/products/{pot}", body, scopes=BOTH)
    problem = answer.get_json(force=True)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), problem
    assert problem["detail"]
    if pointers is not None:
        assert [fault["pointer"] for fault in problem["errors"]] == pointers
    assert read(call, pot) == before


@pytest.mark.parametrize(
    "sku", ["PO\u200bT", "\u202ePOT", " POT", "POT ", "ＰＯＴ", "PO\u00adT", "P\u2003OT", "PLATE"]
)
def test_a_sku_that_looks_like_another_or_is_another_s_is_refused(call: Call, pot: int, sku: str) -> None:
    wanted = {"title": "Pot", "status": "active", "variants": [{"sku": sku, "price": PRICE}]}
    with statements():
        answer = call("PUT", f"/products/{pot}", wanted, scopes="catalog:write")
    assert answer.status_code in (409, 422)
    assert db.session.scalar(select(func.count(Variant.id))) == 2
    assert (
        call("PUT", f"/variants/{sku}x/stock", {"stock": 1, "reason": "x"}, scopes="stock:write").status_code
        == 404
    )


def test_content_types_scopes_and_unknown_ids(call: Call, pot: int) -> None:
    form = call(
        "PATCH", f"/products/{pot}", b"title=x", scopes=BOTH, Content_Type="application/x-www-form-urlencoded"
    )
    assert form.status_code == 415
    assert call("PATCH", "/products/999999", {"title": "x"}, scopes=BOTH).status_code == 404
    assert (
        call("PUT", "/variants/none/stock", {"stock": 1, "reason": "x"}, scopes="stock:write").status_code
        == 404
    )
    assert call("PATCH", f"/products/{pot}", {"title": "x"}).status_code == 401
    for scopes, body in (
        ("stock:write", {"title": "x"}),
        ("catalog:write", {"stock": 1}),
        ("catalog:read", {}),
    ):
        answer = call("PATCH", f"/products/{pot}", body, scopes=scopes)
        assert (answer.status_code, "insufficient_scope" in answer.headers["WWW-Authenticate"]) == (403, True)
    assert (
        call("PUT", "/variants/POT/stock", {"stock": 1, "reason": " "}, scopes="stock:write").status_code
        == 422
    )
    assert db.session.get_one(Product, pot).title == "Pot"
