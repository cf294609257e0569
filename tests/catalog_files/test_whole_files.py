"""Complete files: exports of this shop, of real Shopify shops, and of other shop systems."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from flask.testing import FlaskClient, FlaskCliRunner
from sqlalchemy import func, select

from storefront.catalog.models import Product, Variant
from storefront.extensions import db
from storefront.stock import StockItem
from tests.catalog_files.conftest import CURRENT, row, run_import, write
from tests.selection import effort

FURTHER = "Further categories"
REAL = Path(__file__).parents[3] / "shared" / "data"


@pytest.mark.parametrize("header", ["current", "legacy", "2021"])
def test_export_after_import_is_identical_to_the_byte(
    runner: FlaskCliRunner, tmp_path: Path, header: str
) -> None:
    rows = [
        [
            *row(option1_name="Size", option1="-30°", image="http://a.example/1.png", image_alt="=1+1"),
            "kept",
            "",
        ],
        [*row(title="", option1="'+L", sku="TP-2", policy="continue", tracker="", quantity="0"), "", "too"],
        [
            *row(title="", sku="", price="", quantity="", image="http://a.example/2.png"),
            "",
            "on a picture's row",
        ],
        [*row(handle="cup", title="@Cup", sku="=C", status="draft", vendor="-"), "", ""],
    ]
    path = write(tmp_path / "x.csv", rows, [*CURRENT, "Metafield: care", "Google Shopping / Gender"])
    assert run_import(runner, path).exit_code == 0
    refused = [
        [*row(price="free"), "lost", "lost"],
        [*row(title="", option1="'+L", price="x"), "lost", "lost"],
    ]
    assert run_import(runner, write(path, refused, [*CURRENT, "Metafield: care", "Lost"])).exit_code == 1
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    assert runner.invoke(args=["catalog", "export", str(first), "--header", header]).exit_code == 0
    assert "0 created, 0 changed, 2 left" in run_import(runner, first).output
    empty_shop()
    result = run_import(runner, first)
    assert "2 created" in result.output, result.output
    runner.invoke(args=["catalog", "export", str(second), "--header", header])
    assert second.read_bytes() == first.read_bytes()
    assert b"\n=" not in first.read_bytes()
    assert b",=" not in first.read_bytes()


def empty_shop() -> None:
    for product in db.session.execute(select(Product)).scalars():
        db.session.delete(product)
    db.session.execute(StockItem.__table__.delete())
    db.session.commit()


PRODUCTS = 60  # of each file that `make test` imports; `make test-long` imports all
FILES = sorted([*REAL.glob("shopify/*.csv"), *REAL.glob("shopify/*.csv.gz")])


def cut_to_products(data: bytes, most: int) -> bytes:
    """Return the rows of the first products of a file; a file that has no more stays as it is."""
    header, *rows = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    place = next(place for place, cell in enumerate(header) if cell.casefold() in ("handle", "url handle"))
    handles = list(dict.fromkeys(row[place] for row in rows))
    if len(handles) <= most:
        return data
    kept, text = set(handles[:most]), io.StringIO(newline="")
    csv.writer(text).writerows([header, *(row for row in rows if row[place] in kept)])
    return text.getvalue().encode()


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.any_database
@pytest.mark.skipif(not FILES, reason="the sample catalogues are not on this machine")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_exports_are_imported_and_made_harmless(
    runner: FlaskCliRunner, client: FlaskClient, tmp_path: Path, path: Path
) -> None:
    whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    data = cut_to_products(whole, effort(PRODUCTS, 100_000))
    (tmp_path / "x.csv").write_bytes(data)
    result = run_import(runner, tmp_path / "x.csv")
    assert result.exit_code == 0, result.output[-2000:]
    text = data.decode("utf-8-sig")
    prices = [line.get("Price") or line.get("Variant Price") for line in csv.DictReader(io.StringIO(text))]
    in_shop = db.session.execute(select(func.count()).select_from(Variant)).scalar_one()
    print(f"{path.name}: {len(list(filter(None, prices))):,} variants in the file, {in_shop:,} in the shop")
    assert in_shop == len(list(filter(None, prices)))
    products = db.session.execute(select(Product.slug, Product.description_html)).all()
    assert len(products) >= 20
    for _, html in products:
        for evil in (
            "<script",
            "javascript:",
            "<iframe",
            "<style",
            " onclick",
            " onload",
            " onerror",
            " style=",
        ):
            assert evil not in html.casefold()
    for slug, _ in products[:10]:
        assert client.get(f"/products/{slug}").status_code in (200, 404, 410)
    assert "0 created, 0 changed" in run_import(runner, tmp_path / "x.csv").output
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    runner.invoke(args=["catalog", "export", str(first)])
    assert "0 created, 0 changed" in run_import(runner, first).output
    empty_shop()
    assert run_import(runner, first).exit_code == 0
    runner.invoke(args=["catalog", "export", str(second)])
    assert second.read_bytes() == first.read_bytes()


OTHERS = sorted(path for path in REAL.glob("other/*/*.csv") if path.parent.name != "woocommerce")


@pytest.mark.skipif(not OTHERS, reason="the sample catalogues are not on this machine")
@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.name)
def test_files_of_other_shop_systems_are_refused(runner: FlaskCliRunner, path: Path) -> None:
    result = run_import(runner, path)
    assert result.exit_code == 1
    assert "Error: " in result.output
    assert "Traceback" not in result.output


def test_further_categories_survive_a_round_trip(runner: FlaskCliRunner, tmp_path: Path) -> None:
    rows = [row(category="Tea > Pots", further_categories="Gifts > Mother | New|Gifts > Mother | Tea > Pots")]
    assert run_import(runner, write(tmp_path / "shop.csv", rows)).exit_code == 0
    exported = tmp_path / "export.csv"
    assert runner.invoke(args=["catalog", "export", str(exported)]).exit_code == 0
    assert "Tea > Pots,Gifts > Mother | New," in exported.read_text()
    assert "Products: 0 created, 0 changed, 1 left" in run_import(runner, exported).output
    cleared = write(tmp_path / "none.csv", [row(category="Tea > Pots", further_categories="")])
    assert "0 created, 1 changed" in run_import(runner, cleared).output
    silent = [cell for name, cell in zip(CURRENT, row(category="Tea > Pots"), strict=True) if name != FURTHER]
    header = [name for name in CURRENT if name != FURTHER]
    assert "1 left" in run_import(runner, write(tmp_path / "silent.csv", [silent], header)).output
