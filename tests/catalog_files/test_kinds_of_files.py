"""Files of real shops: repeated SKUs, sorted sheets, linked options, old headers, inventories, WooCommerce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskCliRunner
from sqlalchemy import select

from storefront.catalog.models import Product, Variant
from storefront.extensions import db
from storefront.stock import StockItem
from tests.catalog_files.conftest import run_import

# Both databases apply and undo in tests/change_sets/test_apply.py, test_undo.py and test_any_sequence.py.
pytestmark = pytest.mark.any_database

REPEATED_SKUS = """\
Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price
tee,Linen tee,Size,S,TEE-01,4,30.00
tee,,,M,TEE-01,6,30.00
cap,Linen cap,Title,Default Title,TEE-01,9,18.00
pen,Pen,Shade,Blue,,1,2.00
pen,,,Blue!,,2,2.00
tea_pot,Pot of iron,,,P1,5,30.00
tea-pot,Pot of clay,,,P2,5,40.00
"""
SORTED = """\
Handle,Title,Body (HTML),Tags,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price,Status
tee,,,,,L,TEE-L,2,32.00,
tee,,,,,M,TEE-M,6,30.00,
tee,Linen tee,<p>Cool.</p>,linen,Size,S,TEE-S,4,30.00,draft
"""
LINKED = """\
Handle,Title,Option1 Name,Option1 Value,Option1 Linked To,Variant SKU,Variant Inventory Qty,Variant Price,\
Ring size (product.metafields.shopify.ring-size)
ring,Ring,Ring size,size-5,product.metafields.shopify.ring-size,R5,3,90.00,size-5; size-6
ring,,,size-6,,R6,3,90.00,
"""
OF_2021 = """\
Handle,Title,Standard Product Type,Custom Product Type,Published,Variant Inventory Qty,Variant Price
tee,Linen tee,Apparel > Clothing,Tees,TRUE,5,30.00
cup,Cup,Uncategorized,,TRUE,5,9.00
"""
GIFT = """\
Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Price,Variant Requires Shipping,\
Variant Taxable,Gift Card,Status
pattern,Bag pattern,PDF-1,,6.00,false,true,false,active
card,Gift card,GC-25,,25.00,false,false,true,active
secret,Secret cup,S,,9.00,true,true,false,unlisted
"""
INVENTORY = """\
Handle,Title,Option1 Name,Option1 Value,SKU,Location,Available (not editable),On hand (current),On hand (new)
tee,Linen tee,Size,L,TEE-L,Main,6,7,
tee,Linen tee,Size,L,TEE-L,Store,2,2,5
tee,Linen tee,Size,M,TEE-M,Main,0,9,
tee,Linen tee,Size,S,TEE-S,Main,0,not stocked,
"""
WOOCOMMERCE = """\
ID,Type,SKU,Name,Published,Visibility in catalog,Short description,Description,Tax status,In stock?,Stock,\
Backorders allowed?,Weight (kg),Regular price,Sale price,Date sale price ends,Categories,Tags,Images,Parent,\
Attribute 1 name,Attribute 1 value(s),Meta: note
1,simple,W1,Cup,1,visible,<p>Small.</p>,<p>Holds tea.</p>,taxable,1,4,0,0.25,12,10,,"Uncategorized, Home > Cups",a,\
"https://e.example/1.jpg, https://e.example/2.jpg",,,,kept
2,"simple, virtual",W2,Cup,0,hidden,,,none,1,,1,,5,4,2001-01-01,Uncategorized,,,,,,
3,variable,W3,Tee,-1,visible,,,taxable,1,,0,,,,,Shirts,,,,Size,"S, M",
5,variation,W3-M,Tee,1,visible,,,taxable,0,,0,,30,,,,,https://e.example/m.jpg,id:3,Size,M,
4,variation,W3-S,Tee,1,visible,,,taxable,1,5,0,,30,,,,,,W3,Size,S,
6,grouped,,Set,1,visible,,,taxable,1,,0,,,,,,,,,,,
7,variation,,Lost,1,visible,,,taxable,1,,0,,3,,,,,,W9,Size,S,
"""


def variants() -> list[tuple[Any, ...]]:
    """Return slug, code, label, options, price and stock of each variant, in the shop's order."""
    rows = db.session.execute(
        select(Product.slug, Variant.sku, Variant.label, Variant.option1, Variant.price, StockItem.on_hand)
        .join(Variant, Variant.product_id == Product.id)
        .join(StockItem, StockItem.variant_id == Variant.id)
        .order_by(Product.id, Variant.position)
    )
    return [tuple(row) for row in rows]


def product(slug: str) -> Product:
    return db.session.execute(select(Product).where(Product.slug == slug)).scalar_one()


def import_text(runner: FlaskCliRunner, tmp_path: Path, text: str, *options: str) -> Any:
    (tmp_path / "x.csv").write_text(text)
    return run_import(runner, tmp_path / "x.csv", *options)


