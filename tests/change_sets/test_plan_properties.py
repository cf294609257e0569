"""Properties of plans: the shop's own state changes nothing, and a part of it changes only what it names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storefront.catalog.models import Product, Variant
from storefront.change_sets.inputs import InputProduct, InputVariant, RefusedRow
from storefront.change_sets.matching import VariantMatches, match_variants
from storefront.change_sets.option_columns import fold_value
from storefront.change_sets.shop_products import ShopProduct, ShopVariant
from storefront.extensions import write_transaction
from storefront.stock import StockItem
from tests.change_sets.plans import plan
from tests.selection import effort

# Both databases apply and undo in tests/change_sets/test_apply.py, test_undo.py and test_any_sequence.py.
pytestmark = pytest.mark.any_database

VALUES = st.sampled_from(
    ["S", "M", "L", "Blue", "blue", "Blue!", "+1.5", "-1.5", "30/32", "30-32", "Café", "Cafe\u0301"]
)
LABELS = st.sampled_from(["", "TEE", "TEE-1", "TEE-2", "tee-1", "..", "A/B", "v-0", "v-1"])
QUICK = settings(
    max_examples=effort(15, 400), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
Options = tuple[str, str, str]


def _folded(options: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(fold_value, options))


@st.composite
def shop_variants(draw: st.DrawFn, width: int) -> list[tuple[Options, str]]:
    """Option values and labels of a product's variants, which differ in their option values."""
    if width == 0:
        return [(("", "", ""), draw(LABELS))]
    values = st.tuples(*[VALUES] * width).map(lambda given: (*given, "", "")[:3])
    found = draw(st.lists(values, min_size=1, max_size=5, unique_by=_folded))
    return [(options, draw(LABELS)) for options in found]


@st.composite
def source_rows(draw: st.DrawFn, width: int) -> list[InputVariant]:
    """Rows of a source: some with codes, option values or labels of the shop, some with others."""
    options = st.none() | st.tuples(*[VALUES | st.just("")] * width)
    codes = st.sampled_from(["", "", "v-0", "v-1", "v-2", "foreign", "unknown"])
    rows = []
    for line in range(2, 2 + draw(st.integers(0, 6))):
        values: dict[str, Any] = {"price": 100} if draw(st.booleans()) else {}
        values |= {"label": draw(LABELS)} if draw(st.booleans()) else {}
        rows.append(InputVariant(line=line, code=draw(codes), options=draw(options), values=values))
    return rows


def shop_product(width: int, variants: Sequence[tuple[Options, str]]) -> ShopProduct:
    """Return a product as the planner reads it from the shop."""
    product = ShopProduct(1, "tee", {"option_names": ["One", "Two", "Three"][:width]})
    product.variants = [
        ShopVariant(n, f"v-{n}", label, options, {}, tracked=True, on_hand=1, reserved=0)
        for n, (options, label) in enumerate(variants)
    ]
    return product


@settings(max_examples=effort(60, 5000), deadline=None)
@given(data=st.data(), width=st.integers(0, 3), given_width=st.integers(0, 3), removes=st.booleans())
def test_any_rows_leave_a_product_whole(
    data: st.DataObject, width: int, given_width: int, removes: bool
) -> None:
    """Each row is used or refused, option values stay unique, and variants that refused rows may mean stay."""
    product = shop_product(width, data.draw(shop_variants(width)))
    rows = data.draw(source_rows(given_width))
    names = data.draw(st.permutations(["One", "Two", "Three", "Four"]))[:given_width]
    source = InputProduct(
        handle="tee", values={"option_names": names} if data.draw(st.booleans()) else {}, variants=rows
    )
    if data.draw(st.booleans()):
        source.refused = [RefusedRow(line=99, column="", reason="", label=data.draw(LABELS))]
    matches = match_variants(source, product, {"foreign": 2, "v-0": 1, "v-1": 1, "v-2": 1}, removes=removes)
    if matches.problem:
        assert not matches.rows
        assert not matches.left_out
        return
    _check_matches(source, product, matches, removes=removes)


