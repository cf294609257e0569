"""POST, PATCH and DELETE /categories: the tree that programs make, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.models import Category, Product
from storefront.deletions import Deletion
from storefront.extensions import db
from storefront.history.models import RecordedChange
from tests.api.conftest import Call
from tests.cache.conftest import get
from tests.factories import make_category, make_product

pytestmark = pytest.mark.any_database

READ, WRITE = "catalog:read", "catalog:write"


def paths() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(Category.path).order_by(Category.path)).scalars())[1:]


def test_made_changed_and_moved_like_in_the_office(call: Call, client: FlaskClient) -> None:
    make_product("Sencha", category=make_category("Tea", "Green"))
    made = call("POST", "/categories", {"name": "Kitchen", "seo_title": "For cooks"}, scopes=WRITE)
    assert (made.status_code, made.headers["Location"]) == (201, "/api/v1/categories/kitchen")
    assert call("GET", "/categories/kitchen", scopes=READ).get_json() == made.get_json()
    assert "kitchen" in [each["path"] for each in call("GET", "/categories", scopes=READ).get_json()["items"]]
    assert "kitchen" not in call("GET", "/categories").text
    assert get(client, "/api/v1/categories/tea").get_json()["description_html"] == ""
    change = {
        "name": "Teas",
        "parent": "kitchen",
        "slug": "",
        "description_html": "<p>a<script>1</script></p>",
    }
    moved = call("PATCH", "/categories/tea", change, scopes=WRITE).get_json()
    assert (moved["path"], moved["description_html"]) == ("kitchen/teas", "<p>a</p>")
    assert [each["path"] for each in moved["parents"]] == ["kitchen"]
    assert get(client, "/categories/tea/green").location == "/categories/kitchen/teas/green"
    assert "kitchen/teas" in call("PATCH", "/categories/tea", {"name": "x"}, scopes=WRITE).text, "404: moved"
    assert get(client, "/api/v1/categories/kitchen/teas").get_json() == moved
    row = db.session.execute(select(Category).where(Category.path == "kitchen/teas")).scalar_one()
    assert row.changed_by.startswith("token:")
    recorded = db.session.execute(select(RecordedChange).where(RecordedChange.kind == "category")).scalars()
    assert "name" in {name for each in recorded for name in each.fields if each.actor_kind == "token"}


def test_order_and_hiding_reach_the_menu(call: Call, client: FlaskClient) -> None:
    for name in ("Bowls", "Cups"):
        make_product(f"One of {name}", category=make_category(name))
    page = get(client, "/products/one-of-cups").text
    assert page.index("/categories/bowls") < page.index("/categories/cups")
    assert call("PATCH", "/categories/cups", {"position": 1}, scopes=WRITE).get_json()["position"] == 1
    page = get(client, "/products/one-of-cups").text
    assert page.index("/categories/cups") < page.index("/categories/bowls")
    call("PATCH", "/categories/bowls", {"hidden": True}, scopes=WRITE)
    assert "/categories/bowls" not in get(client, "/products/one-of-cups").text
    assert call("GET", "/categories/bowls").get_json()["hidden"] is True


def test_deleted_only_if_empty_or_with_a_destination(call: Call, client: FlaskClient) -> None:
    green = make_category("Tea", "Green")
    sencha = make_product("Sencha", category=green)
    make_category("Leaves")
    assert call("DELETE", "/categories/tea?products_to=leaves", scopes=WRITE).status_code == 409
    assert call("DELETE", "/categories/tea/green", scopes=WRITE).status_code == 409
    for wrong in ("nowhere", "tea/green", "%00"):
        refused = call("DELETE", f"/categories/tea/green?products_to={wrong}", scopes=WRITE)
        assert refused.status_code in (400, 422), wrong
    gone = call("DELETE", "/categories/tea/green?products_to=leaves", scopes=WRITE)
    assert (gone.status_code, gone.data) == (204, b"")
    assert get(client, "/categories/tea/green").location == "/categories/leaves"
    assert call("DELETE", "/categories/tea", scopes=WRITE).status_code == 204
    assert call("DELETE", "/categories/tea", scopes=WRITE).status_code == 404
    assert call("DELETE", "/categories/leaves?products_to=", scopes=WRITE).status_code == 204
    assert (paths(), db.session.get_one(Product, sencha.id).category_id) == ([], None)
    deleted = db.session.execute(select(Deletion.name).where(Deletion.actor.startswith("token:"))).scalars()
    assert {"tea/green", "tea", "leaves"} <= set(deleted)


def test_repeated_once_and_stale_ones_refused(call: Call) -> None:
    first, again = (
        call("POST", "/categories", {"name": "Cups"}, scopes=WRITE, Idempotency_Key="cups-1")
        for _ in range(2)
    )
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    etag = call("GET", "/categories/cups", scopes=READ).headers["ETag"]
    assert call("PATCH", "/categories/cups", {"name": "Mugs"}, scopes=WRITE, If_Match=etag).status_code == 200
    assert paths() == ["cups"], "its address stays unless the body has another one"
    assert call("PATCH", "/categories/cups", {"name": "x"}, scopes=WRITE, If_Match=etag).status_code == 412
    assert call("DELETE", "/categories/cups", scopes=WRITE, If_Match=etag).status_code == 412
    assert paths() == ["cups"]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        ({}, 422, [""]),
        ({"name": ""}, 422, ["/name"]),
        ({"name": "\u202e\u200b"}, 422, ["/name"]),
        ({"name": "a\x00"}, 422, ["/name"]),
        ({"name": "a" * 256}, 422, ["/name"]),
        ({"name": "Cups"}, 409, []),
        ({"name": "New", "parent": "nowhere"}, 422, ["/parent"]),
        ({"name": "New", "parent": "cups", "position": 0}, 422, ["/position"]),
        ({"name": "New", "colour": "red"}, 422, ["/colour"]),
        ({"name": "New", "description_html": "<b>" * 20_000}, 422, []),
    ],
)
def test_an_invalid_category_is_refused_whole(
    call: Call, app: Flask, body: dict[str, Any], status: int, pointers: list[str]
) -> None:
    make_category("Cups")
    answer = call("POST", "/categories", body, scopes=WRITE)
    problem = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), problem
    assert [fault["pointer"] for fault in problem.get("errors", [])] == pointers
    assert paths() == ["cups"]


def test_scopes_and_impossible_moves_are_checked(call: Call) -> None:
    make_category("Tea", "Green")
    assert call("POST", "/categories", {"name": "New"}).status_code == 401
    assert call("POST", "/categories", {"name": "New"}, scopes=READ).status_code == 403
    assert call("DELETE", "/categories/tea/green", scopes=READ).status_code == 403
    assert call("PATCH", "/categories/tea", {"parent": "tea/green"}, scopes=WRITE).status_code == 422
    assert call("PATCH", "/categories/none", {"name": "x"}, scopes=WRITE).status_code == 404
    assert call("GET", "/categories/tea/green").status_code == 200
    assert paths() == ["tea", "tea/green"]
