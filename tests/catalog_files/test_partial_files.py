"""What a file does not say stays as it is: absent columns, empty cells, other rows, damaged rows, sold stock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from storefront.catalog import metafields
from storefront.catalog.models import Product, ProductImage, Variant
from storefront.extensions import db, write_transaction
from storefront.stock import StockItem
from tests.catalog_files.conftest import run_import

# Both databases apply and undo in tests/change_sets/test_apply.py, test_undo.py and test_any_sequence.py.
pytestmark = pytest.mark.any_database

FULL = """\
URL handle,Title,Description,Vendor,Product category,Tags,Status,SKU,Option1 name,Option1 value,Price,\
Inventory quantity,Product image URL,Image alt text,SEO title,Barcode,Fabric (product.metafields.custom.fabric)
tee,Linen tee,<p>Soft.</p>,Loom,Shirts,"linen, summer",draft,TEE-S,Size,S,30,7,\
https://example.com/tee.jpg,Tee,For summer,42,linen
tee,,,,,,,TEE-M,,M,30,9,,,,43,
"""


@pytest.fixture
def full(runner: FlaskCliRunner, tmp_path: Path) -> None:
    """A shop with one product that has everything."""
    (tmp_path / "full.csv").write_text(FULL)
    assert run_import(runner, tmp_path / "full.csv").exit_code == 0


def state() -> dict[str, Any]:
    """Return everything that the shop has of its product."""
    db.session.remove()
    product = db.session.execute(select(Product)).scalar_one()
    values = {
        name: getattr(product, name)
        for name in (
            "title",
            "description_html",
            "vendor",
            "tags",
            "status",
            "seo_title",
            "option_names",
            "extra",
        )
    }
    values["category"] = product.category.path if product.category else None
    for variant in product.variants:
        for name in ("label", "option1", "price", "barcode", "extra"):
            values[f"{variant.option1}.{name}"] = getattr(variant, name)
    values |= dict(map(tuple, db.session.execute(select(StockItem.sku, StockItem.on_hand)).all()))
    pictures = db.session.execute(select(ProductImage.source, ProductImage.alt)).all()
    db.session.remove()
    return values | {"pictures": list(map(tuple, pictures))}


def import_text(runner: FlaskCliRunner, tmp_path: Path, text: str, *options: str) -> Any:
    (tmp_path / "part.csv").write_text(text)
    return run_import(runner, tmp_path / "part.csv", *options)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("URL handle,Option1 value,Price\ntee,M,28\n", {"M.price": 2800}),
        ("Variant code,Price\nTEE-M,28\n", {"M.price": 2800}),
        ("SKU,Price\nTEE-M,28\n", {"M.price": 2800}),
        ("URL handle,Title,Tags\ntee,Tee,\n", {"title": "Tee", "tags": []}),
        ("URL handle,Tags\ntee,\n", {}),
        ("URL handle,Vendor\ntee,Reed\n", {"vendor": "Reed"}),
        (
            "URL handle,Title,Description,Vendor,Product category,SEO title\ntee,Linen tee,,,,\n",
            {"description_html": "", "vendor": "", "category": None, "seo_title": ""},
        ),
        (
            "URL handle,Title,Status,Option1 name,Option1 value,SKU,Price,Inventory quantity,Product image URL\n"
            "tee,Linen tee,,,S,,,,\n",
            {"S.label": ""},
        ),
        ("URL handle,Title,Fabric (product.metafields.custom.fabric)\ntee,Linen tee,\n", {"extra": {}}),
        (
            "URL handle,Title,Vendor,Option1 value,Price\ntee,,,M,\ntee,Linen tee,Reed,S,\n",
            {"vendor": "Reed"},
        ),
    ],
)
def test_file_changes_only_what_it_says(
    runner: FlaskCliRunner, tmp_path: Path, text: str, changes: dict[str, Any]
) -> None:
    before = state()
    assert import_text(runner, tmp_path, text).exit_code == 0
    assert state() == before | changes


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("URL handle,Title,Price\ntee,Linen tee,28\n", "the product has options (Size)"),
        ("URL handle,Title,Option1 value,Price\ntee,A, b, c,S,28\n", "line 2: has 6 cells"),
        ('URL handle,Title,Option1 value,Price\ntee,Linen tee,S,28\ntee,"Broken,M,28\n', "line 3: "),
        ("URL handle,Option1 value,Price\ntee,S,free\ntee,M,-1\n", "line 3, Price: '-1' is negative"),
        (
            "URL handle,Title,Status,Published\ntee,Linen tee,active,perhaps\n",
            "line 2, Published: 'perhaps' is",
        ),
    ],
)
def test_refused_product_stays_as_it_is(
    runner: FlaskCliRunner, tmp_path: Path, text: str, sentence: str
) -> None:
    before = state()
    result = import_text(runner, tmp_path, text, "--remove-missing")
    assert (result.exit_code, sentence in result.output) == (1, True), result.output
    assert state() == before


@pytest.mark.usefixtures("full")
def test_damaged_file_removes_nothing(runner: FlaskCliRunner, tmp_path: Path) -> None:
    before = state()
    text = "URL handle,Title,Option1 value,Price\ntee,Linen tee,S,\ncup,Cup, large,,9\n"
    result = import_text(runner, tmp_path, text, "--remove-missing")
    assert "--remove-missing removed nothing: a row of the file is damaged" in result.output
    assert state() == before


@pytest.mark.usefixtures("full")
def test_untouched_export_leaves_sales_alone(runner: FlaskCliRunner, tmp_path: Path) -> None:
    runner.invoke(args=["catalog", "export", str(tmp_path / "e.csv")])
    with write_transaction() as session:
        session.execute(select(StockItem).where(StockItem.sku == "TEE-S")).scalar_one().on_hand -= 3
    assert "1 left" in run_import(runner, tmp_path / "e.csv").output
    assert state()["TEE-S"] == 4
    edited = (tmp_path / "e.csv").read_text().replace(",7,7,", ",12,7,")
    (tmp_path / "e.csv").write_text(edited)
    assert (
        "variant TEE-S: on hand +5 (4 when it was planned)" in run_import(runner, tmp_path / "e.csv").output
    )


@pytest.mark.usefixtures("full")
def test_many_refused_rows_stop_the_import(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = "".join(f"n{number},N,free\n" for number in range(21))
    text = f"URL handle,Title,Price\n{rows}cup,Cup,9\n"
    result = import_text(runner, tmp_path, text, "--stock-missing=zero")
    assert (result.exit_code, "--force" in result.output) == (1, True)
    assert db.session.execute(select(Product.slug)).scalars().all() == ["tee"]
    import_text(runner, tmp_path, text, "--stock-missing=zero", "--force")
    assert db.session.execute(select(Product.slug).order_by(Product.id)).scalars().all() == ["tee", "cup"]


@pytest.mark.usefixtures("full")
def test_planned_import_is_applied_later(runner: FlaskCliRunner, tmp_path: Path) -> None:
    before = state()
    text = "URL handle,Option1 value,Price\ntee,M,28\n"
    assert "Stored as change set 2" in import_text(runner, tmp_path, text, "--plan-only").output
    assert state() == before
    runner.invoke(args=["catalog", "apply", "2"])
    assert state() == before | {"M.price": 2800}
    runner.invoke(args=["catalog", "undo", "2"])
    assert state() == before
    assert sorted(db.session.execute(select(Variant.sku)).scalars()) == ["TEE-M", "TEE-S"]


def test_an_import_shows_the_metafields_that_it_names(runner: FlaskCliRunner, tmp_path: Path) -> None:
    (tmp_path / "full.csv").write_text(FULL)
    option = "--show-metafield"
    refused = run_import(runner, tmp_path / "full.csv", option, "fabric")
    assert (refused.exit_code, "namespace.key" in refused.output) == (2, True)
    assert db.session.execute(select(Product)).first() is None, "a wrong key changes nothing"
    assert run_import(runner, tmp_path / "full.csv", option, "custom.fabric", "--dry-run").exit_code == 0
    assert metafields.list_shown_metafields(db.session()) == []
    assert run_import(runner, tmp_path / "full.csv", option, "custom.fabric").exit_code == 0
    assert metafields.list_shown_metafields(db.session()) == ["custom.fabric"]


def test_problems_name_columns_as_the_file_does(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = ("Handle,Title,Variant Price,Variant Inventory Qty", "cup,Cup,9,-2", "pot,,9,1")
    (tmp_path / "legacy.csv").write_text("\n".join(rows))
    output = run_import(runner, tmp_path / "legacy.csv").output
    assert "note: line 2, Variant Inventory Qty: -2 was taken as 0" in output
    assert "refused: line 3, Handle: there is no product 'pot'" in output


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize(
    "row",
    [
        ",,M,TEE-M,30\n",  # the handle stands in the first row only, as in merged cells
        ",,M,,30\n",
        'tee",,M,TEE-M,30\n',
        "tee,,M,TEE-M,30,\n",  # perhaps a cell more
    ],
)
def test_row_without_a_clear_product_removes_nothing(
    runner: FlaskCliRunner, tmp_path: Path, row: str
) -> None:
    before = state()
    text = f"URL handle,Title,Option1 value,SKU,Price\ntee,Linen tee,S,TEE-S,30\n{row}"
    import_text(runner, tmp_path, text, "--remove-missing")
    assert state() == before


@pytest.mark.usefixtures("full")
def test_what_is_not_applied_is_never_said_to_be_there(runner: FlaskCliRunner, tmp_path: Path) -> None:
    for rows in ("tee,S,free,\n", "tee,S,30,99\n", ""):
        text = f"URL handle,Option1 value,Price,Inventory quantity\n{rows}"
        output = import_text(runner, tmp_path, text).output
        assert "othing was changed." in output
        assert "has all of it" not in output
    assert "has no rows below its header" in output


@pytest.mark.usefixtures("full")
def test_status_without_a_title_is_read_from_any_row(runner: FlaskCliRunner, tmp_path: Path) -> None:
    import_text(runner, tmp_path, "Handle,Status,Option1 Value\ntee,,S\ntee,archived,M\n")
    assert state()["status"] == "archived"


@pytest.mark.usefixtures("full")
def test_repeated_columns_and_titles_are_noted(runner: FlaskCliRunner, tmp_path: Path) -> None:
    text = "Handle,Title,Price,Option1 Value,Variant Price\ntee,Linen tee,28,S,29\ntee,Cotton tee,28,M,\n"
    output = import_text(runner, tmp_path, text).output
    assert "Columns that are there twice: Variant Price." in output
    assert "note: line 3, Title: another title than on line 2" in output
