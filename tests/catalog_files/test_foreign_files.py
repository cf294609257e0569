"""Files that are not Shopify's product CSV are recognised as a whole, with what they are and what to do."""

from __future__ import annotations

import csv
import gzip
import zipfile
from pathlib import Path

import pytest

from storefront.catalog_files import product_columns
from storefront.catalog_files.file_signatures import check_is_text
from storefront.catalog_files.foreign_files import recognise_header, score_header
from storefront.catalog_files.product_columns import column_name
from storefront.sheets.errors import UnreadableFileError
from storefront.sheets.table import open_table
from tests.work import growth

SHARED = Path(__file__).parents[3] / "shared"

# The beginnings of real header rows.
HEADERS = {
    "Google Merchant feed": "id,title,description,link,image_link,price,availability,gtin,brand,item_group_id,size",
    "Google Merchant feed ": "ID,Title,Link,Image link,Price,Availability,Condition,Google product category",
    "Etsy listings file": "TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,MATERIALS,IMAGE1,IMAGE2,"
    "VARIATION 1 TYPE,VARIATION 1 NAME,VARIATION 1 VALUES,SKU",
    "Magento product file": "sku,store_view_code,attribute_set_code,product_type,categories,product_websites,name,"
    "description,short_description,weight,product_online,tax_class_name,visibility,price,special_price,url_key",
    "Magento product file ": "sku,_store,_attribute_set,_type,_category,_root_category,_product_websites,name,price",
    "PrestaShop product file": "Product ID,Active (0/1),Name *,Categories (x.y.z...),Price tax excluded,Tax rules ID,"
    "Wholesale price,On sale (0/1),Discount amount,Reference #,Supplier reference #,Supplier,Manufacturer,EAN13",
    "BigCommerce product file": "Item Type,Product ID,Product Name,Product Type,Product Code/SKU,Bin Picking Number,"
    "Brand Name,Option Set,Option Set Align,Product Description,Price,Cost Price,Retail Price,Sale Price",
    "BigCommerce product file ": "Item,ID,Name,Type,SKU,Options,Inventory Tracking,Current Stock,Low Stock,Price,"
    "Cost Price,Retail Price,Sale Price,Brand ID,Channels,Categories,Description,Product URL",
    "Square item library": "Token,Item Name,Variation Name,SKU,Description,Category,Price,Current Quantity Main,"
    "Square Online Item Visibility,Option Name 1,Option Value 1",
    "Squarespace product file": "Product ID [Non Editable],Variant ID [Non Editable],Product Type [Non Editable],"
    "Product Page,Product URL,Title,Description,SKU,Option Name 1,Option Value 1,Price,Sale Price,On Sale,Stock",
    "Wix product file": "handleId,fieldType,name,description,productImageUrl,collection,sku,ribbon,price,surcharge,"
    "visible,discountMode,discountValue,inventory,weight",
    "eBay listings file": "Item number,Title,Variation details,Custom label (SKU),Available quantity,Format,Currency,"
    "Start price",
    "Amazon listings file": "item-name,item-description,listing-id,seller-sku,price,quantity,open-date,asin1",
    "Medusa product file": "Product Id,Product Handle,Product Title,Product Status,Variant Manage Inventory",
    "Matrixify sheet": "ID,Handle,Command,Title,Body HTML,Vendor,Type,Tags Command,Status,Variant SKU,Variant Price",
    "Shopify orders export, or one of this shop": "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,"
    "Subtotal,Shipping,Taxes,Total,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Vendor,Tags",
    "Shopify customers export, or one of this shop": "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,"
    "Default Address City,Total Spent,Total Orders,Note,Tax Exempt,Tags",
    "Shopify redirects export": "Redirect from,Redirect to",
    "Shopify discounts export": "Name,Value,Value Type,Customer Selection,Times Used In Total,Status",
    "product sheet with German headers": "Titel,Preis,Verkaufspreis,Bestand",
    "product sheet with German headers ": "Preis,Lagerbestand,Beschreibung",
}
TRANSLATED = {
    "German": "Titel,Beschreibung,Anbieter,Preis,Bestand,Artikelnummer",
    "German ": "Handle-Nr,Produktname,Regulärer Preis,Lagerbestand",
    "French": "Titre,Description,Fournisseur,Prix,Quantité,Référence",
    "Spanish": "Título,Descripción,Proveedor,Precio,Cantidad",
    "Italian": "Titolo,Descrizione,Fornitore,Prezzo,Quantità",
    "Dutch": "Titel,Beschrijving,Leverancier,Prijs,Voorraad",
    "Portuguese": "Título,Descrição,Fornecedor,Preço,Quantidade",
}


@pytest.mark.parametrize("name", HEADERS)
def test_files_of_others_are_recognised_and_refused(name: str) -> None:
    header = HEADERS[name].split(",")
    found = recognise_header(header)
    assert found is not None
    assert (found.name, found.kind) == (name.strip(), "")
    assert set(found.columns) <= set(header)
    sentence = str(found)
    assert sentence.startswith(f"This is a{'n' if name[0] in 'AEe' else ''} {found.name} (found the columns ")
    assert sentence.endswith(".")
    assert len(found.advice) > 20
    assert score_header(header) >= len(found.columns) >= 2


