"""Edits of products and variants by id are planned as a change set, which is applied and undone like an import."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.engine import Connection

from storefront import stock
from storefront.catalog.models import Product, Variant
from storefront.change_sets import apply_change_set, bulk_edits, edits, shop_products
from storefront.change_sets import store as change_sets
from storefront.change_sets.change_texts import left_parts
from storefront.change_sets.changes import StockChange
from storefront.change_sets.edits import Edit, EditedProduct, EditedVariant, EditPlan, plan_edits
from storefront.change_sets.models import ChangeSet
from storefront.change_sets.shop_products import ShopProduct
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, StockMovement
from tests.change_sets.stored_sets import media, shop, undo
from tests.factories import make_category, make_product
from tests.statements import count_statements


def plan(edit: Edit, *ids: int) -> EditPlan:
    db.session.rollback()
    return plan_edits(ids, edit, name="Grid")


def plan_variant(product_id: int, **edit: Any) -> EditPlan:
    """Plan the edit of a product's first variant."""
    variant = db.session.get_one(Product, product_id).variants[0].id
    return plan(lambda _: EditedProduct(variants=[EditedVariant(variant, **edit)]), product_id)


def apply(planned: EditPlan) -> list[str]:
    """Apply a plan; return what was left."""
    apply_change_set(planned.change_set_id, media())
    rows = change_sets.read_rows(planned.change_set_id)
    return [str(part) for row in rows for part in left_parts(row, "left")]


def problems(planned: EditPlan) -> list[str]:
    return [str(problem) for problem in planned.report.problems]


@pytest.fixture
def pot(app: Flask) -> int:
    """Return the id of a product with two variants."""
    variants = [{"sku": "POT-1", "price": 1000, "option1": "S"}, {"sku": "POT-2", "price": 2000}]
    return make_product("Pot", tags=["Clay", "new"], variants=variants).id


def test_an_edit_is_applied_and_undone(pot: int) -> None:
    make_category("Tea", "Pots")
    before = shop()
    keys = [variant.id for variant in db.session.get_one(Product, pot).variants]
    values = {"title": "Teapot", "status": "draft", "category": ["Tea", "Pots"], "tags": ["clay"]}
    first = {"price": 1100, "compare_at_price": 1500, "label": "P 1", "barcode": "4006381333931"}
    planned = plan(
        lambda _: EditedProduct(
            values,
            variants=[
                EditedVariant(keys[0], first, stock=StockChange("set", 9, 20)),
                EditedVariant(keys[1], {"price": 2000, "tracked": False}, stock=StockChange("add", -3)),
            ],
        ),
        pot,
    )
    assert shop() == before
    assert apply(planned) == []
    after = shop()["pot"]
    one, two = after["variants"].values()
    assert (after["title"], after["status"], after["tags"]) == ("Teapot", "draft", ["clay"])
    assert {name: one[name] for name in first} == first
    assert (one["stock"], two["stock"], two["price"]) == ((9, 0, True), (17, 0, False), 2000)
    assert set(db.session.scalars(db.select(StockMovement.reason).where(StockMovement.quantity < 0))) == {
        "edit"
    }
    undo(planned.change_set_id)
    assert shop() == before


def test_what_changed_since_the_plan_is_left(pot: int) -> None:
    planned = plan_variant(pot, values={"price": 1100, "label": "New"}, stock=StockChange("set", 5, 20))
    with write_transaction() as session:
        session.get_one(Product, pot).variants[0].price = 1300
        stock.inventory.receive(session, "POT-1", 2, reason="")
    left = apply(planned)
    assert left == [
        "POT-1 price: it is 13.00 now, not 10.00: somebody changed it, so it was left",
        "POT-1 stock: 22 are on hand now, not 20: somebody changed it, so it was left",
    ]
    assert db.session.scalar(db.select(Variant.label).where(Variant.sku == "POT-1")) == "New"


def test_what_changed_since_it_was_seen_is_left_by_the_plan(pot: int) -> None:
    planned = plan_variant(
        pot,
        values={"price": 1100, "label": "New"},
        seen={"price": 900, "label": "POT-1"},
        stock=StockChange("set", 5, 21),
    )
    assert problems(planned) == [
        "price: POT-1: it is 10.00 now, not 9.00: somebody changed it, so it was left",
        "stock: POT-1: 20 are on hand now, not 21: somebody changed it, so it was left",
    ]
    assert apply(planned) == []
    found = db.session.scalars(db.select(Variant).where(Variant.sku == "POT-1")).one()
    assert (found.price, found.label) == (1000, "New")
    assert len(change_sets.problems(planned.change_set_id)) == 2


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("price", -1, "it is negative"),
        ("price", 10**12 + 1, "it is too much"),
        ("price", None, "it is not a number"),
        ("price", True, "it is not a number"),
        ("label", "x" * 256, "it has more than 255 characters"),
        ("label", "a\u202eb", "it is not one line of text"),
        ("label", "a\0b", "it is not one line of text"),
        ("taxable", "no", "it is neither yes nor no"),
    ],
)
def test_a_value_that_a_variant_cannot_have_is_refused(pot: int, field: str, value: Any, reason: str) -> None:
    planned = plan_variant(pot, values={field: value})
    assert planned.change_set_id == 0
    assert [problem.reason for problem in planned.report.problems] == [f"POT-1: {reason}"]
    assert change_sets.list_change_sets() == []


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"title": ""}, "it is empty"),
        ({"title": "\u200b"}, "it is empty"),
        ({"status": "sold"}, "there is no such status"),
        ({"tags": ["a"] * 251}, "it has more than 250 entries"),
        ({"tags": "a"}, "it is not a list of texts"),
        ({"category": [""]}, "it is empty"),
        ({"description_html": "x" * 200_001}, "it has 200,001 characters; the most is 200,000"),
    ],
)
def test_a_value_that_a_product_cannot_have_is_refused(pot: int, values: dict[str, Any], reason: str) -> None:
    planned = plan(lambda _: EditedProduct(values), pot)
    assert planned.change_set_id == 0
    assert [problem.reason for problem in planned.report.problems] == [f"pot: {reason}"]


