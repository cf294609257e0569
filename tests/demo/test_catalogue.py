"""The demo catalogue: large enough, without duplicates, and with words that the drawings know."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from benchmarks import pictures as drawing
from storefront.catalog.html_sanitiser import sanitise
from storefront.demo import catalogue
from storefront.demo.catalogue import DemoProduct

PRODUCTS = catalogue.read_products()
each_product = pytest.mark.parametrize("item", PRODUCTS, ids=lambda item: item.slug)


def words(html: str) -> list[str]:
    return re.sub(r"<[^>]+>", " ", html).split()


def test_demo_has_enough_products_and_categories() -> None:
    assert len(PRODUCTS) >= 60
    assert sum(len(item.variants) for item in PRODUCTS) >= 150
    assert len({item.category for item in PRODUCTS}) >= 8
    assert {len(item.category) for item in PRODUCTS} <= {1, 2, 3}
    assert len({item.vendor for item in PRODUCTS}) >= 8


def test_names_and_numbers_are_unique() -> None:
    for name, values in {
        "slug": [item.slug for item in PRODUCTS],
        "sku": [variant.sku for item in PRODUCTS for variant in item.variants],
        "barcode": [variant.barcode for item in PRODUCTS for variant in item.variants],
        "text": [item.text for item in PRODUCTS],
    }.items():
        assert [value for value, times in Counter(values).items() if times > 1] == [], name


def test_no_sentence_appears_twice() -> None:
    sentences = Counter(
        sentence.strip()
        for item in PRODUCTS
        for sentence in re.split(r"(?<=[.!?])\s|<[^>]+>", item.text)
        if len(sentence.split()) > 6
    )
    assert [sentence for sentence, times in sentences.items() if times > 1] == []


def test_demo_has_all_kinds_of_prices_and_stock() -> None:
    variants = [variant for item in PRODUCTS for variant in item.variants]
    assert sum(variant.was is not None for variant in variants) >= 5
    assert sum(variant.stock == 0 for variant in variants) >= 5
    assert sum(0 < variant.stock <= 5 for variant in variants) >= 10
    assert sum(variant.stock < 0 for variant in variants) >= 1


@each_product
def test_product_is_well_described(item: DemoProduct) -> None:
    assert 25 <= len(words(item.text)) <= 140
    assert sanitise(item.text) == item.text
    assert item.title == item.title.strip()
    assert item.tags
    assert item.product_type


@each_product
def test_variants_are_complete_and_differ(item: DemoProduct) -> None:
    assert len({variant.options for variant in item.variants}) == len(item.variants)
    for variant in item.variants:
        assert len(variant.options) == len(item.options) <= 3
        assert variant.price > 0
        assert variant.was is None or variant.was > variant.price
        assert variant.grams > 0


@each_product
def test_barcodes_are_in_store_ean_13(item: DemoProduct) -> None:
    for variant in item.variants:
        assert re.fullmatch(r"2\d{12}", variant.barcode)
        # GS1 General Specifications, 7.9: weights 1 and 3 in turn, the sum a multiple of ten.
        assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(variant.barcode)) % 10 == 0


@each_product
def test_every_variant_has_a_picture_in_its_own_colour(item: DemoProduct) -> None:
    fronts = {picture.colour for picture in item.pictures if picture.view == "front"}
    assert {variant.colour for variant in item.variants} <= fronts
    assert len({picture.view for picture in item.pictures}) >= 2
    assert item.form in drawing.FORMS
    assert item.material in drawing.MATERIALS
    assert item.pattern in drawing.PATTERNS