def _check_matches(
    source: InputProduct, product: ShopProduct, matches: VariantMatches, *, removes: bool
) -> None:
    used = [row.given.line for row in matches.rows]
    refused = [row.line for row in matches.refused]
    assert len({*used, *refused}) == len(used) + len(refused)
    silent = [row for row in source.variants if row.line not in (*used, *refused)]
    assert all(not (row.code or row.values or any(row.options or ())) for row in silent)
    matched = [row.variant.id for row in matches.rows if row.variant]
    assert len(set(matched)) == len(matched)
    staying = [variant for variant in product.variants if variant not in matches.left_out]
    moved = {variant.id: matches.columns.move(variant.options) for variant in staying}
    moved |= {row.variant.id: row.options for row in matches.rows if row.variant}
    after = [*moved.values(), *(row.options for row in matches.rows if row.variant is None)]
    assert len(set(map(_folded, after))) == len(after)
    assert removes or not matches.left_out
    for variant in matches.left_out:
        assert variant.id not in matched
        assert variant.sku not in [row.code for row in matches.refused]
        assert not variant.label or variant.label not in [row.label for row in matches.refused]
    for variant in staying:
        before, now = [v for v in variant.options if v], [v for v in moved[variant.id] if v]
        assert variant.id in matched or sorted(before) == sorted(now)  # no option value is lost


def _make_shop(width: int, variants: Sequence[tuple[Options, str]]) -> list[Variant]:
    names = ["One", "Two", "Three"][:width]
    with write_transaction() as session:
        session.query(StockItem).delete()
        for old in session.query(Product):
            session.delete(old)
        session.flush()
        product = Product(slug="tee", title="Tee", option_names=names, status="draft", extra={"Care": "cold"})
        session.add(product)
        for n, (options, label) in enumerate(variants):
            one, two, three = options
            product.variants.append(
                Variant(
                    sku=f"v-{n}",
                    label=label,
                    option1=one,
                    option2=two,
                    option3=three,
                    price=100 + n,
                    position=n,
                )
            )
        session.flush()
        for variant in product.variants:
            item = StockItem(
                sku=variant.sku, variant_id=variant.id, product_id=product.id, on_hand=3, reserved=0
            )
            session.add(item)
        found = list(product.variants)
        session.flush()
        session.expunge_all()
    return found


@pytest.mark.long
@QUICK
@given(data=st.data(), width=st.integers(0, 3))
def test_own_state_of_the_shop_changes_nothing(app: Flask, data: st.DataObject, width: int) -> None:
    """Whatever the order of the rows, and whichever columns lead to the variants."""
    variants = _make_shop(width, data.draw(shop_variants(width)))
    labels = [variant.label for variant in variants]
    has_labels = len(set(labels)) == len(labels) and "" not in labels
    has_options = data.draw(st.booleans())
    has_codes = data.draw(st.booleans()) or not (has_options or has_labels)
    rows = [
        InputVariant(
            line=n,
            code=v.sku if has_codes else "",
            options=(v.option1, v.option2, v.option3)[:width] if has_options else None,
            values={"label": v.label, "price": v.price, "backorder": v.backorder, "barcode": v.barcode},
            quantity=v.position,
        )
        for n, v in enumerate(variants, 2)
    ]
    source = InputProduct(handle="tee", values={"title": "Tee"}, variants=data.draw(st.permutations(rows)))
    changes, report = plan(source)
    assert changes == []
    assert (report.left, report.refused_rows, report.problems) == (1, 0, [])
    assert report.kept_quantities == sum(v.position != 3 for v in variants)


@pytest.mark.long
@QUICK
@given(data=st.data(), width=st.integers(0, 3))
def test_part_of_a_file_changes_what_it_names(app: Flask, data: st.DataObject, width: int) -> None:
    """Any subset of rows and values: each named value is changed, and no other one."""
    variants = _make_shop(width, data.draw(shop_variants(width)))
    news = {
        "price": st.integers(0, 5),
        "barcode": st.sampled_from(["", "123"]),
        "label": LABELS,
        "taxable": st.booleans(),
    }
    named = data.draw(st.sets(st.sampled_from(sorted(news))))
    rows = [
        InputVariant(line=n, code=v.sku, values={name: data.draw(news[name]) for name in sorted(named)})
        for n, v in enumerate(variants, 2)
        if data.draw(st.booleans())
    ]
    product_values = data.draw(st.fixed_dictionaries({}, optional={"vendor": st.sampled_from(["", "Loom"])}))
    source = InputProduct(handle="tee", values=product_values, variants=rows)
    changes, report = plan(source)
    found = {variant.sku: variant for change in changes for variant in change.variants}
    for one in variants:
        values = next((row.values for row in rows if row.code == one.sku), {})
        differing = {name: value for name, value in values.items() if getattr(one, name) != value}
        fields = found[one.sku].fields if one.sku in found else {}
        assert {name: field.new for name, field in fields.items()} == differing
    assert {name for change in changes for name in change.fields} <= product_values.keys()
    assert (report.removed_variants, report.new_variants, report.changed_stock) == (0, 0, 0)
