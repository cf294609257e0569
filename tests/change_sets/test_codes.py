"""Codes of new variants: unique for ever, safe in addresses, the same for the same file."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import literal, select

from storefront import stock
from storefront.catalog.models import Variant
from storefront.catalog.variant_codes import is_safe_code
from storefront.change_sets.codes import used_codes
from storefront.change_sets.inputs import InputProduct, InputVariant
from storefront.extensions import write_transaction
from storefront.stock import StockItem
from tests import factories
from tests.change_sets.plans import plan, row

pytestmark = pytest.mark.any_database


def product(handle: str, *rows: InputVariant) -> InputProduct:
    """Return a new product of these rows."""
    return InputProduct(
        handle=handle, values={"title": handle, "option_names": ["Size"]}, variants=list(rows)
    )


def blank(handle: str, *values: str) -> InputProduct:
    """Return a new product whose SKUs are blank."""
    return product(
        handle, *(row(n, value, price=1, quantity=1, label="") for n, value in enumerate(values, 2))
    )


def codes(*inputs: InputProduct) -> list[str]:
    """Return the codes that a plan makes."""
    changes, _ = plan(*inputs)
    return [variant.sku for change in changes for variant in change.variants]


def labelled(*labels: str) -> list[InputVariant]:
    return [row(n, f"Size {n}", price=1, quantity=1, label=label) for n, label in enumerate(labels, 2)]


def test_label_is_the_code_if_it_is_unique(app: Flask) -> None:
    assert codes(product("tee", *labelled("TEE-S", "TEE-M"))) == ["TEE-S", "TEE-M"]
    made = codes(product("tee", *labelled("TEE-01", "TEE-01")), product("cap", *labelled("TEE-01")))
    assert made == ["tee-size-2", "tee-size-3", "cap-size-2"]


@pytest.mark.parametrize(
    "values",
    [
        ("+1.5", "-1.5"),
        ("30/32", "30-32"),
        ("Blue", "Blue!"),
        ("x" * 200 + "a", "x" * 200 + "b"),
        ("茶", "碗"),
    ],
)
def test_option_values_that_look_alike_get_codes(app: Flask, values: Sequence[str]) -> None:
    made = codes(blank("pen", *values))
    assert len(set(made)) == 2
    assert all(is_safe_code(code) and len(code) <= 120 for code in made)
    assert codes(blank("pen", *values)) == made


def test_made_code_never_takes_one_of_the_file(app: Flask) -> None:
    """Not even one that a later row has."""
    first, *others = codes(blank("tee", "S"), product("cap", *labelled("tee-s")))
    assert others == ["tee-s"]
    assert first.startswith("tee-s-")


def test_products_whose_parts_join_alike_get_codes(app: Flask) -> None:
    assert len(set(codes(blank("tea", "pot 1"), blank("tea-pot", "1"), blank("tea pot", "1")))) == 3


def test_code_of_a_removed_variant_is_not_given_again(app: Flask) -> None:
    """The ledger remembers the variant; a basket or an order may name it."""
    factories.make_product("Old", slug="old", variants=[{"sku": "OLD"}, {"sku": "GONE", "option1": "x"}])
    with write_transaction() as session:
        stock.receive(session, "GONE", 1, reason="delivery")
    with write_transaction() as session:
        for model in (StockItem, Variant):
            session.delete(session.query(model).filter_by(sku="GONE").one())
    made = codes(product("new", *labelled("OLD", "GONE", "FRESH")))
    assert made == ["new-size-2", "new-size-3", "FRESH"]


def test_made_code_is_not_one_of_an_order(app: Flask) -> None:
    """Stock that is not counted leaves no line in the ledger, but its orders stay."""
    used_codes.register(app, lambda: select(literal("tee-s")))
    (made,) = codes(blank("tee", "S"))
    assert made.startswith("tee-s-")
    assert codes(product("cap", *labelled("tee-s"))) == ["tee-s"]  # the merchant's own SKU


@pytest.mark.parametrize("label", [".", "..", "a/../b", "/a", "a/", "a//b", "a\u200bb", "ﬁ", " a", "a" * 256])
def test_label_that_an_address_cannot_hold_is_no_code(label: str) -> None:
    assert not is_safe_code(label)


def test_usual_labels_are_codes() -> None:
    assert all(map(is_safe_code, ("TEE 01", "a/b", "50%", "a.b", "...", "Ä-1", "#?&", "茶碗")))