@pytest.mark.parametrize("language", TRANSLATED)
def test_sheets_of_other_languages_are_read(language: str) -> None:
    header = TRANSLATED[language].split(",")
    found = recognise_header(header)
    assert found is not None
    assert (found.name, found.kind) == (f"product sheet with {language.strip()} headers", "translated")
    assert {column_name(name) for name in found.names.values()} >= {"title", "price", "quantity"}
    assert score_header(header) == len(found.names) >= 3


def test_the_sentence_says_what_it_is_and_what_to_do() -> None:
    assert str(recognise_header(HEADERS["Google Merchant feed"].split(","))) == (
        "This is a Google Merchant feed (found the columns id, link, image_link, availability, gtin, item_group_id). "
        "Export the products from the shop as Shopify CSV, or name the columns as docs/importing.md says."
    )
    assert str(recognise_header(["Titel", "Preis", "Verkaufspreis"])).endswith(
        "Rename the columns: Titel → Title, Preis → Price, Verkaufspreis → Price."
    )


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (
            "woocommerce",
            "ID,Type,SKU,Name,Published,Description,Stock,Regular price,Sale price,Categories,Images,Parent",
        ),
        (
            "shopify_inventory",
            "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Location,On hand (current)",
        ),
        ("shopify_inventory", "Handle,Title,Option1 Name,Option1 Value,SKU,HS Code,COO,Berlin,London"),
    ],
)
def test_files_that_the_import_reads_have_a_kind(kind: str, header: str) -> None:
    found = recognise_header(header.split(","))
    assert found is not None
    assert (found.kind, found.advice) == (kind, "")


@pytest.mark.parametrize(
    "header",
    [
        product_columns.headers("current"),
        product_columns.headers("legacy"),
        ["Handle", "Variant Price"],
        ["Title", "Price"],
        ["SKU", "Inventory quantity"],
        ["Handle", "Title", "Variant Price", "Preis", "Google Shopping / Condition", "Google Shopping / MPN"],
        ["a", "b", "c"],
        [],
        [""],
    ],
)  # fmt: skip
def test_product_files_are_not_taken_for_others(header: list[str]) -> None:
    assert recognise_header(header) is None


SAMPLES = sorted(
    [
        *SHARED.glob("data/shopify/*.csv*"),
        *SHARED.glob("data/other/*/*.csv"),
        *SHARED.glob("cases/import/*.*sv"),
    ]
)


@pytest.mark.skipif(not SAMPLES, reason="the sample files are not on this machine")
def test_sample_files_are_what_their_names_say(tmp_path: Path) -> None:
    for path in SAMPLES:
        copy = tmp_path / "x.csv"
        copy.write_bytes(gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes())
        check_is_text(copy)
        found = recognise_header(open_table(copy, score_header=score_header).header)
        name = found.name if found else ""
        for part, expected in (
            ("google", "Google"),
            ("woocommerce", "WooCommerce"),
            ("inventory", "Shopify inventory"),
        ):
            if part in str(path):
                assert name.startswith(expected), path
        if "medusa" in str(path):
            assert name == "Medusa product file", path
        elif found:
            assert not path.is_relative_to(SHARED / "data" / "shopify"), path


BINARIES = [
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100, "an Excel workbook of the old format"),
    (b"%PDF-1.7\n", "a PDF document"),
    (gzip.compress(b"Handle,Title"), "a gzip archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff\xe0", "a JPEG picture"),
    (b"\n <!DOCTYPE html><html>", "a web page"),
    (b"\xef\xbb\xbf<?xml version='1.0'?><rss>", "an XML file"),
    (b'{"products": []}', "a JSON file"),
    (b'[{"id": 1}]', "a JSON file"),
    (b"PK\x03\x04 cut off", "a damaged zip archive or workbook"),
]


@pytest.mark.parametrize(
    ("data", "what"), BINARIES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_files_that_are_not_tables_are_refused(tmp_path: Path, data: bytes, what: str) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(data)
    with pytest.raises(UnreadableFileError, match=f"is {what}.*, not a CSV file. [A-Z].*"):
        check_is_text(path)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("xl/workbook.xml", "Excel workbook"),
        ("content.xml", "OpenDocument"),
        ("Index/Document.iwa", "Numbers document"),
        ("word/document.xml", "Word document"),
        ("products.csv", "zip archive. Unpack it|zip archive, not a CSV file. Unpack it"),
    ],
)
def test_workbooks_are_told_from_archives(tmp_path: Path, name: str, what: str) -> None:
    path = tmp_path / "products.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(UnreadableFileError, match=what):
        check_is_text(path)


@pytest.mark.parametrize(
    "data", [b"Handle,Title\n", b"", b"\xff\xfeH\0a\0", b'"Handle";"Title"\n', b"\xff,\n"]
)
def test_text_files_are_not_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.csv").write_bytes(data)
    check_is_text(tmp_path / "x.csv")
    check_is_text(tmp_path)
    check_is_text(tmp_path / "missing.csv")


def test_recognising_a_header_is_linear() -> None:
    def recognise(n: int) -> object:
        return recognise_header([f"({i}[" * 3 for i in range(n)] + ["g:" * n])

    assert growth(recognise, 200) <= 5.0


def test_every_sample_header_is_found_below_a_title(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    for header in HEADERS.values():
        with path.open("w", newline="") as file:
            csv.writer(file, delimiter=";").writerows(
                [["Export"], [], header.split(","), ["1"] * (header.count(",") + 1)]
            )
        assert open_table(path, score_header=score_header).header == header.split(",")
