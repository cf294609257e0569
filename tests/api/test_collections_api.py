"""/api/v1/collections: lists by rule that programs make, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.api.conftest import Call
from tests.cache.conftest import get
from tests.factories import make_product

pytestmark = pytest.mark.any_database

READ, WRITE = "catalog:read", "catalog:write"
GIFTS = {"title": "Gifts", "conditions": [{"kind": "tag", "text": "gift"}]}
EURO = {"kind": "price_to", "price": {"amount": 1, "currency": "EUR"}}


def test_made_changed_and_deleted_like_in_the_office(call: Call, client: FlaskClient) -> None:
    make_product("Mug", tags=["gift"], variants=[{"price": 900}])
    make_product("Pot", tags=["gift"], variants=[{"price": 2000}])
    made = call("POST", "/collections", GIFTS, scopes=WRITE)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/collections/gifts")
    read = call("GET", "/collections/gifts", scopes=READ)
    assert (read.get_json()["products"], read.get_json()["is_building"]) == (2, False)
    assert call("GET", "/collections", scopes=READ).get_json() == {"items": [read.get_json()]}
    cheap = {"kind": "price_to", "price": {"amount": 1000, "currency": "USD"}}
    change = {"slug": "presents", "conditions": [*GIFTS["conditions"], cheap]}
    etag = {"If_Match": read.headers["ETag"]}
    changed = call("PATCH", "/collections/gifts", change, scopes=WRITE, **etag).get_json()
    assert (changed["products"], changed["conditions"][1]["price"]) == (1, cheap["price"])
    assert get(client, "/collections/gifts").location == "/collections/presents"
    assert call("PATCH", "/collections/presents", {"title": "x"}, scopes=WRITE, **etag).status_code == 412
    assert call("DELETE", "/collections/presents", scopes=WRITE).status_code == 204
    assert get(client, "/collections/presents").location == "/products"
    assert call("GET", "/collections/presents", scopes=READ).status_code == 404


def test_a_repeated_request_makes_one_collection(call: Call) -> None:
    key = {"Idempotency_Key": "once"}
    first, second = (call("POST", "/collections", GIFTS, scopes=WRITE, **key) for _ in range(2))
    assert first.get_json() == second.get_json()
    assert call("POST", "/collections", GIFTS, scopes=WRITE).status_code == 422


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"conditions": []}, ""),
    ({"conditions": [{"kind": "tag"}]}, "Enter a tag."),
    ({"conditions": [{"kind": "vendor", "text": " "}]}, "Enter a brand."),
    ({"conditions": [{"kind": "price_from"}]}, "Enter a price."),
    ({"conditions": [{"kind": "new"}]}, "Enter a whole number of days"),
    ({"conditions": [EURO]}, "Prices of this shop are in USD."),
    ({"conditions": [{"kind": "nonsense"}]}, ""),
    ({"title": "\u200b"}, "Enter a title."),
)


def test_a_wrong_value_is_refused(call: Call) -> None:
    for wrong, sentence in WRONG:
        answer = call("POST", "/collections", GIFTS | wrong, scopes=WRITE)
        assert answer.status_code == 422, wrong
        assert sentence in answer.text


def test_tokens_need_the_scope(call: Call) -> None:
    assert call("GET", "/collections").status_code == 401
    assert call("POST", "/collections", GIFTS, scopes=READ).status_code == 403
