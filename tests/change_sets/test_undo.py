"""An undo puts back what nobody has changed since, and lists what it leaves."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from flask import Flask

from storefront import stock
from storefront.catalog.models import Category, Listing, Product, ProductImage, Variant
from storefront.change_sets import apply_change_set, runner
from storefront.change_sets import store as change_sets
from storefront.change_sets.changes import PictureChange, StockChange, ValueChange
from storefront.change_sets.directions import WrongStatusError
from storefront.change_sets.models import ChangeSetRow
from storefront.change_sets.results import RowResult
from storefront.extensions import db, write_transaction
from storefront.stock import StockMovement
from tests.change_sets.stored_sets import (
    apply,
    creation,
    media,
    new_picture,
    removal,
    shop,
    store,
    undo,
    update,
    variant_change,
)
from tests.checkout.shoppers import hold, make_draft, place
from tests.factories import make_product, png


def not_undone(number: int) -> list[str]:
    query = db.select(ChangeSetRow.result).where(ChangeSetRow.change_set_id == number)
    query = query.order_by(ChangeSetRow.position)
    found = [msgspec.json.decode(text, type=RowResult) for text in db.session.scalars(query) if text]
    return [str(part) for result in found for part in result.not_undone]


def make_shirt() -> Product:
    sizes = [{"sku": size, "option1": size, "label": "TEE", "extra": {"Cost": "3"}} for size in "SML"]
    return make_product("Shirt", variants=sizes, option_names=["Size"], vendor="Loom")


def test_undo_restores_everything(app: Flask, tmp_path: Path) -> None:
    (tmp_path / "new.png").write_bytes(png(2))
    shirt = make_shirt()
    with write_transaction() as session:
        session.add(
            ProductImage(product_id=shirt.id, source="old.png", alt="Old", position=1, width=0, height=0)
        )
    apply(
        update(
            shirt,
            variants=[variant_change("L", picture=("", "old.png"))],
            fields={"category": ValueChange([], ["Tops"])},
        )
    )
    before = shop()
    removed = removal(next(v for v in db.session.get_one(Product, 1).variants if v.sku == "L"))
    removed.fields |= {"picture": ValueChange("old.png", None), "extra:Cost": ValueChange("3", None)}
    new = creation("x").variants[0]
    new.sku, new.fields["option1"] = "NEW", ValueChange(None, "L")
    number = apply(
        creation("cup", category=["Cups"]),
        update(
            shirt,
            fields={
                "title": ValueChange("Shirt", "Tee"),
                "slug": ValueChange("shirt", "tee"),
                "category": ValueChange(["Tops"], ["Sale", "Tops"]),
                "extra:Note": ValueChange("", "x"),
            },
            variants=[
                removed,
                variant_change("S", StockChange("set", 3, 20), option1=("S", "M"), price=(1999, 5)),
                variant_change("M", StockChange("add", 4, 20), option1=("M", "S"), tracked=(True, False)),
                new,
            ],
            pictures=[
                PictureChange(action="remove", source="old.png", fields={"alt": ValueChange("Old", None)}),
                new_picture("new.png", alt="New"),
            ],
        ),
        images=str(tmp_path),
    )
    changed = shop()
    assert set(changed) == {"cup", "tee"}
    assert set(changed["tee"]["variants"]) == {"S", "M", "NEW"}
    assert undo(number) == {"undone": 2}
    assert not_undone(number) == []
    assert shop() == before
    counts = db.session.execute(db.select(Category.path, Category.product_count).order_by(Category.path))
    assert {path: count for path, count in counts if count} == {"": 1, "tops": 1}
    assert db.session.scalar(db.select(db.func.count()).select_from(Listing)) == 2
    with pytest.raises(WrongStatusError, match="is undone already"):
        undo(number)


def test_stock_is_undone_as_a_difference(app: Flask) -> None:
    shirt = make_shirt()
    number = apply(
        update(
            shirt,
            variants=[
                variant_change("S", StockChange("set", 50, 20)),
                variant_change("M", StockChange("add", 5, 20)),
                variant_change("L", StockChange("set", 30, 20)),
            ],
        )
    )
    with write_transaction() as session:
        stock.sell(session, "S", 3, reference="order 1", reserved=0)
        stock.reserve(session, "M", 22, reference="cart 1")
        stock.set_on_hand(session, "L", 7, reason="counted")
    assert undo(number) == {"left": 1}
    assert {sku: v["stock"][0] for sku, v in shop()["shirt"]["variants"].items()} == {
        "S": 17,
        "M": 25,
        "L": 7,
    }
    assert not_undone(number) == [
        "L stock: it was set to another number since, so it was left",
        "M stock: 25 are on hand and 22 reserved: -5 is not possible",
    ]
    rows = db.session.execute(db.select(StockMovement).where(StockMovement.reason == "undo")).scalars()
    assert [(r.sku, r.quantity, r.reference) for r in rows] == [("S", -30, f"change set {number}")]


def test_a_later_change_set_keeps_its_fields(app: Flask) -> None:
    shirt = make_shirt()
    first = apply(
        update(shirt, fields={"title": ValueChange("Shirt", "Tee"), "vendor": ValueChange("Loom", "Mill")})
    )
    second = apply(update(shirt, fields={"title": ValueChange("Tee", "Blouse")}))
    assert undo(first) == {"left": 1}
    assert not_undone(first) == ["title: it is 'Blouse' now, not 'Tee': somebody changed it, so it was left"]
    assert (shop()["shirt"]["title"], shop()["shirt"]["vendor"]) == ("Blouse", "Loom")
    assert undo(second) == {"undone": 1}
    assert shop()["shirt"]["title"] == "Tee"


def test_created_products_that_somebody_needs_are_left(app: Flask) -> None:
    number = apply(*(creation(name) for name in ("edited", "told", "coded", "sold", "held", "grown", "free")))
    with write_transaction() as session:
        found = {product.slug: product for product in session.scalars(db.select(Product))}
        found["edited"].title = "Mine"
        found["told"].description_html = "<p>Of a field that the file did not have.</p>"
        found["coded"].variants[0].barcode = "42"
        stock.sell(session, "sold-1", 1, reference="order 1", reserved=0)
        stock.reserve(session, "held-2", 1, reference="cart 1")
        session.add(Variant(product_id=found["grown"].id, sku="own", option1="own", price=1))
        session.flush()
        own = session.scalars(db.select(Variant).where(Variant.sku == "own")).one()
        session.add(stock.StockItem(sku="own", variant_id=own.id, product_id=own.product_id))
    assert undo(number) == {"undone": 1, "left": 6}
    assert set(shop()) == {"edited", "told", "coded", "sold", "held", "grown"}
    assert all("the product was left; archive or delete it yourself" in line for line in not_undone(number))


def test_created_pictures_that_somebody_changed_are_left(app: Flask) -> None:
    shirt = make_shirt()
    sources = ("moved.jpg", "told.jpg", "kept.jpg", "free.jpg")
    new = [new_picture(source, position=n, alt="") for n, source in enumerate(sources, 1)]
    new[2].fields["extra:Note"] = ValueChange(None, "new")
    cup, tin, jar = (creation(name, 1) for name in ("cup", "tin", "jar"))
    cup.pictures, tin.pictures = ([new_picture(f"{name}.jpg", position=1, alt="")] for name in ("cup", "tin"))
    number = apply(update(shirt, pictures=new), cup, tin, jar)
    with write_transaction() as session:
        found = {image.source: image for image in session.scalars(db.select(ProductImage))}
        found["moved.jpg"].position, found["told.jpg"].alt = 9, "A shirt"
        found["kept.jpg"].extra = {"Note": "mine"}
        found["cup.jpg"].alt = "A cup"
        own = session.scalars(db.select(Product).where(Product.slug == "jar")).one()
        session.add(ProductImage(product_id=own.id, alt="Own", position=1, width=0, height=0))
    assert undo(number) == {"undone": 1, "left": 3}
    assert [source for source, *_ in shop()["shirt"]["pictures"]] == ["told.jpg", "kept.jpg", "moved.jpg"]
    assert set(shop()) == {"shirt", "cup", "jar"}
    assert not_undone(number) == [
        "moved.jpg: its position was changed since, so it was left",
        "told.jpg: its alt was changed since, so it was left",
        "kept.jpg: its extra:Note was changed since, so it was left",
        "the product: cup.jpg: its alt was changed since, so the product was left; archive or delete it yourself",
        "the product: it has a new picture, so the product was left; archive or delete it yourself",
    ]


def test_removed_picture_comes_back_in_its_place(app: Flask) -> None:
    shirt = make_shirt()
    apply(update(shirt, pictures=[new_picture(f"{name}.jpg", position=1, alt="") for name in "abc"]))
    before = shop()
    first, second = (
        apply(
            update(
                shirt,
                pictures=[
                    PictureChange(
                        action="remove", source=f"{name}.jpg", fields={"alt": ValueChange("", None)}
                    )
                ],
            )
        )
        for name in "ac"
    )
    apply(creation("cup", 1), update(shirt, pictures=[new_picture("d.jpg", position=1, alt="")]))
    assert undo(first) == undo(second) == {"undone": 1}
    # On SQLite "d.jpg" may have the id that "c.jpg" had.
    found = [source for source, *_ in shop()["shirt"]["pictures"]]
    assert [source for source in found if source != "d.jpg"] == [s for s, *_ in before["shirt"]["pictures"]]


def test_undo_removes_no_picture_that_was_there(app: Flask) -> None:
    shirt = make_shirt()
    number = store([update(shirt, pictures=[new_picture("a.jpg", position=1, alt="A shirt")])])
    with write_transaction() as session:
        session.add(ProductImage(product_id=shirt.id, source="a.jpg", alt="", position=1, width=0, height=0))
    apply_change_set(number, media())
    assert [alt for _, _, alt, _ in shop()["shirt"]["pictures"]] == ["A shirt"]
    assert undo(number) == {"undone": 1}
    assert [(source, alt) for source, _, alt, _ in shop()["shirt"]["pictures"]] == [("a.jpg", "")]


def test_created_products_in_orders_and_holds_are_left(app: Flask) -> None:
    number = apply(*(creation(name, 1) for name in ("ordered", "held", "free")))
    place(make_draft({"ordered-0": 1}))
    hold(make_draft({"held-0": 1}))
    assert undo(number) == {"undone": 1, "left": 2}
    assert set(shop()) == {"ordered", "held"}
    assert not_undone(number) == [
        "the product: ordered-0: it was ordered since, so the product was left; archive or delete it yourself",
        "the product: held-0: it was ordered since, so the product was left; archive or delete it yourself",
    ]


def test_an_interrupted_application_can_be_undone(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "BATCH", 1)
    make_product("Saucer")
    before = shop()
    number = store([creation(f"pot{n}") for n in range(4)])

    def stop(done: int, _total: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_change_set(number, media(), progress=stop)
    assert [c.id for c in change_sets.find_interrupted()] == [number]
    assert len(shop()) == 3
    assert undo(number) == {"undone": 2, "pending": 2}
    assert shop() == before
    with pytest.raises(WrongStatusError, match="was undone"):
        apply_change_set(number, media())
