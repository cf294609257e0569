"""The import: which rows it takes, which it refuses and why, and that a second import changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner
from sqlalchemy import func, select

from storefront.catalog import queries
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.change_sets.models import ChangeSet
from storefront.extensions import db
from storefront.stock import StockItem
from tests.catalog_files.conftest import CURRENT, LEGACY, row, run_import, write
from tests.factories import png


def test_product_of_several_rows_is_imported_completely(runner: FlaskCliRunner, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(1))
    (tmp_path / "b.png").write_bytes(png(2))
    rows = [
        row(
            category="Teaware > Pots",
            description="<p>Pours<script>alert(1)</script></p>",
            vendor="Kiln Row",
            tags="clay, hand-made",
            option1_name="Colour",
            option1="Blue",
            image="a.png",
            image_alt="From the left",
            status="active",
            compare_at_price="15.00",
            grams="900.0",
            barcode="'4006381333931",
        ),
        row(
            title="",
            option1="Red",
            sku="'TP-2",
            quantity="0",
            policy="continue",
            image="b.png",
            variant_image="b.png",
        ),
    ]
    result = run_import(runner, write(tmp_path / "x.csv", rows), "--images", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "1 created" in result.output
    assert "had 1 script, which the shop does not show" in result.output
    page = queries.fetch_product_page("teapot")
    assert [c.name for c in page.navigation.trail] == ["Teaware", "Pots"]
    assert page.description_html == "<p>Pours</p>"
    assert page.tags == ["clay", "hand-made"]
    assert [(v.sku, v.options, v.picture, v.badge.text) for v in page.variants] == [
        ("TP-1", ("Blue",), None, "In stock"),
        ("TP-2", ("Red",), 1, "Available to order"),
    ]
    assert (page.variants[0].barcode, page.variants[0].weight_grams) == ("4006381333931", 900)
    assert [picture.alt for picture in page.pictures] == ["From the left", "Teapot"]


@pytest.mark.any_database
def test_product_without_options_has_no_options(runner: FlaskCliRunner, tmp_path: Path) -> None:
    run_import(runner, write(tmp_path / "x.csv", [row(option1_name="Title", option1="Default Title")]))
    assert queries.load_product_page("teapot").option_names == []


@pytest.mark.any_database
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"bom": b"\xef\xbb\xbf"},
        {"encoding": "utf-16"},
        {"encoding": "utf-16-le"},
        {"encoding": "cp1252"},
        {"delimiter": ";"},
        {"delimiter": "\t"},
        {"end": "\n"},
        {"header": LEGACY},
        {"header": [h.upper() for h in CURRENT]},
    ],
    ids=str,
)
def test_common_encodings_and_delimiters_are_detected(
    runner: FlaskCliRunner, tmp_path: Path, how: dict[str, Any]
) -> None:
    result = run_import(runner, write(tmp_path / "x.csv", [row(title="Théière, “grande”")], **how))
    assert result.exit_code == 0, result.output
    assert queries.load_product_page("teapot").title == "Théière, “grande”"


@pytest.mark.any_database
def test_rows_of_one_product_need_not_be_adjacent(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = [
        row(option1_name="Size", option1="S", sku="A"),
        row(handle="cup", title="Cup", sku="C"),
        row(title="", option1="L", sku="B"),
    ]
    run_import(runner, write(tmp_path / "x.csv", rows))
    assert [v.sku for v in queries.load_product_page("teapot").variants] == ["A", "B"]


@pytest.mark.any_database
def test_refused_rows_are_listed_and_others_imported(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = [
        row(option1_name="Size", option1="S", sku="A"),
        row(title="", option1="M", sku="B", price="cheap"),
        row(title="", option1="L", sku="A"),
        row(title="", option1="S", sku="D"),
        row(handle="nameless", title="", sku="E"),
        row(handle="", title="", sku=""),
        row(handle="cup", title="Cup", sku="C", price="-3"),
        row(handle="jug", title="Jug", published="perhaps"),
        row(handle="mug", title="Mug", taxable="perhaps"),
    ]
    result = run_import(runner, write(tmp_path / "x.csv", rows))
    assert result.exit_code == 1
    for sentence in (
        "line 3, Price: 'cheap' is not a number",
        "line 5, Option1 value: S is there already",
        "line 6, URL handle: there is no product 'nameless' in the shop, and a new one needs a title",
        "line 7, URL handle: the row names no product",
        "line 8, Price: '-3' is negative",
        "line 9, Published on online store: 'perhaps' is",
        "line 10, Charge tax: 'perhaps' is",
        "Rows: 9 read, 7 refused.",
    ):
        assert sentence in result.output
    variants = db.session.execute(select(Variant.label, Variant.option1).order_by(Variant.id)).all()
    assert variants == [("A", "S"), ("A", "L")]
    assert db.session.execute(select(func.count()).select_from(Product)).scalar_one() == 1


@pytest.mark.any_database
def test_generated_sku_is_found_by_a_second_import(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [row(sku="", option1_name="Size", option1="Größe L")])
    run_import(runner, path)
    assert queries.load_product_page("teapot").variants[0].sku == "teapot-grosse-l"
    assert "1 left" in run_import(runner, path).output


def test_second_import_changes_only_what_the_file_changed(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [row(), row(handle="cup", title="Cup", sku="C")])
    run_import(runner, path)
    before = db.session.execute(select(Product.slug, Product.updated_at)).all()
    assert "0 created, 0 changed, 2 left" in run_import(runner, path).output
    assert db.session.execute(select(Product.slug, Product.updated_at)).all() == before
    rows = [row(price="13.00", quantity="2"), row(handle="cup", title="Cup", sku="C")]
    assert "0 created, 1 changed, 1 left" in run_import(runner, write(path, rows), "--stock=set").output
    variant = queries.load_product_page("teapot").variants[0]
    assert (variant.price.amount, variant.badge.text) == (1300, "Only 2 left")


def test_missing_variant_stays_unless_it_is_to_be_removed(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    both = [row(option1_name="Size", option1="S"), row(title="", option1="L", sku="TP-2")]
    run_import(runner, write(path, both))
    write(path, [row(option1_name="Size", option1="L", sku="TP-2")])
    assert "1 left" in run_import(runner, path).output
    result = run_import(runner, path, "--remove-missing")
    assert "! variant TP-1: removed, S, 12.50, SKU TP-1, 7 on hand" in result.output
    assert "Variants removed: 1" in result.output
    assert db.session.execute(select(Variant.sku)).scalars().all() == ["TP-2"]
    assert db.session.execute(select(StockItem.sku)).scalars().all() == ["TP-2"]


def test_refused_row_keeps_the_variant_and_its_stock(runner: FlaskCliRunner, tmp_path: Path) -> None:
    blue = {"option1_name": "Colour", "option1": "Blue"}
    run_import(runner, write(tmp_path / "x.csv", [row(**blue), row(title="", option1="Red", sku="TP-2")]))
    slip = [row(**blue), row(title="", option1="Red", sku="TP-2", price="12,50,1")]
    assert "refused" in run_import(runner, write(tmp_path / "x.csv", slip), "--remove-missing").output
    kept = db.session.execute(select(StockItem.sku, StockItem.on_hand)).all()
    assert sorted(map(tuple, kept)) == [("TP-1", 7), ("TP-2", 7)]


@pytest.mark.any_database
def test_dry_run_reports_and_changes_nothing(runner: FlaskCliRunner, tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [row(category="New > Shelf")])
    result = run_import(runner, path, "--dry-run")
    assert "Would have been: 1 created" in result.output
    assert db.session.execute(select(func.count()).select_from(ChangeSet)).scalar_one() == 0
    assert db.session.execute(select(func.count()).select_from(Product)).scalar_one() == 0
    assert "1 created" in run_import(runner, path).output


@pytest.mark.any_database
def test_negative_stock_is_imported_as_0_and_reported(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = run_import(runner, write(tmp_path / "x.csv", [row(quantity="-4")]))
    assert "-4 was taken as 0" in result.output
    assert queries.load_product_page("teapot").variants[0].badge.text == "Sold out"


@pytest.mark.any_database
@pytest.mark.parametrize("currency", ["JPY", "KWD"])
def test_currencies_without_cents_keep_their_digits(
    app: Flask, runner: FlaskCliRunner, tmp_path: Path, currency: str
) -> None:
    app.config["SHOP_SETTINGS"] = {"currency": currency}
    price, amount = {"JPY": ("1,299", 1299), "KWD": ("1.250", 1250)}[currency]
    run_import(runner, write(tmp_path / "x.csv", [row(price=price)]))
    assert queries.load_product_page("teapot").variants[0].price.amount == amount


@pytest.mark.any_database
def test_pictures_are_read_from_the_given_folder_only(runner: FlaskCliRunner, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(png())
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "evil.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    rows = [row(image="../secret.png"), row(title="", price="", sku="", quantity="", image="evil.svg")]
    result = run_import(runner, write(tmp_path / "x.csv", rows), "--images", str(tmp_path / "pictures"))
    assert "outside of the pictures’ folder" in result.output
    assert "SVG pictures are refused" in result.output
    (tmp_path / "pictures" / "evil.svg").write_bytes(png())
    assert "1 left" in run_import(runner, tmp_path / "x.csv", "--images", str(tmp_path / "pictures")).output
    digests = db.session.execute(select(ProductImage.digest).order_by(ProductImage.source)).scalars().all()
    assert [digest is None for digest in digests] == [True, False]


def test_cell_of_200_kb_is_imported(runner: FlaskCliRunner, tmp_path: Path) -> None:
    run_import(runner, write(tmp_path / "x.csv", [row(description="<p>" + "word " * 40_000 + "</p>")]))
    assert len(queries.load_product_page("teapot").description_html) > 190_000


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"<!doctype html><p>Sign in</p>", "not a CSV file"),
        (b"id;name;price\n1;Cup;2\n", "“Title”"),
        (bytes(range(256)) * 10, "Error: "),
    ],
)
def test_file_that_is_no_product_csv_is_refused_with_a_reason(
    runner: FlaskCliRunner, tmp_path: Path, content: bytes, sentence: str
) -> None:
    (tmp_path / "x.csv").write_bytes(content)
    result = run_import(runner, tmp_path / "x.csv")
    assert result.exit_code == 1
    assert sentence in result.output
    assert "Traceback" not in result.output


@pytest.mark.any_database
def test_missing_file_is_refused_with_a_reason(runner: FlaskCliRunner, tmp_path: Path) -> None:
    assert "There is no file" in run_import(runner, tmp_path / "none.csv").output
    assert "is not a file" in run_import(runner, tmp_path).output


def test_planned_moments_come_and_go_with_a_file(runner: FlaskCliRunner, tmp_path: Path) -> None:
    planned = row(publish_at="2099-12-01 09:00:00 +0100", withdraw_at="2100-01-06", quantity="0")
    wrong = row(
        handle="cup", title="Cup", sku="C", publish_at="soon", withdraw_at="2020-01-01", status="active"
    )
    result = run_import(runner, write(tmp_path / "x.csv", [planned, wrong]))
    assert ("2 created" in result.output, "'soon' is not a time" in result.output) == (True, True)
    assert "this moment has passed, so it was ignored" in result.output
    found = db.session.execute(
        select(Product.status, Product.publish_at, Product.withdraw_at).order_by(Product.slug)
    ).all()
    assert found == [
        ("active", None, None),
        ("draft", "2099-12-01T08:00:00Z", "2100-01-06T00:00:00Z"),
    ]
    exported = tmp_path / "1.csv"
    runner.invoke(args=["catalog", "export", str(exported)])
    assert "2099-12-01T08:00:00Z,2100-01-06T00:00:00Z" in exported.read_text()
    assert "0 created, 0 changed, 2 left" in run_import(runner, exported).output
    assert "1 changed" in run_import(runner, write(tmp_path / "y.csv", [row(quantity="0")])).output
    assert db.session.scalar(select(Product.publish_at).where(Product.slug == "teapot")) is None