def export(runner: FlaskCliRunner, *options: str) -> list[dict[str, str]]:
    import csv
    import io

    result = runner.invoke(args=["catalog", "export", "-", *options])
    return list(csv.DictReader(io.StringIO(result.output)))


def test_repeated_and_empty_skus_lose_no_variant(runner: FlaskCliRunner, tmp_path: Path) -> None:
    assert import_text(runner, tmp_path, REPEATED_SKUS).exit_code == 0
    found = variants()
    assert [(slug, label, price, stock) for slug, _, label, _, price, stock in found] == [
        ("tee", "TEE-01", 3000, 4),
        ("tee", "TEE-01", 3000, 6),
        ("cap", "TEE-01", 1800, 9),
        ("pen", "", 200, 1),
        ("pen", "", 200, 2),
        ("tea_pot", "P1", 3000, 5),
        ("tea-pot", "P2", 4000, 5),
    ]
    assert len({code for _, code, *_ in found}) == 7
    assert [line["SKU"] for line in export(runner)] == [label for _, _, label, *_ in found]
    assert "0 created, 0 changed, 5 left" in import_text(runner, tmp_path, REPEATED_SKUS).output


def test_row_with_the_title_is_the_product_of_a_sorted_sheet(runner: FlaskCliRunner, tmp_path: Path) -> None:
    import_text(runner, tmp_path, SORTED)
    tee = product("tee")
    assert (tee.status, tee.description_html, tee.tags, tee.option_names) == (
        "draft",
        "<p>Cool.</p>",
        ["linen"],
        ["Size"],
    )
    assert [option for *_, option, _, _ in variants()] == ["L", "M", "S"]


def test_linked_options_show_labels_and_keep_their_link(runner: FlaskCliRunner, tmp_path: Path) -> None:
    import_text(runner, tmp_path, LINKED)
    assert [option for *_, option, _, _ in variants()] == ["5", "6"]
    lines = export(runner)
    assert [line["Option1 value"] for line in lines] == ["size-5", "size-6"]
    assert lines[0]["Option1 Linked To"] == "product.metafields.shopify.ring-size"


def test_product_types_of_2021_are_read_and_written(runner: FlaskCliRunner, tmp_path: Path) -> None:
    import_text(runner, tmp_path, OF_2021)
    tee = product("tee")
    assert tee.category is not None
    assert (tee.product_type, tee.category.path, product("cup").category) == (
        "Tees",
        "apparel/clothing",
        None,
    )
    line = export(runner, "--header", "2021")[0]
    assert (line["Standard Product Type"], line["Custom Product Type"]) == ("Apparel > Clothing", "Tees")


