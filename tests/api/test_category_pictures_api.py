"""/category-pictures/<path>: set, describe and delete the picture of a category; what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.models import Category, RenditionSet
from storefront.extensions import db
from storefront.history.models import RecordedChange
from tests.api.conftest import Call
from tests.factories import make_category, make_product, png

pytestmark = pytest.mark.any_database

READ, WRITE = "catalog:read", "catalog:write"
ADDRESS = "/category-pictures/tea/green"


@pytest.fixture(autouse=True)
def green(app: Flask) -> None:
    """A category with a product."""
    make_product("Sencha", category=make_category("Tea", "Green"))


def send(call: Call, data: bytes, kind: str = "image/png", address: str = ADDRESS, **more: str) -> Any:
    return call("POST", address, data, scopes=WRITE, Content_Type=kind, **more)


def picture(call: Call) -> Any:
    return call("GET", "/categories/tea/green").get_json()["picture"]


def test_a_picture_is_set_described_replaced_and_deleted(call: Call, app: Flask) -> None:
    shop = app.test_client()
    before = shop.get("/categories/tea/green").text
    made = send(call, png(1, (1200, 800)), address=f"{ADDRESS}?alt=%20Leaves%20")
    assert made.status_code == 200, made.text
    shown = made.get_json()["picture"]
    assert (shown["alt"], shown["width"], shown["height"]) == ("Leaves", 1024, 683)
    assert picture(call) == shown, "the cached answer was invalidated"
    with shop.get(shown["url"]) as file:
        assert file.status_code == 200
    name = shown["url"].rpartition("-")[0]
    assert (name in before, name in shop.get("/categories/tea/green").text) == (False, True)
    changed = call("PATCH", ADDRESS, {"alt": "Green leaves"}, scopes=WRITE).get_json()["picture"]
    assert changed == shown | {"alt": "Green leaves"}
    other = send(call, png(2)).get_json()["picture"]
    assert (other["url"] == shown["url"], other["alt"]) == (False, ""), "the text was the former one's"
    assert len(db.session.scalars(select(RenditionSet.digest)).all()) == 2
    gone = call("DELETE", ADDRESS, scopes=WRITE)
    assert (gone.status_code, gone.data, picture(call)) == (204, b"", None)
    recorded = db.session.execute(select(RecordedChange).where(RecordedChange.kind == "category")).scalars()
    assert "picture_digest" in {name for each in recorded for name in each.fields}
    row = db.session.execute(select(Category).where(Category.path == "tea/green")).scalar_one()
    assert row.changed_by.startswith("token:")


def test_a_repeated_picture_is_set_once_and_a_stale_one_never(call: Call) -> None:
    etag = call("GET", "/categories/tea/green", scopes=READ).headers["ETag"]
    first = send(call, png(1), If_Match=etag, Idempotency_Key="green-1")
    newer = send(call, png(2), If_Match=first.headers["ETag"])
    again = send(call, png(1), If_Match=etag, Idempotency_Key="green-1")
    assert (first.status_code, newer.status_code, again.data) == (200, 200, first.data)
    assert send(call, png(3), If_Match=etag).status_code == 412
    assert call("PATCH", ADDRESS, {"alt": "Late"}, scopes=WRITE, If_Match=etag).status_code == 412
    assert call("DELETE", ADDRESS, scopes=WRITE, If_Match=etag).status_code == 412
    assert picture(call) == newer.get_json()["picture"]


@pytest.mark.parametrize(
    ("data", "kind", "status", "words"),
    [
        (b"<html>", "image/png", 422, "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 422, "SVG pictures are refused"),
        (png(1)[:500], "image/png", 422, "cannot be read"),
        (png(1), "image/svg+xml", 415, "image/webp"),
        (png(1), "application/json", 415, "image/webp"),
    ],
)
def test_a_refused_file_leaves_the_picture(
    call: Call, data: bytes, kind: str, status: int, words: str
) -> None:
    before = send(call, png(5)).get_json()["picture"]
    answer = send(call, data, kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert (words in answer.get_json()["detail"], picture(call)) == (True, before)


def test_scopes_missing_rows_and_wrong_texts_are_refused(call: Call) -> None:
    for method in ("POST", "PATCH", "DELETE"):
        for scopes, status in (("", 401), (READ, 403)):
            assert call(method, ADDRESS, png(1), scopes=scopes).status_code == status, method
    assert call("PATCH", ADDRESS, {"alt": "x"}, scopes=WRITE).status_code == 404, "it has no picture"
    assert call("DELETE", ADDRESS, scopes=WRITE).status_code == 404
    assert send(call, png(1), address="/category-pictures/coffee").status_code == 404
    assert send(call, png(1), address=f"{ADDRESS}?alt=%00").status_code == 400
    send(call, png(1))
    for wrong in ({}, {"alt": "a" * 1001}, {"alt": "a\x00"}, {"alt": "a", "url": "x"}):
        assert call("PATCH", ADDRESS, wrong, scopes=WRITE).status_code == 422, wrong
    assert picture(call)["alt"] == ""
