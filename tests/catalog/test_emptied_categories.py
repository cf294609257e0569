"""The address of a category that an import, its undoing or the API leaves empty leads to where its products went."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from storefront.catalog.list_index import writer
from storefront.catalog.models import Product
from storefront.extensions import write_transaction
from tests.cache.conftest import get
from tests.catalog_files.conftest import row, run_import, write
from tests.factories import make_category, make_product


def move(*product_ids: int, to: str | None) -> None:
    """Put products into a category, given as "Table > Cups"; None archives them."""
    category = make_category(*to.split(" > ")) if to is not None else None
    with write_transaction() as session:
        for product_id in product_ids:
            product = session.get_one(Product, product_id)
            product.status = "active" if category else "archived"
            product.category_id = category.id if category else product.category_id
        writer.refresh(session, product_ids)


def target(client: FlaskClient, path: str) -> str | int:
    answer = get(client, f"/categories/{path}")
    return answer.location or answer.status_code


def test_an_import_that_renames_redirects_until_it_is_undone(
    app: Flask, client: FlaskClient, tmp_path: Path
) -> None:
    runner = app.test_cli_runner()
    for kind in ("Mugs", "Cups"):
        rows = [
            row(
                handle=f"pot-{n}",
                title=f"Pot {n}",
                category=kind,
                published="true",
                status="active",
                sku=f"P-{n}",
            )
            for n in range(3)
        ]
        result = run_import(runner, write(tmp_path / "shop.csv", rows))
        assert result.exit_code == 0, result.output
        if kind == "Mugs":
            assert target(client, "mugs") == 200
    assert target(client, "mugs") == "/categories/cups"
    assert client.get("/categories/mugs?sort=price").location == "/categories/cups?sort=price"
    assert client.get("/categories/Mugs/").location == "/categories/cups", "at once, however it is spelt"
    assert runner.invoke(args=["catalog", "undo", "2"]).exit_code == 0
    assert (target(client, "mugs"), target(client, "cups")) == (200, "/categories/mugs")


def test_chains_lead_to_the_last_and_circles_to_none(client: FlaskClient) -> None:
    pot = make_product("Pot", category=make_category("A")).id
    for name in ("B", "C"):
        move(pot, to=name)
    assert [target(client, path) for path in "abc"] == ["/categories/c", "/categories/c", 200]
    move(pot, to="A")
    assert [target(client, path) for path in "abc"] == [200, "/categories/a", "/categories/a"]
    move(pot, to=None)
    assert [target(client, path) for path in "abc"] == [200, 200, 200], "none of them has products"


def test_a_category_with_products_wins(client: FlaskClient) -> None:
    pot = make_product("Pot", category=make_category("Mugs")).id
    move(pot, to="Cups")
    assert target(client, "mugs") == "/categories/cups"
    make_product("Mug", category=make_category("Mugs"))
    assert target(client, "mugs") == 200


def test_a_renamed_branch_leads_level_by_level(client: FlaskClient) -> None:
    green, black = (make_product(name, category=make_category("Tea", name)).id for name in ("Green", "Black"))
    move(green, black, to="Teas > Green")
    assert target(client, "tea/green") == "/categories/teas/green"
    assert target(client, "tea") == "/categories/teas"


def test_products_that_part_lead_to_what_is_above_them(client: FlaskClient) -> None:
    one, two = (make_product(name, category=make_category("Pots")).id for name in ("One", "Two"))
    both = [make_category("Table", "Tea").id, make_category("Table", "Coffee").id]
    with write_transaction() as session:
        for product_id, category_id in zip((one, two), both, strict=True):
            session.get_one(Product, product_id).category_id = category_id
        writer.refresh(session, [one, two])
    assert target(client, "pots") == "/categories/table"
    make_category("Empty")
    assert target(client, "empty") == 200
