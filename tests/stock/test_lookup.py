"""Commands take a variant's code or its label; a label that several variants have names none of them."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalog.models import Variant
from storefront.catalog.typed_codes import has_code
from storefront.extensions import db
from storefront.stock import StockItem
from tests.factories import make_product
from tests.statements import whole_reads

SIZES = [
    {"sku": "made-s", "label": "LINEN", "option1": "S", "on_hand": 1},
    {"sku": "made-m", "label": "LINEN", "option1": "M", "on_hand": 2},
    {"sku": "made-l", "label": "LARGE", "option1": "L", "on_hand": 3},
]


def run(app: Flask, *words: str) -> tuple[int, str]:
    """Run a command of `flask stock`; return its exit status and what it prints."""
    result = app.test_cli_runner().invoke(args=["stock", *words])
    return result.exit_code, result.output


def on_hand(sku: str) -> int:
    db.session.rollback()
    return db.session.execute(select(StockItem.on_hand).where(StockItem.sku == sku)).scalar_one()


def test_a_command_takes_a_code_or_a_label_of_one_variant(app: Flask) -> None:
    make_product("Shirt", option_names=["Size"], variants=SIZES)
    assert run(app, "set", "made-s", "7", "--reason", "x") == (0, "made-s: 7 on hand.\n")
    assert run(app, "set", "LARGE", "8", "--reason", "x") == (0, "made-l: 8 on hand.\n")
    assert run(app, "receive", "LARGE", "2") == (0, "made-l: 2 received, 10 on hand.\n")
    assert (on_hand("made-s"), on_hand("made-m"), on_hand("made-l")) == (7, 2, 10)


@pytest.mark.any_database
def test_a_label_of_several_variants_is_refused(app: Flask) -> None:
    make_product("Shirt", option_names=["Size"], variants=SIZES)
    status, told = run(app, "set", "LINEN", "7", "--reason", "x")
    assert status == 1
    assert "2 variants have the SKU or barcode 'LINEN'" in told
    assert "made-m (Shirt, M); made-s (Shirt, S)" in told
    assert "--code" not in told
    assert (on_hand("made-s"), on_hand("made-m")) == (1, 2)
    status, told = run(app, "set", "NONE", "7", "--reason", "x")
    assert (status, "no variant 'NONE'" in told) == (1, True)


@pytest.mark.any_database
def test_a_code_that_others_have_as_label_needs_the_option(app: Flask) -> None:
    make_product("Shirt", option_names=["Size"], variants=[*SIZES, {"sku": "LINEN", "option1": "XL"}])
    status, told = run(app, "receive", "LINEN", "7")
    assert status == 1
    assert "LINEN (Shirt, XL); made-m (Shirt, M); made-s (Shirt, S)" in told
    assert "With --code it is taken as a code." in told
    assert run(app, "receive", "--code", "LINEN", "7") == (0, "LINEN: 7 received, 27 on hand.\n")


@pytest.mark.any_database
def test_the_command_sets_nothing_over_a_changed_number(app: Flask) -> None:
    make_product("Shirt", variants=[{"sku": "A", "on_hand": 3}])
    status, told = run(app, "set", "A", "7", "--reason", "x", "--expected", "5")
    assert (status, "it was 5, now it is 3" in told, on_hand("A")) == (1, True, 3)
    assert run(app, "set", "A", "7", "--reason", "x", "--expected", "3")[0] == 0


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("stored", "scanned", "others"),
    [
        ("978-0-306-40615-7", "9780306406157 978-0306406157 0306406152", "9780306406158 97803064"),
        ("0-8044-2957-X", "080442957X 9780804429573", "0804429570"),
        ("0 36000 29145 2", "036000291452 0036000291452 36000291452", "036000291453"),
        ("4006381333931", "4006381-333931 04006381333931", "4006381333"),
        ("SHELF 12-B", "SHELF12B SHELF12-B", "SHELF12 shelf12b"),
        ("- -", "", "- -- 0"),
        ("", "", "- -- 0"),
    ],
)
def test_spaces_and_hyphens_of_a_barcode_do_not_count(
    app: Flask, stored: str, scanned: str, others: str
) -> None:
    make_product("Book", variants=[{"sku": "BOOK", "on_hand": 1, "barcode": stored}])
    for number, code in enumerate(scanned.split(), 2):
        assert run(app, "receive", "--", code, "1") == (0, f"BOOK: 1 received, {number} on hand.\n"), code
    for code in others.split():
        assert run(app, "receive", "--", code, "1")[0] == 1, code


@pytest.mark.any_database
def test_no_code_is_looked_up_by_reading_all_variants(app: Flask) -> None:
    assert not whole_reads(select(Variant.id).where(has_code("978-0306406157")))
    assert whole_reads(select(Variant.id).where(Variant.barcode == "9780306406157"))
