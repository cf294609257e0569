"""POST /products and DELETE /products/<id>: what they create, show, refuse and remove."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.catalog.models import Product, ProductImage, ProductRedirect, Variant
from storefront.deletions import Deletion
from storefront.extensions import db
from storefront.stock import StockItem, StockMovement
from tests.api.conftest import BOTH, Call
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_category, make_product
from tests.statements import statements

pytestmark = pytest.mark.any_database

PRICE = {"amount": 1200, "currency": "USD"}


def cup(**more: Any) -> dict[str, Any]:
    return {"title": "Tea cup", "variants": [{"sku": "CUP", "price": PRICE}]} | more


def count(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_a_new_product_is_a_draft_and_can_be_published(call: Call, app: Flask) -> None:
    make_category("Cups")
    sizes = [
        {"sku": f"CUP-{size}", "price": PRICE, "options": {"Size": size}, "stock": stock}
        for size, stock in (("S", 3), ("L", 4))
    ]
    body = cup(variants=sizes, category={"path": "cups"}, description_html="<p>x<script>1</script>")
    made = call("POST", "/products", body, scopes=BOTH)
    assert made.status_code == 201, made.text
    found = made.get_json()
    assert (found["slug"], found["status"], found["stock"]) == ("tea-cup", "draft", 7)
    assert (found["description_html"], found["category"]["name"]) == ("<p>x</p>", "Cups")
    assert [v["options"] for v in found["variants"]] == [{"Size": "S"}, {"Size": "L"}]
    assert made.headers["Location"] == f"/api/v1/products/{found['id']}"
    assert call("GET", f"/products/{found['id']}").status_code == 404
    assert call("GET", f"/products/{found['id']}", scopes=BOTH).get_json() == found
    shop = app.test_client()
    assert "Tea cup" not in shop.get("/products").text
    assert call("PATCH", f"/products/{found['id']}", {"status": "active"}, scopes=BOTH).status_code == 200
    assert "Tea cup" in shop.get("/products").text
    assert "Tea cup" in shop.get("/categories/cups").text
    assert call("GET", "/products?q=cup").get_json()["total"] == 1
    row = db.session.get_one(Product, found["id"])
    assert row.changed_by.startswith("token:")
    lines = db.session.execute(select(StockMovement).order_by(StockMovement.sku)).scalars().all()
    assert [(line.sku, line.quantity, line.actor[:6]) for line in lines] == [
        ("CUP-L", 4, "token:"),
        ("CUP-S", 3, "token:"),
    ]


def test_a_published_product_shows_where_its_address_was_missing(call: Call, app: Flask) -> None:
    shop = app.test_client()
    assert shop.get("/products/tea-cup").status_code == 404
    assert call("POST", "/products", cup(status="active"), scopes=BOTH).status_code == 201
    assert "Tea cup" in shop.get("/products/tea-cup").text


def test_a_taken_address_gets_a_number(call: Call) -> None:
    other = make_product("Tea cup")
    db.session.add(ProductRedirect(slug="tea-cup-2", product_id=other.id))
    db.session.commit()
    assert call("POST", "/products", cup(), scopes=BOTH).get_json()["slug"] == "tea-cup-3"
    taken = call(
        "POST", "/products", cup(slug="tea-cup", variants=[{"sku": "A", "price": PRICE}]), scopes=BOTH
    )
    assert (taken.status_code, taken.mimetype) == (409, "application/problem+json")
    wanted = cup(slug="tea-cup-2", variants=[{"sku": "A", "price": PRICE}])
    assert call("POST", "/products", wanted, scopes=BOTH).get_json()["slug"] == "tea-cup-2"
    assert count(ProductRedirect) == 0


def test_a_repeated_creation_is_carried_out_once(call: Call) -> None:
    first, again = (call("POST", "/products", cup(), scopes=BOTH, Idempotency_Key="cup-1") for _ in range(2))
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert again.headers["Location"] == first.headers["Location"]
    assert count(Product) == 1
    other = call("POST", "/products", cup(title="Mug"), scopes=BOTH, Idempotency_Key="cup-1")
    assert (other.status_code, count(Product)) == (409, 1)


@pytest.mark.parametrize(
    ("change", "status", "pointers"),
    [
        ({"title": " "}, 422, ["/title"]),
        ({"title": "a\x00b"}, 422, ["/title"]),
        ({"title": "a" * 501}, 422, ["/title"]),
        ({"variants": []}, 422, ["/variants"]),
        ({"variants": [{"sku": "CUP"}]}, 422, ["/variants/0"]),
        ({"variants": [{"sku": "CUP", "price": PRICE}] * 2}, 422, ["/variants/1/sku"]),
        ({"variants": [{"sku": "\u202eCUP", "price": PRICE}]}, 422, ["/variants/0/sku"]),
        ({"variants": [{"sku": "POT", "price": PRICE}]}, 409, []),
        ({"variants": [{"sku": str(n), "price": PRICE} for n in range(251)]}, 422, ["/variants"]),
        ({"slug": "a/b"}, 422, ["/slug"]),
        ({"slug": ".."}, 422, ["/slug"]),
        ({"category": {"path": "nowhere"}}, 422, ["/category/path"]),
        ({"price": {"amount": 1, "currency": "EUR"}}, 422, ["/price/currency"]),
        ({"colour": "red"}, 422, ["/colour"]),
    ],
)
def test_an_invalid_product_is_refused_whole(
    call: Call, pot: int, change: dict[str, Any], status: int, pointers: list[str]
) -> None:
    answer = call("POST", "/products", cup(**change), scopes=BOTH)
    problem = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), problem
    assert [fault["pointer"] for fault in problem.get("errors", [])] == pointers
    assert (count(Product), count(Variant), count(StockItem)) == (2, 2, 2)


def test_creating_and_deleting_need_their_scopes(call: Call, pot: int) -> None:
    counted = cup(variants=[{"sku": "CUP", "price": PRICE, "stock": 1}])
    for scopes, status in (("", 401), ("catalog:read", 403), ("stock:write", 403)):
        assert call("POST", "/products", cup(), scopes=scopes).status_code == status
        assert call("DELETE", f"/products/{pot}", scopes=scopes).status_code == status
    assert call("POST", "/products", counted, scopes="catalog:write").status_code == 403
    assert count(Product) == 2


def test_a_deleted_product_leaves_nothing_but_its_ledger(call: Call, pot: int, app: Flask) -> None:
    shop = app.test_client()
    db.session.add(ProductRedirect(slug="old-pot", product_id=pot))
    db.session.execute(db.update(StockItem).values(reserved=0))
    db.session.commit()
    assert "/products/pot" in shop.get("/categories/tea").text
    for address in ("/products/pot", "/products/old-pot", "/products", "/products?q=pot"):
        shop.get(address)
    gone = call("DELETE", f"/products/{pot}", scopes="catalog:write")
    assert (gone.status_code, gone.data) == (204, b"")
    assert gone.headers["Cache-Control"] == "private, no-store"
    for address in ("/products/pot", "/products/old-pot"):
        assert shop.get(address).status_code == 404, address
    for address in ("/products", "/categories/tea"):
        assert "/products/pot" not in shop.get(address).text, address
    assert call("GET", "/products?q=pot").get_json()["total"] == 0
    assert call("DELETE", f"/products/{pot}", scopes="catalog:write").status_code == 404
    assert (count(Product), count(Variant), count(ProductImage), count(StockItem)) == (1, 1, 0, 1)
    line = db.session.execute(select(StockMovement).where(StockMovement.sku == "POT")).scalar_one()
    assert (line.quantity, line.reason, line.actor[:6]) == (-9, "API", "token:")
    told = db.session.execute(select(Deletion.kind, Deletion.actor)).all()
    assert {row.kind for row in told} == {"product", "variant", "product_image", "stock_item"}
    assert all(row.actor.startswith("token:") for row in told)
    again = call("POST", "/products", cup(variants=[{"sku": "POT", "price": PRICE, "stock": 4}]), scopes=BOTH)
    assert (again.status_code, again.get_json()["stock"]) == (201, 4)


def test_a_sold_product_stays(call: Call, pot: int) -> None:
    place(make_draft({"POT": 1}))
    kept = call("DELETE", f"/products/{pot}", scopes="catalog:write")
    assert (kept.status_code, kept.mimetype) == (409, "application/problem+json")
    assert kept.get_json()["detail"].startswith("POT has been ordered")
    assert "Archive it instead" in kept.get_json()["detail"]
    assert call("GET", f"/products/{pot}").status_code == 200


def test_a_product_in_a_basket_at_the_checkout_stays(call: Call, pot: int) -> None:
    assert call("DELETE", f"/products/{pot}", scopes="catalog:write").status_code == 409  # 2 are reserved
    assert (count(Product), count(StockItem)) == (2, 2)


def test_a_stale_if_match_deletes_nothing(call: Call, pot: int) -> None:
    db.session.execute(db.update(StockItem).values(reserved=0))
    db.session.commit()
    etag = call("GET", f"/products/{pot}", scopes=BOTH).headers["ETag"]
    call("PATCH", f"/products/{pot}", {"title": "Kettle"}, scopes=BOTH)
    stale = call("DELETE", f"/products/{pot}", scopes=BOTH, If_Match=etag)
    assert (stale.status_code, count(Product)) == (412, 2)
    fresh = call("GET", f"/products/{pot}", scopes=BOTH).headers["ETag"]
    assert call("DELETE", f"/products/{pot}", scopes=BOTH, If_Match=fresh).status_code == 204


def test_creating_and_deleting_run_few_statements(call: Call) -> None:
    make_category("Cups")
    body = cup(status="active", category={"path": "cups"})
    call("GET", "/products", scopes=BOTH)  # the token's first use
    with statements() as created:
        made = call("POST", "/products", body, scopes=BOTH)
    with statements() as deleted:
        call("DELETE", f"/products/{made.get_json()['id']}", scopes=BOTH)
    assert max(len(created), len(deleted)) <= 24, (created, deleted)
