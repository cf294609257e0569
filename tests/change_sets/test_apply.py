"""A stored change set is applied as a whole, field by field, and leaves what others have changed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront import stock
from storefront.catalog.models import Category, Listing, Product, ProductRedirect, Variant
from storefront.change_sets import PlanWriter, apply_change_set
from storefront.change_sets import store as change_sets
from storefront.change_sets.changes import PictureChange, ProductChange, StockChange, ValueChange
from storefront.change_sets.directions import WrongStatusError
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.results import RowResult
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem, StockMovement
from tests.change_sets.stored_sets import (
    apply,
    creation,
    media,
    new_picture,
    removal,
    shop,
    store,
    update,
    variant_change,
)
from tests.factories import make_product, png
from tests.outbox.messages import rows


def result_of(number: int, slug: str = "") -> RowResult:
    query = db.select(ChangeSetRow.result).where(ChangeSetRow.change_set_id == number)
    return msgspec.json.decode(
        db.session.scalar(query.where(ChangeSetRow.slug == slug) if slug else query), type=RowResult
    )


def left(number: int) -> list[str]:
    return [str(part) for part in result_of(number).left]


def test_no_worker_delivers_messages_of_a_batch_again(client: FlaskClient, app: Flask) -> None:
    """Else it would drop the pages a second time, two seconds after each batch."""
    apply(creation("pot"), creation("cup"))
    assert rows("cache.tags") == 0


def test_products_are_created_with_all_that_lists_need(app: Flask, client: FlaskClient) -> None:
    assert client.get("/products/pot").status_code == 404
    number = apply(
        creation("pot", category=["Tea", "Pots"], tags=["clay"], vendor="Kiln", **{"extra:Cost": "3"}),
        creation("cup", status="draft", variants=1),
    )
    assert change_sets.get(number).status == "applied"
    assert change_sets.count_states(number) == {"applied": 2}
    pot = shop()["pot"]
    assert pot["extra"] == {"Cost": "3"}
    assert (pot["price"], pot["price_max"], pot["tags"]) == (1000, 1002, ["clay"])
    assert pot["variants"]["pot-1"]["stock"] == (5, 0, True)
    assert db.session.scalar(db.select(Category.product_count).where(Category.path == "tea/pots")) == 1
    page = client.get("/products/pot")
    assert page.status_code == 200
    assert "Pot" in client.get("/products?q=pot").text
    assert db.session.scalar(db.select(db.func.count()).select_from(Listing)) == 3
    who = db.session.scalars(db.select(Product.changed_by)).all()
    assert who == ["import:system"] * 2


def test_a_change_touches_only_its_fields(app: Flask) -> None:
    product = make_product("Pot", vendor="Kiln", variants=[{"sku": "POT", "label": "L", "price": 500}])
    before = shop()["pot"]
    apply(
        update(
            product,
            fields={"vendor": ValueChange("Kiln", "Row")},
            variants=[variant_change("POT", price=(500, 600))],
        )
    )
    after = shop()["pot"]
    assert after["vendor"] == "Row"
    assert (after["variants"]["POT"]["price"], after["price"]) == (600, 600)
    after["vendor"], after["price"], after["price_max"], after["variants"]["POT"]["price"] = (
        "Kiln",
        500,
        500,
        500,
    )
    assert after == before


def test_what_somebody_changed_since_is_left_and_listed(app: Flask) -> None:
    product = make_product("Pot", vendor="Kiln", variants=[{"sku": "POT", "price": 500}])
    change = update(
        product,
        fields={"vendor": ValueChange("Kiln", "Row"), "title": ValueChange("Pot", "Kettle")},
        variants=[variant_change("POT", StockChange("set", 9, 20), price=(500, 600))],
    )
    number = store([change])
    with write_transaction() as session:
        session.get_one(Product, product.id).vendor = "Else"
        stock.sell(session, "POT", 3, reference="order 1", reserved=0)
    apply_change_set(number, media())
    now = shop()["pot"]
    assert (now["vendor"], now["title"], now["variants"]["POT"]["stock"][0]) == ("Else", "Kettle", 17)
    assert left(number) == [
        "vendor: it is 'Else' now, not 'Kiln': somebody changed it, so it was left",
        "POT stock: 17 are on hand now, not 20: somebody changed it, so it was left",
    ]


def test_a_deleted_product_and_taken_names_are_left(app: Flask) -> None:
    product = make_product("Pot", variants=[{"sku": "POT"}])
    gone = ProductChange(action="update", slug="gone", title="Gone", product_id=product.id + 99)
    number = store([gone, creation("pot"), creation("cup"), creation("cup"), creation("jug")])
    make_product("Saucer", variants=[{"sku": "jug-0"}])
    apply_change_set(number, media())
    assert change_sets.count_states(number) == {"applied": 1, "skipped": 4}
    assert set(shop()) == {"pot", "cup", "saucer"}


def test_stock_is_set_and_added_through_the_ledger(app: Flask) -> None:
    product = make_product(
        "Pot", variants=[{"sku": "A"}, {"sku": "B", "option1": "b"}, {"sku": "C", "option1": "c"}]
    )
    with write_transaction() as session:
        stock.reserve(session, "C", 8, reference="cart 1")
    number = store(
        [
            update(
                product,
                variants=[
                    variant_change("A", StockChange("set", 7, 20), tracked=(True, False)),
                    variant_change("B", StockChange("add", 5, 20)),
                    variant_change("C", StockChange("set", 2, 20)),
                ],
            )
        ]
    )
    with write_transaction() as session:
        stock.sell(session, "B", 2, reference="order 1", reserved=0)
    apply_change_set(number, media())
    stocks = {sku: v["stock"] for sku, v in shop()["pot"]["variants"].items()}
    assert stocks == {"A": (7, 0, False), "B": (23, 0, True), "C": (8, 8, True)}
    rows = (
        db.session.execute(db.select(StockMovement).where(StockMovement.reason == "import")).scalars().all()
    )
    assert [(r.sku, r.kind, r.quantity) for r in rows] == [
        ("A", "adjusted", -13),
        ("B", "received", 5),
        ("C", "adjusted", -12),
    ]
    assert {(r.reference, r.actor) for r in rows} == {(f"change set {number}", "import:system")}
    assert left(number) == ["C stock: it was set to 8, not 2: so many are reserved for orders"]


def test_options_can_be_swapped_and_a_new_address_redirects(app: Flask, client: FlaskClient) -> None:
    sizes = [{"sku": size, "option1": size} for size in "SML"]
    product = make_product("Shirt", variants=sizes, option_names=["Size"])
    apply(
        update(
            product,
            fields={"slug": ValueChange("shirt", "tee")},
            variants=[
                variant_change("S", option1=("S", "M")),
                variant_change("M", option1=("M", "S")),
                variant_change("L", option1=("L", "S")),
            ],
        )
    )
    variants = shop()["tee"]["variants"]
    assert {sku: v["option1"] for sku, v in variants.items()} == {"S": "S", "M": "M", "L": "L"}
    answer = client.get("/products/shirt")
    assert (answer.status_code, answer.location.rsplit("/", 1)[-1]) == (301, "tee")
    number = apply(
        update(
            product,
            variants=[variant_change("S", option1=("S", "M")), variant_change("M", option1=("M", "S"))],
        )
    )
    variants = shop()["tee"]["variants"]
    assert {sku: v["option1"] for sku, v in variants.items()} == {"S": "M", "M": "S", "L": "L"}
    assert left(number) == []


def test_variants_are_removed_unless_shoppers_hold_them(app: Flask) -> None:
    product = make_product("Pot", variants=[{"sku": s, "option1": s} for s in "ABC"], option_names=["Size"])
    with write_transaction() as session:
        stock.reserve(session, "B", 1, reference="cart 1")
    changes = [removal(v) for v in product.variants if v.sku != "C"]
    new = creation("x").variants[0]
    new.sku, new.fields["option1"] = "NEW", ValueChange(None, "A")
    number = apply(update(product, variants=[*changes, new]))
    assert set(shop()["pot"]["variants"]) == {"B", "C", "NEW"}
    assert left(number) == ["B: 1 are reserved for orders and shoppers, so the variant was left"]
    assert (
        db.session.scalar(db.select(db.func.sum(StockMovement.quantity)).where(StockMovement.sku == "A"))
        == -20
    )


def test_pictures_come_from_the_folder(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "b.png").write_bytes(b"not a picture")
    product = make_product("Pot", variants=[{"sku": "POT"}])
    pictures = [
        new_picture(name, position=n, alt=name) for n, name in enumerate(("a.png", "b.png", "c.png"), 1)
    ]
    cup = creation("cup")
    cup.pictures = pictures
    cup.variants[0].fields["picture"] = ValueChange(None, "a.png")
    change = update(product, pictures=pictures, variants=[variant_change("POT", picture=("", "a.png"))])
    number = apply(change, cup, images=str(tmp_path))
    for slug, code in (("pot", "POT"), ("cup", "cup-0")):
        found = shop()[slug]
        assert [(source, alt, bool(digest)) for source, _, alt, digest in found["pictures"]] == [
            ("a.png", "a.png", True),
            ("b.png", "b.png", False),
            ("c.png", "c.png", False),
        ]
        assert found["variants"][code]["picture"] == "a.png"
    assert len({(p.kind, p.reason) for p in change_sets.problems(number)}) == 2
    (tmp_path.parent / "secret.png").write_bytes(png(3))
    outside = apply(update(product, pictures=[new_picture("../secret.png")]), images=str(tmp_path))
    assert "outside of the pictures’ folder" in change_sets.problems(outside)[0].reason
    assert shop()["pot"]["pictures"][-1][-1] is None
    gone = PictureChange(action="remove", source="a.png", fields={"alt": ValueChange("a.png", None)})
    apply(update(product, pictures=[gone], variants=[variant_change("POT", picture=("a.png", "b.png"))]))
    assert [p[0] for p in shop()["pot"]["pictures"]] == ["b.png", "c.png", "../secret.png"]
    assert shop()["pot"]["variants"]["POT"]["picture"] == "b.png"


def test_an_unfinished_plan_is_never_applied(app: Flask) -> None:
    with PlanWriter("import", "half.csv") as plan:
        plan.add(creation("pot"))
        with pytest.raises(WrongStatusError, match="not planned to the end"):
            apply_change_set(plan.id, media())
    with pytest.raises(WrongStatusError, match="import the file again"):
        apply_change_set(plan.id, media())
    with (
        PlanWriter("edit", "prices") as edit,
        pytest.raises(WrongStatusError, match="make the same change again"),
    ):
        apply_change_set(edit.id, media())
    assert shop() == {}


def test_a_row_that_the_database_refuses_is_left_alone(app: Flask) -> None:
    broken = creation("cup")
    broken.variants[0].fields["option1"] = ValueChange(None, "1")  # as the second variant has
    number = apply(creation("pot"), broken, creation("jug"))
    assert set(shop()) == {"pot", "jug"}
    assert change_sets.count_states(number) == {"applied": 2, "skipped": 1}
    assert "the database refused it" in str(result_of(number, "cup").left[0])


def test_a_code_that_comes_back_keeps_its_ledger_right(app: Flask) -> None:
    product = make_product("Pot", variants=[{"sku": "A", "on_hand": 3}, {"sku": "B", "option1": "b"}])
    with write_transaction() as session:
        stock.receive(session, "A", 4, reason="delivery")
    variant = next(v for v in product.variants if v.sku == "A")
    apply(update(product, variants=[removal(variant)]))
    new = creation("A", variants=1)
    new.variants[0].sku = "A"
    apply(new)
    assert shop()["A"]["variants"]["A"]["stock"] == (5, 0, True)
    assert db.session.scalar(db.select(StockItem.opening).where(StockItem.sku == "A")) == 8


def test_an_old_redirect_gives_way_to_a_new_product(app: Flask, client: FlaskClient) -> None:
    product = make_product("Pot")
    apply(update(product, fields={"slug": ValueChange("pot", "kettle")}))
    apply(creation("pot"))
    assert client.get("/products/pot").status_code == 200
    assert db.session.scalar(db.select(db.func.count()).select_from(ProductRedirect)) == 0
    assert db.session.scalar(db.select(db.func.count()).select_from(Variant)) == 4