@pytest.mark.any_database
def test_a_description_is_stored_without_scripts(pot: int) -> None:
    html = "<p>Clay</p><script>alert(1)</script>"
    assert apply(plan(lambda _: EditedProduct({"description_html": html}), pot)) == []
    assert "script" not in db.session.get_one(Product, pot).description_html


def test_what_was_deleted_is_a_problem(pot: int) -> None:
    planned = plan(lambda _: EditedProduct(variants=[EditedVariant(987, {"price": 1})]), pot, 654)
    assert problems(planned) == ["product 654 was deleted", "pot: variant 987 was removed"]


@pytest.mark.any_database
def test_no_other_field_can_be_edited(pot: int) -> None:
    with pytest.raises(ValueError, match="'sku' cannot be edited"):
        plan_variant(pot, values={"sku": "X"})


def test_stock_stays_at_what_is_reserved(app: Flask) -> None:
    cup = make_product("Cup", variants=[{"sku": "CUP", "on_hand": 9, "reserved": 4}]).id
    planned = plan_variant(cup, stock=StockChange("set", 1, 9))
    assert "4 are reserved" in str(planned.report.notes)
    apply(planned)
    assert db.session.scalar(db.select(StockItem.on_hand)) == 4
    assert problems(plan_variant(cup, stock=StockChange("add", -5))) == [
        "stock: CUP: -1 units are not possible"
    ]


@pytest.mark.any_database
def test_a_price_that_jumps_and_a_publication_are_flagged(app: Flask) -> None:
    cup = make_product("Cup", status="draft", variants=[{"price": 1000}])
    key = cup.variants[0].id
    planned = plan(
        lambda _: EditedProduct({"status": "active"}, variants=[EditedVariant(key, {"price": 2000})]), cup.id
    )
    (row,) = change_sets.read_rows(planned.change_set_id)
    assert row.flags == ["price_jump", "publication"]
    summary = change_sets.get(planned.change_set_id).summary
    assert (summary["price_jumps"], summary["publications"], summary["changed"]) == (1, 1, 1)


def test_a_plan_that_fails_is_discarded(pot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MAX_PRODUCTS", 1)
    cup = make_product("Cup").id

    def fail(product: ShopProduct) -> EditedProduct:
        if product.slug == "cup":
            raise RuntimeError
        return EditedProduct({"title": "Other"})

    with pytest.raises(RuntimeError):
        plan(fail, pot, cup)
    assert db.session.scalars(select(ChangeSet.status)).all() == ["discarded"]
    assert change_sets.list_change_sets() == [], "nobody can do anything with it"


@pytest.mark.any_database
def test_products_of_a_category_follow_each_other(app: Flask) -> None:
    """Else nearly each batch of a large change would drop each list of the shop."""
    cups, pots = make_category("Cups"), make_category("Pots")
    ids = [make_product(f"Thing {turn}", category=(cups, pots)[turn % 2]).id for turn in range(4)]
    planned = plan(bulk_edits.set_fields(status="draft"), *ids)
    rows = change_sets.read_rows(planned.change_set_id)
    assert [row.slug for row in rows] == ["thing-0", "thing-2", "thing-1", "thing-3"]


def test_statements_of_a_plan_do_not_grow_with_a_batch(app: Flask) -> None:
    ids = [make_product(f"Cup {number}").id for number in range(20)]
    edit = bulk_edits.change_prices(Decimal(10))
    few, many = (count_statements(partial(plan, edit, *ids[:count])) for count in (2, 20))
    assert few == many <= 16


def test_products_with_many_variants_are_read_in_parts(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edits, "MAX_VARIANTS", 3)
    sizes = [{"option1": str(size)} for size in range(2)]
    ids = [make_product(f"Cup {number}", variants=sizes).id for number in range(3)]
    read: list[list[int]] = []
    read_by_id = shop_products.read_by_id

    def note(connection: Connection, keys: Collection[int]) -> dict[int, ShopProduct]:
        read.append(list(keys))
        return read_by_id(connection, keys)

    monkeypatch.setattr(edits, "read_by_id", note)
    planned = plan(bulk_edits.set_fields(status="draft"), *ids)
    assert (read, planned.report.changed) == ([[key] for key in ids], 3)
