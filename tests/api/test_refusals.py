"""Requests that PUT, PATCH and stock refuse without a change: stale, repeated or invalid."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.api import tokens
from storefront.catalog.models import Product, Variant
from storefront.extensions import db
from tests.api.conftest import BOTH, Call, read
from tests.statements import statements

pytestmark = pytest.mark.any_database


def test_stale_if_match_is_refused_and_fresh_accepted(call: Call, pot: int) -> None:
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


def test_repeated_request_is_carried_out_once(call: Call, pot: int) -> None:
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


def test_idempotency_key_belongs_to_one_address(call: Call, pot: int) -> None:
    body, sent = {"stock": 4, "reason": "count"}, {"Idempotency_Key": "count-1"}
    assert call("PUT", "/variants/POT/stock", body, scopes="stock:write", **sent).status_code == 200
    assert call("PUT", "/variants/PLATE/stock", body, scopes="stock:write", **sent).status_code == 409


def test_idempotency_key_belongs_to_one_token(app: Flask, call: Call, pot: int) -> None:
    first, second = (tokens.create_token(name, ("stock:write",)) for name in ("till", "scanner"))

    def count(token: str, stock: int, key: str) -> Any:
        sent = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        body = {"stock": stock, "reason": "count"}
        return app.test_client().put("/api/v1/variants/POT/stock", json=body, headers=sent)

    assert count(first, 4, "count-1").status_code == 200
    assert count(first, 7, "count-2").status_code == 200
    assert count(second, 4, "count-1").status_code == 200
    assert read(call, pot)["stock"] == 4, (
        "the other token's request is carried out, not answered from the store"
    )
    assert count(second, 9, "count-2").status_code == 200, "the key is not taken either"
    assert read(call, pot)["stock"] == 9


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
        (
            {"colour": 1, "variants": [{"sku": "POT", "a/b": 1, "price": PRICE | {"x": 1}}]},
            422,
            ["/colour", "/variants/0/a~1b", "/variants/0/price/x"],
        ),
        ({"title": ""}, 422, ["/title"]),
        ({"title": "  "}, 422, ["/title"]),
        ({"title": "a" * 501}, 422, ["/title"]),
        ({"status": "sold"}, 422, ["/status"]),
        ({"slug": "a/b"}, 422, ["/slug"]),
        ({"slug": ".."}, 422, ["/slug"]),
        ({"slug": "cafe\u0301"}, 422, ["/slug"]),
        ({"category": {"path": "nowhere"}}, 422, ["/category/path"]),
        ({"variants": [{"sku": "PLATE", "price": PRICE}]}, 422, ["/variants/0/sku"]),
        ({"variants": [{"sku": "P\u043eT", "price": PRICE}]}, 422, ["/variants/0/sku"]),
        ({"price": {"amount": 1, "currency": "EUR"}}, 422, ["/price/currency"]),
        ({"slug": "plate"}, 409, None),
    ],
)
def test_invalid_bodies_are_refused_and_change_nothing(
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
def test_confusable_or_taken_sku_is_refused(call: Call, pot: int, sku: str) -> None:
    wanted = {"title": "Pot", "status": "active", "variants": [{"sku": sku, "price": PRICE}]}
    with statements():
        answer = call("PUT", f"/products/{pot}", wanted, scopes="catalog:write")
    assert answer.status_code in (409, 422)
    assert db.session.scalar(select(func.count(Variant.id))) == 2
    assert (
        call("PUT", f"/variants/{sku}x/stock", {"stock": 1, "reason": "x"}, scopes="stock:write").status_code
        == 404
    )


def test_content_types_scopes_and_unknown_ids_are_checked(call: Call, pot: int) -> None:
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


def test_stock_above_the_maximum_is_refused(call: Call, pot: int) -> None:
    # On hand; two of the pot are reserved.
    most = 2**31 - 1
    for method, address, body in (
        ("PUT", "/variants/POT/stock", {"stock": most, "reason": "x"}),
        ("PATCH", f"/products/{pot}", {"variants": [{"sku": "POT", "stock": most}]}),
        ("PATCH", f"/products/{pot}", {"stock": most}),
    ):
        answer = call(method, address, body, scopes=BOTH)
        assert answer.status_code == 422, answer.text
        assert f"to {most - 2:,}" in answer.text
    assert (
        call("PUT", "/variants/POT/stock", {"stock": most - 2, "reason": "x"}, scopes=BOTH).status_code == 200
    )


def test_too_large_chunked_body_is_refused(app: Flask, pot: int) -> None:
    token = tokens.create_token("tests", ("catalog:write",))
    body = b'{"title": "Cut off"}' + b" " * 1024 * 1024 + b"!"
    answer = app.test_client().patch(
        f"/api/v1/products/{pot}",
        input_stream=BytesIO(body),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
    assert app.test_client().get(f"/api/v1/products/{pot}").get_json()["title"] == "Pot"
