"""/products/<id>/pictures: add, order, describe and delete pictures; files that are refused."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from storefront.catalog import pictures
from storefront.catalog.models import Product, ProductImage, RenditionSet, Variant
from storefront.deletions import Deletion
from storefront.extensions import db
from storefront.web.body_limits import find_limit
from tests.api.conftest import Call
from tests.factories import make_product, png

pytestmark = pytest.mark.any_database

WRITE = "catalog:write"


def add(call: Call, product: int, data: bytes, kind: str = "image/png", alt: str = "", **more: str) -> Any:
    address = f"/products/{product}/pictures?alt={alt}"
    return call("POST", address, data, scopes=WRITE, Content_Type=kind, **more)


def listed(call: Call, product: int) -> Any:
    return call("GET", f"/products/{product}/pictures", scopes="catalog:read").get_json()["items"]


def encode(kind: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(file, kind)
    return file.getvalue()


def count() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(ProductImage)) or 0


def test_pictures_are_added_ordered_described_and_deleted(call: Call, app: Flask) -> None:
    cup = make_product("Cup", variants=[{"sku": "CUP"}]).id
    shop = app.test_client()
    shop.get("/products")
    first = add(call, cup, png(1, (600, 400)), alt="From the front")
    assert first.status_code == 201, first.text
    made = first.get_json()
    assert first.headers["Location"] == f"/api/v1/products/{cup}/pictures/{made['id']}"
    assert (made["position"], made["alt"], made["width"]) == (1, "From the front", 600)
    with shop.get(made["url"]) as file:
        assert file.status_code == 200
    assert made["url"].rpartition("-")[0] in shop.get("/products").text, "the card shows it"
    second = add(call, cup, encode("JPEG"), "image/jpeg").get_json()
    assert [each["id"] for each in listed(call, cup)] == [made["id"], second["id"]]
    change = {"position": 1, "alt": " From above ", "variants": ["CUP"]}
    address = f"/products/{cup}/pictures/{second['id']}"
    changed = call("PATCH", address, change, scopes=WRITE)
    assert changed.status_code == 200, changed.text
    told = {name: changed.get_json()[name] for name in change}
    assert told == {"position": 1, "alt": "From above", "variants": ["CUP"]}
    assert listed(call, cup)[0] == changed.get_json()
    db.session.rollback()
    assert db.session.get_one(Product, cup).cover_id == second["id"]
    assert [image["alt"] for image in call("GET", f"/products/{cup}").get_json()["images"]] == [
        "From above",
        "From the front",
    ]
    row = db.session.get_one(ProductImage, second["id"])
    assert row.changed_by.startswith("token:")
    assert db.session.scalar(select(func.count()).select_from(RenditionSet)) == 2
    gone = call("DELETE", address, scopes=WRITE)
    assert (gone.status_code, gone.data) == (204, b"")
    assert call("DELETE", address, scopes=WRITE).status_code == 404
    db.session.rollback()
    assert db.session.get_one(Product, cup).cover_id == made["id"]
    assert db.session.scalar(select(Variant.image_id).where(Variant.sku == "CUP")) is None
    record = db.session.execute(select(Deletion.kind, Deletion.actor)).one()
    assert (record.kind, record.actor[:6]) == ("product_image", "token:")


@pytest.mark.parametrize(
    ("data", "kind", "status", "words"),
    [
        (b"<html>", "image/png", 422, "not a JPEG"),
        (b"", "image/png", 422, "not a JPEG"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/png", 422, "SVG pictures are refused"),
        (png(1)[:500], "image/png", 422, "cannot be read"),
        (encode("JPEG"), "image/png", 422, "is image/jpeg, but"),
        (png(1), "image/svg+xml", 415, "image/webp"),
        (png(1), "text/html", 415, "image/webp"),
        (png(1), "application/json", 415, "image/webp"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    call: Call, pot: int, data: bytes, kind: str, status: int, words: str
) -> None:
    answer = add(call, pot, data, kind)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert words in answer.get_json()["detail"]
    assert count() == 1


def test_formats_are_recognised_by_their_content(call: Call, pot: int) -> None:
    for kind in ("GIF", "BMP", "TIFF"):
        assert add(call, pot, encode(kind), f"image/{kind.lower()}").status_code == 201
    assert add(call, pot, encode("WEBP"), "application/octet-stream").status_code == 201


def test_a_picture_is_added_once(call: Call, pot: int) -> None:
    first, again = (add(call, pot, png(4), Idempotency_Key="front") for _ in range(2))
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    twice = add(call, pot, png(4))
    assert (twice.status_code, "already" in twice.get_json()["detail"]) == (409, True)
    assert add(call, pot, png(5), Idempotency_Key="front").status_code == 409
    assert count() == 2


def test_a_stale_if_match_leaves_the_pictures(call: Call, pot: int) -> None:
    [only] = listed(call, pot)
    etag = call("GET", f"/products/{pot}", scopes=WRITE).headers["ETag"]
    address = f"/products/{pot}/pictures/{only['id']}"
    assert call("PATCH", address, {"alt": "New"}, scopes=WRITE, If_Match=etag).status_code == 200
    assert call("PATCH", address, {"alt": "Late"}, scopes=WRITE, If_Match=etag).status_code == 412
    assert call("DELETE", address, scopes=WRITE, If_Match=etag).status_code == 412
    assert add(call, pot, png(6), If_Match=etag).status_code == 412
    assert [each["alt"] for each in listed(call, pot)] == ["New"]


def test_pictures_need_scopes_and_existing_rows(call: Call, pot: int) -> None:
    [only] = listed(call, pot)
    other = make_product("Jug").id
    for method, address in (
        ("POST", f"/products/{pot}/pictures"),
        ("PATCH", f"/products/{pot}/pictures/{only['id']}"),
        ("DELETE", f"/products/{pot}/pictures/{only['id']}"),
    ):
        for scopes, status in (("", 401), ("catalog:read", 403), ("stock:write", 403)):
            assert call(method, address, png(1), scopes=scopes).status_code == status, address
    assert call("GET", f"/products/{pot}/pictures").status_code == 401
    assert add(call, 999_999, png(1)).status_code == 404
    forged = f"/products/{other}/pictures/{only['id']}"
    assert call("PATCH", forged, {"alt": "x"}, scopes=WRITE).status_code == 404
    assert call("DELETE", forged, scopes=WRITE).status_code == 404
    assert count() == 1


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"alt": "a" * 1001}, "/alt"),
        ({"alt": "a\x00"}, "/alt"),
        ({"position": 0}, "/position"),
        ({"variants": ["POT", "PLATE"]}, "/variants/1"),
        ({"url": "https://example.com/x.png"}, "/url"),
    ],
)
def test_an_invalid_change_of_a_picture_is_refused(
    call: Call, pot: int, change: dict[str, Any], pointer: str
) -> None:
    [only] = listed(call, pot)
    answer = call("PATCH", f"/products/{pot}/pictures/{only['id']}", change, scopes=WRITE)
    assert answer.status_code == 422
    assert [fault["pointer"] for fault in answer.get_json()["errors"]] == [pointer]
    assert listed(call, pot) == [only]


def test_the_largest_picture_and_the_largest_body_agree(app: Flask) -> None:
    endpoints = ("api_pictures.post_picture", "api_category_pictures.post_picture")
    rules = [rule.rule for rule in app.url_map.iter_rules() if rule.endpoint in endpoints]
    assert [find_limit(rule).most for rule in rules] == [pictures.MAX_BYTES] * 2
