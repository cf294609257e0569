"""A shop gets the demo once, and `flask demo remove` takes it away without a trace of anything else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select

from storefront import actors, demo, stock
from storefront.accounts import sign_in_links
from storefront.catalog.models import Category, Listing, Product, ProductImage, Variant
from storefront.checkout.models import Order, OrderLine
from storefront.demo import choice
from storefront.extensions import Model, db, write_transaction
from storefront.stock import StockItem, StockMovement
from tests.conftest import make_app
from tests.factories import make_category, make_product

CATALOGUE = (Product, Variant, ProductImage, StockItem, StockMovement, Listing)


def count(model: type[Model]) -> int:
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


def run(app: Flask, *words: str, typed: str | None = None) -> Result:
    db.session.remove()
    return app.test_cli_runner().invoke(args=list(words), input=typed, catch_exceptions=False)


@pytest.fixture
def loaded(app: Flask, media: Path, tmp_path: Path) -> Flask:
    """A shop with the demo; its pictures' files are links to those that all tests share."""
    app.config["MEDIA_DIR"] = str(media)
    with actors.acting_as(actors.Actor("command", "kim")):
        demo.load(app)
    own, digests = tmp_path / "media", set(db.session.scalars(select(ProductImage.digest)))
    for file in (file for file in media.rglob("*.webp") if file.stem.partition("-")[0] in digests):
        (own / file.parent.name).mkdir(parents=True, exist_ok=True)
        (own / file.parent.name / file.name).hardlink_to(file)
    app.config["MEDIA_DIR"] = str(own)
    return app


def test_the_demo_goes_and_does_not_come_back(loaded: Flask, tmp_path: Path) -> None:
    mugs = make_category("Teaware", "Cups and mugs")
    make_product("Our own mug", slug="our-own-mug", pictures=1, category=mugs)
    assert "Remove them for good?" in run(loaded, "demo", "remove", typed="n\n").output
    assert count(Product) > 1
    done = run(loaded, "demo", "remove", "--yes")
    assert done.exit_code == 0, done.output
    assert "Removed 63 products" in done.output
    assert [product.slug for product in db.session.scalars(select(Product))] == ["our-own-mug"]
    assert [count(model) for model in CATALOGUE] == [1, 1, 1, 1, 0, 3]
    kept_categories = {one.path: one.product_count for one in db.session.scalars(select(Category))}
    assert kept_categories == {"": 1, "teaware": 1, "teaware/cups-and-mugs": 1}
    digests = {str(digest)[:2] for digest in db.session.scalars(select(ProductImage.digest))}
    kept = {file.parent.name for file in (tmp_path / "media").rglob("*.webp")}
    assert kept <= digests
    assert loaded.test_client().get("/products/our-own-mug").status_code == 200
    with write_transaction() as session:
        session.delete(session.scalars(select(Product)).one())
    assert run(loaded, "setup").exit_code == 0
    assert count(Product) == 0


def change_title(product: Product) -> None:
    with actors.acting_as(actors.Actor("staff", "7")):
        product.title = "Ours now"


def change_price(product: Product) -> None:
    with actors.acting_as(actors.Actor("import", "command:kim")):
        product.variants[-1].price += 1


def move(product: Product) -> None:
    with actors.acting_as(actors.Actor("import", "command:kim")):
        product.category = make_category("Our corner", "Old things")


def receive(product: Product) -> None:
    stock.set_on_hand(db.session(), product.variants[0].sku, 99, reason="counted")


def order(product: Product) -> None:
    about = {
        "currency": "USD",
        "goods": 1,
        "delivery_price": 0,
        "tax": 0,
        "total": 1,
        "prices_include_tax": True,
    }
    placed = Order(request_digest="", email="", ship_to={}, delivery="", payment="", **about)
    line = {"title": "Mug", "quantity": 1, "unit_price": 1, "tax_rate": 0, "tax": 0, "total": 1}
    placed.lines.append(OrderLine(sku=product.variants[0].sku, **line))
    db.session.add(placed)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_people_changed_or_ordered_stays_and_is_listed(loaded: Flask) -> None:
    changes: list[tuple[Callable[[Product], None], str]] = [
        (change_title, "somebody changed it"),
        (change_price, "somebody changed it"),
        (move, "somebody changed it"),
        (receive, "somebody changed its stock"),
        (order, "it was ordered"),
    ]
    products = db.session.scalars(select(Product).order_by(Product.id).limit(len(changes))).all()
    for product, (change, _) in zip(products, changes, strict=True):
        change(product)
        db.session.flush()
    kept = {product.id: product.title for product in products}
    db.session.commit()
    preview = run(loaded, "demo", "remove", "--dry-run").output
    assert count(Product) == 63
    assert run(loaded, "demo", "remove", "--yes").exit_code == 0
    assert set(db.session.scalars(select(Product.id))) == set(kept)
    for (product_id, title), (_, reason) in zip(kept.items(), changes, strict=True):
        assert f"stays: {title}: {reason}" in preview
        path = db.session.get_one(Product, product_id).category
        assert path is not None, "its category stays"


def test_a_choice_against_the_demo_is_kept(
    empty_url: str, media: Path, tmp_path: Path, redis_url: str
) -> None:
    app = make_app(empty_url, tmp_path, REDIS_URL=redis_url, STOREFRONT_MEDIA_DIR=str(media))
    with app.app_context():
        assert run(app, "setup", "--no-demo").exit_code == 0
        assert run(app, "setup").output == ""
        assert (count(Product), choice.read_choice(db.session())) == (0, "declined")
        assert "Loaded 63 products" in run(app, "demo").output
        assert choice.read_choice(db.session()) == "loaded"
        db.session.remove()
        db.engine.dispose()


def test_a_shop_of_an_earlier_version_stays_as_it_is(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade(revision="0031")
        assert not demo.FIRST_REVISION <= "0031"
    app = make_app(empty_url, tmp_path)
    with app.app_context():
        assert run(app, "setup").output.startswith("Migrating")
        assert (count(Product), choice.read_choice(db.session())) == (0, "declined")
        db.session.remove()
        db.engine.dispose()


def test_the_migration_finds_shops_that_are_in_use(empty_url: str, tmp_path: Path) -> None:
    with make_app(empty_url, tmp_path).app_context():
        upgrade()
        sign_in_links.find_or_create_staff()
        downgrade(revision="0031")
        upgrade()
        assert choice.read_choice(db.session()) == "existing"
        db.session.remove()
        db.engine.dispose()
