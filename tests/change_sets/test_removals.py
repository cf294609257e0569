"""Products that were never sold are deleted as a change set, and come back with all that they had."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalog.models import Product, ProductImage, ProductRedirect, Variant
from storefront.catalog.slug_change import change_slug
from storefront.change_sets import apply_change_set
from storefront.change_sets.removals import plan_removals
from storefront.extensions import db, write_transaction
from tests.change_sets.stored_sets import media, shop, undo
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_category, make_product


@pytest.fixture
def pot(app: Flask) -> int:
    product = make_product(
        "Pot",
        category=make_category("Tea", "Pots"),
        option_names=["Size"],
        tags=["clay"],
        extra={"Colour": "red"},
        pictures=2,
        variants=[
            {"sku": "P-S", "option1": "S", "price": 500, "on_hand": 3},
            {"sku": "P-L", "option1": "L", "on_hand": 0, "tracked": False, "low_threshold": 9},
        ],
    )
    gifts = make_category("Gifts").id
    with write_transaction() as session:
        change_slug(session, product, "teapot")
        product.further_category_ids = [gifts]
        product.variants[1].image_id = product.images[1].id
    return product.id


def delete(*product_ids: int) -> int:
    db.session.rollback()
    number = plan_removals(product_ids, name="Delete").change_set_id
    apply_change_set(number, media())
    db.session.remove()
    return number


def test_a_deleted_product_comes_back_as_it_was(app: Flask, client: FlaskClient, pot: int) -> None:
    before, created_at = shop(), db.session.get_one(Product, pot).created_at.replace(microsecond=0)
    shown = db.session.get_one(Variant, db.session.get_one(Product, pot).variants[1].id).image_id
    assert client.get("/products/pot").status_code == 301
    number = delete(pot)
    assert (shop(), client.get("/products/teapot").status_code) == ({}, 404)
    assert [db.session.query(model).count() for model in (Variant, ProductImage, ProductRedirect)] == [
        0,
        0,
        0,
    ]
    assert undo(number)["undone"] == 1
    assert shop() == before
    back = db.session.get_one(Product, pot)
    assert (back.created_at.replace(microsecond=0), back.variants[1].image_id) == (created_at, shown)
    assert client.get("/products/pot").location.endswith("/products/teapot")
    assert "Pot" in client.get("/products").text


def test_what_was_sold_stays_with_its_reason(app: Flask) -> None:
    sold, held, free = (
        make_product(sku, variants=[{"sku": sku, "reserved": int(sku == "HELD")}]).id
        for sku in ("SOLD", "HELD", "FREE")
    )
    place(make_draft({"SOLD": 1}))
    db.session.rollback()
    plan = plan_removals([sold, held, free, 999], name="Delete")
    reasons = [problem.reason for problem in plan.report.problems]
    assert [reason.partition(" so the product stays")[0] for reason in reasons] == [
        "sold: SOLD has been ordered, or is in a basket at the checkout,",
        "held: HELD has been ordered, or is in a basket at the checkout,",
        "product 999 was deleted",
    ]
    apply_change_set(plan.change_set_id, media())
    assert set(db.session.scalars(select(Product.slug))) == {"sold", "held"}


def test_what_was_sold_or_changed_since_the_plan_stays(app: Flask) -> None:
    ids = [make_product(sku, variants=[{"sku": sku}]).id for sku in ("SOLD", "RENAMED", "PICTURED")]
    db.session.rollback()
    plan = plan_removals(ids, name="Delete")
    place(make_draft({"SOLD": 1}))
    with write_transaction() as session:
        session.get_one(Product, ids[1]).title = "Bowl"
        session.add(ProductImage(product_id=ids[2], source="new.webp"))
    assert apply_change_set(plan.change_set_id, media())["skipped"] == 3
    assert set(shop()) == {"sold", "renamed", "pictured"}


def test_an_address_that_was_taken_meanwhile_keeps_its_owner(app: Flask, pot: int) -> None:
    number = delete(pot)
    make_product("Teapot", variants=[{"sku": "NEW"}])
    assert undo(number)["left"] == 1
    assert set(shop()["teapot"]["variants"]) == {"NEW"}
