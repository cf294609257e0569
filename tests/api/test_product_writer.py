"""PUT, PATCH and stock: what they change, invalidate and publish."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from storefront import redis_roles
from storefront.catalog.list_index import writer
from storefront.catalog.models import Variant
from storefront.extensions import db, write_transaction
from storefront.redis_roles import Role
from storefront.stock import StockItem, StockMovement
from storefront.stock.publisher import channel_and_prefix
from tests.api.conftest import BOTH, Call, read
from tests.cache.conftest import get
from tests.factories import make_product
from tests.processes import eventually
from tests.statements import statements


def test_sending_back_what_was_read_changes_nothing(call: Call, pot: int) -> None:
    before = read(call, pot)
    with statements() as seen:
        answer = call("PUT", f"/products/{pot}", before, scopes=BOTH)
    assert (answer.status_code, answer.get_json()) == (200, before)
    assert [s for s in seen if s.startswith(("UPDATE", "INSERT", "DELETE"))] == []


def test_put_replaces_and_shows_at_once_everywhere(call: Call, pot: int, app: Flask) -> None:
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


def test_put_removes_unnamed_unreserved_variants(call: Call) -> None:
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


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_variants_can_swap_their_options(call: Call, method: str) -> None:
    three = make_product(
        option_names=["Colour"], variants=[{"sku": sku, "option1": sku} for sku in ("red", "blue", "old")]
    ).id
    wanted = read(call, three, "catalog:write")
    passed = {"red": "blue", "blue": "red", "old": "new", "late": "old"}
    own = {v["sku"]: v | {"stock": None} for v in wanted["variants"]}
    own["late"] = own["old"] | {"sku": "late"}
    if method == "PATCH":  # PATCH adds no variants
        del passed["late"]
    change = {"variants": [own[sku] | {"options": {"Colour": colour}} for sku, colour in passed.items()]}
    if method == "PUT":
        change = wanted | {"price": None, "stock": None} | change
    answer = call(method, f"/products/{three}", change, scopes=BOTH)
    assert answer.status_code == 200, answer.text
    assert {v["sku"]: v["options"]["Colour"] for v in answer.get_json()["variants"]} == passed
    same = {"variants": [{"sku": "red", "options": {"Colour": "red"}}]}
    assert call("PATCH", f"/products/{three}", same, scopes=BOTH).status_code == 409, (
        "another variant has these options"
    )


def test_patch_changes_only_named_members(call: Call, pot: int) -> None:
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
    assert call("PATCH", f"/products/{pot}", b'{"stock": 6.0}', scopes=BOTH).get_json()["stock"] == 6
    gone = call("PATCH", f"/products/{pot}", {"slug": "jug", "status": "archived"}, scopes=BOTH).get_json()
    assert (gone["slug"], gone["status"]) == ("jug", "archived")
    assert call("GET", f"/products/{pot}").status_code == 410


@pytest.mark.any_database
@pytest.mark.parametrize("how", ["product", "variant", "put", "top"])
def test_stock_change_is_published_and_in_the_ledger(app: Flask, call: Call, pot: int, how: str) -> None:
    channel, _ = channel_and_prefix(app)
    heard = redis_roles.get_client(Role.LIVE).pubsub()
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
    assert (line.quantity, line.actor.partition(":")[0]) == (-3, "token")


def test_price_change_invalidates_only_its_pages(call: Call, pot: int, app: Flask) -> None:
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


SIZES = {"L": "POT", "S": "POT-2"}
PRICE = {"price": {"amount": 1234, "currency": "USD"}}
ALL = PRICE | {
    "title": "New",
    "slug": "new",
    "vendor": "New",
    "category": {"path": "plates"},
    "stock": 5,
    "description_html": "<p>New</p>",
}
# The change of each PUT, and the number of statements that it may run; three are for the search if words are new.
# Another category leaves the old one empty here: six more.
PUTS = {
    "title": (10, {"title": "New"}),
    "price": (7, PRICE),
    "stock": (6, {"stock": 5}),
    "slug": (7, {"slug": "kettle"}),
    "vendor": (11, {"vendor": "New"}),
    "title and price": (11, PRICE | {"title": "New"}),
    "price and stock": (9, PRICE | {"stock": 5}),
    "title, price and stock": (13, PRICE | {"title": "New", "stock": 5}),
    "status": (11, {"status": "archived"}),
    "status and back": (13, {"status": "active"}),
    "no category": (14, {"category": None}),
    "category": (21, {"category": {"path": "plates"}}),
    "a variant more": (15, {"sizes": "LS"}),
    "a variant less": (16, {"sizes": "L"}),  # two of them record who deleted the variant and its stock
    "all at once": (27, ALL),
    "all, and out of the lists": (17, ALL | {"status": "draft"}),
    "a draft that stays one": (7, {"title": "New", "category": {"path": "plates"}}),
}


@pytest.mark.parametrize("kind", PUTS)
def test_put_runs_few_statements_and_updates_all_indexes(
    call: Call, pot: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A process reads the webhooks once a second; here once, however long the test takes.
    monkeypatch.setattr(import_module("storefront.api.state"), "SUBSCRIPTIONS_TTL", float("inf"))
    assert call("PATCH", f"/products/{pot}", {"stock": 4}, scopes=BOTH).status_code == 200
    if kind in ("status and back", "a draft that stays one"):
        assert call("PATCH", f"/products/{pot}", {"status": "draft"}, scopes=BOTH).status_code == 200
    if kind == "a variant less":
        more = [
            {"sku": sku, "price": {"amount": 9, "currency": "USD"}, "options": {"Size": size}}
            for size, sku in SIZES.items()
        ]
        body = {"title": "Pot", "status": "active", "variants": more}
        assert call("PUT", f"/products/{pot}", body, scopes=BOTH).status_code == 200
    most, change = PUTS[kind]
    wanted: dict[str, Any] = {"price": None, "stock": None} | read(call, pot)
    own = wanted["variants"][0] | {"stock": None}
    if sizes := change.get("sizes"):
        own["price"] = own["price"] | {"amount": 900}
        wanted |= {
            "price": None,
            "variants": [own | {"sku": SIZES[s], "options": {"Size": s}} for s in sizes],
        }
    else:
        own["price"] = change.get("price", own["price"])
        wanted |= {"variants": [own], "stock": None} | change
    wanted["stock"] = change.get("stock")
    with statements() as seen:
        answer = call("PUT", f"/products/{pot}", wanted, scopes=BOTH)
    assert answer.status_code == 200, answer.text
    history = [s for s in seen if s.startswith("INSERT INTO recorded_change")]
    assert len(history) <= 1
    assert len(seen) - len(history) <= most, "\n\n".join(seen)
    assert read(call, pot) == answer.get_json()
    told = derived()
    with write_transaction() as session:
        writer.refresh(session, [pot])
    assert derived() == told
    counted = "SELECT category_id, vendor, count(*) FROM listing GROUP BY category_id, vendor"
    kept = "SELECT category_id, vendor, products FROM listing_vendor WHERE products > 0"
    assert rows(kept) == rows(counted)
    counted = "SELECT category_id, count(*) FROM listing GROUP BY category_id"
    assert rows("SELECT id, product_count FROM category WHERE product_count > 0") == rows(counted)


def derived() -> list[list[str]]:
    """Return all data that is derived from products."""
    db.session.rollback()
    tables = ("listing", "listing_vendor", "category", "product", "product_search")
    return [rows(f"SELECT * FROM {table}") for table in tables]


def rows(query: str) -> list[str]:
    return sorted(map(str, db.session.execute(text(query)).all()))