def test_what_shopify_knows_of_delivery_and_tax_is_used(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = import_text(runner, tmp_path, GIFT)
    assert "line 3, Gift Card: this shop cannot sell gift cards yet" in result.output
    flags = {
        p.slug: (p.status, p.unlisted, p.gift_card) for p in db.session.execute(select(Product)).scalars()
    }
    assert flags == {
        "pattern": ("active", False, False),
        "card": ("draft", False, True),
        "secret": ("active", True, False),
    }
    found = db.session.execute(select(Variant.sku, Variant.requires_shipping, Variant.taxable)).all()
    assert sorted(map(tuple, found)) == [("GC-25", False, False), ("PDF-1", False, True), ("S", True, True)]
    assert [line["Status"] for line in export(runner)] == ["active", "draft", "unlisted"]


def test_inventory_of_shopify_sets_the_stock(runner: FlaskCliRunner, tmp_path: Path) -> None:
    import_text(runner, tmp_path, SORTED)
    assert import_text(runner, tmp_path, INVENTORY).exit_code == 0
    assert [(code, stock) for _, code, *_, stock in variants()] == [("TEE-L", 12), ("TEE-M", 9), ("TEE-S", 4)]
    assert (product("tee").title, product("tee").status) == ("Linen tee", "draft")


def test_woocommerce_products_are_read(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = import_text(runner, tmp_path, WOOCOMMERCE)
    assert "line 7, Type: a grouped product has no price" in result.output
    assert "line 8: the file has no product that is the parent" in result.output
    assert "Rows: 7 read, 2 refused." in result.output
    assert variants() == [
        ("cup", "W1", "W1", "", 1000, 4),
        ("cup-2", "W2", "W2", "", 500, 0),
        ("tee", "W3-M", "W3-M", "M", 3000, 0),
        ("tee", "W3-S", "W3-S", "S", 3000, 5),
    ]
    cup, other, tee = product("cup"), product("cup-2"), product("tee")
    assert cup.category is not None
    assert (cup.category.path, cup.description_html, cup.extra) == (
        "home/cups",
        "<p>Small.</p>\n<p>Holds tea.</p>",
        {"Meta: note": "kept"},
    )
    first, second = cup.variants[0], other.variants[0]
    assert (first.compare_at_price, first.weight_grams, len(cup.images)) == (1200, 250, 2)
    assert (second.requires_shipping, second.taxable, second.backorder, second.compare_at_price) == (
        False,
        False,
        True,
        None,
    )
    assert (cup.status, other.status, other.unlisted, tee.status) == ("active", "draft", True, "draft")
    assert tee.variants[0].image is not None
    assert "0 created, 0 changed, 3 left" in import_text(runner, tmp_path, WOOCOMMERCE).output


@pytest.mark.parametrize("header", ["current", "legacy", "2021"])
def test_export_of_any_header_is_read_again(runner: FlaskCliRunner, tmp_path: Path, header: str) -> None:
    for text in (REPEATED_SKUS, LINKED, GIFT):
        import_text(runner, tmp_path, text)
    runner.invoke(args=["catalog", "export", str(tmp_path / "e.csv"), "--header", header])
    assert "0 created, 0 changed, 9 left" in run_import(runner, tmp_path / "e.csv").output


LOCATIONS = "Handle,Option1 Name,Option1 Value,SKU,Location,On hand (current),On hand (new)\n"


@pytest.mark.parametrize(
    ("rows", "on_hand"),
    [
        ("tee,Size,S,TEE-S,Main,1,\ntee,Size,S,,Store,2,\n", 3),  # one location does not know the SKU
        ("tee,Size,S,TEE-S,Main,1,\ntee,Size,S,TEE-S,Sho,p,9,\n", 5),  # a comma without quotes
        ("tee,Size,S,TEE-S,Main,one,9\n", 5),
        ("tee,Size,S,TEE-S,Main,1.5,\n", 5),
    ],
)
def test_stock_is_summed_or_refused(runner: FlaskCliRunner, tmp_path: Path, rows: str, on_hand: int) -> None:
    text = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price\n"
    import_text(runner, tmp_path, text + "tee,Tee,Size,S,TEE-S,5,30\ntee,,,M,TEE-M,5,30\n")
    import_text(runner, tmp_path, LOCATIONS + rows + "tee,Size,M,TEE-M,Main,5,\n")
    assert (
        db.session.execute(select(StockItem.on_hand).where(StockItem.sku == "TEE-S")).scalar_one() == on_hand
    )


def test_inventory_without_what_is_on_hand_is_refused(runner: FlaskCliRunner, tmp_path: Path) -> None:
    result = import_text(runner, tmp_path, "Handle,SKU,HS Code,COO,Main street\ntee,T,,,4\n")
    assert (result.exit_code, "It has no column 'On hand'" in result.output) == (1, True)


def test_long_options_stay_different_and_are_noted(runner: FlaskCliRunner, tmp_path: Path) -> None:
    long = "word " * 60
    text = "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Qty,Variant Price\n"
    text += f"a,A,Text,{long}1,1,5\n" + "".join(f"a,,,{long}{n},1,5\n" for n in (2, 3))
    result = import_text(runner, tmp_path, text)
    assert result.output.count("Option1 Value: cut to 255 characters") == 3
    assert len({option for _, option, *_ in db.session.execute(select(Variant.id, Variant.option1))}) == 3
    assert "has all of it" in import_text(runner, tmp_path, text).output


def test_codes_of_another_shop_lead_to_no_product(runner: FlaskCliRunner, tmp_path: Path) -> None:
    header = "Handle,Title,Variant code,Variant SKU,Variant Inventory Qty,Variant Price\n"
    import_text(runner, tmp_path, header + "mine,Mine,pot,M,1,5\n")
    result = import_text(runner, tmp_path, header + "other,Other,pot,O,1,9\n")
    assert "'pot' belongs to another product of the shop" in result.output
    assert product("mine").title == "Mine"


def test_price_list_with_german_headers(runner: FlaskCliRunner, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").write_text("Title,SKU,Price,Inventory quantity\nKännchen,K-1,12.50,4\n")
    assert run_import(runner, tmp_path / "shop.csv").exit_code == 0
    file = tmp_path / "preise.csv"
    file.write_bytes(
        "Artikelnummer;Bezeichnung;Preis;Bestand\r\nK-1;Kännchen;1.299,90;9\r\n".encode("cp1252")
    )
    printed = run_import(runner, file).output
    assert "Artikelnummer → SKU, Bezeichnung → Title, Preis → Price, Bestand → Inventory quantity" in printed
    assert db.session.scalars(select(Variant.price)).all() == [129990]
    assert db.session.scalars(select(StockItem.on_hand)).all() == [4], "a price list leaves the stock"
    file.write_bytes(b"Artikelnummer;Preis\r\nK-1;teuer\r\n")
    printed = run_import(runner, file).output
    assert "line 2, Preis: " in printed, "the merchant's own header is named"
