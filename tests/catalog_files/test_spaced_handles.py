"""Handles with spaces, as people type them by hand: a plain address, unless two handles of the file mean it."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from storefront.catalog.models import Product
from storefront.catalog.slugs import handle_slug, plain_handle_slug
from storefront.extensions import db
from tests.catalog_files.conftest import run_import
from tests.factories import make_product


def load(runner: FlaskCliRunner, file: Path, *rows: str) -> str:
    file.write_text("\n".join(["URL handle,Title,Price", *rows, ""]))
    result = run_import(runner, file, "--stock-missing=zero")
    assert result.exit_code == 0, result.output
    return result.output


def slugs() -> dict[str, str]:
    db.session.remove()
    return dict(map(tuple, db.session.execute(select(Product.title, Product.slug)).all()))


@pytest.mark.any_database
def test_a_handle_with_spaces_gives_a_plain_address(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = ("Blue Bowl,Bowl,9", "Tea_Pot,Pot,9", " Salt & Pepper ,Mill,9")
    load(runner, tmp_path / "a.csv", *rows)
    assert slugs() == {"Bowl": "blue-bowl", "Pot": "Tea_Pot", "Mill": "salt-and-pepper"}
    assert "0 created, 0 changed, 3 left" in load(runner, tmp_path / "a.csv", *rows)


@pytest.mark.any_database
def test_a_product_at_the_plain_address_keeps_it(runner: FlaskCliRunner, tmp_path: Path) -> None:
    make_product("Bowl", slug="blue-bowl", variants=[{"sku": "B", "price": 900}])
    assert "0 created, 1 changed" in load(runner, tmp_path / "a.csv", "Blue Bowl,Round bowl,9")
    assert slugs() == {"Round bowl": "blue-bowl"}


@pytest.mark.any_database
@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0)])
def test_handles_that_fold_alike_stay_apart(
    runner: FlaskCliRunner, tmp_path: Path, order: tuple[int, ...]
) -> None:
    rows = ("Blue Bowl,Spaced,9", "blue-bowl,Exact,9", "blue  bowl,Small,9")
    load(runner, tmp_path / "a.csv", *(rows[place] for place in order))
    found = {"Spaced": handle_slug("Blue Bowl"), "Exact": "blue-bowl", "Small": handle_slug("blue bowl")}
    assert slugs() == found
    assert "0 created, 0 changed, 3 left" in load(runner, tmp_path / "a.csv", *rows)
    assert "0 created, 1 changed" in load(runner, tmp_path / "a.csv", "Blue Bowl,Alone,9")
    assert slugs()["Alone"] == found["Spaced"]


@pytest.mark.any_database
@pytest.mark.parametrize("pair", list(permutations(("Blue Bowl,Large,9", "blue bowl,Small,9"))))
def test_two_spaced_handles_do_not_depend_on_their_order(
    runner: FlaskCliRunner, tmp_path: Path, pair: tuple[str, ...]
) -> None:
    load(runner, tmp_path / "a.csv", *pair)
    assert slugs() == {"Large": handle_slug("Blue Bowl"), "Small": handle_slug("blue bowl")}


def test_only_handles_with_spaces_have_a_plain_slug() -> None:
    assert plain_handle_slug("Blue%20Bowl") == "blue-bowl"
    for handle in ("blue-bowl", "Blue", "a /b", "! !", "x " * 200, "", " bowl "):
        assert plain_handle_slug(handle) == ""
