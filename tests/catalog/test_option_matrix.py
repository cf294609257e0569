"""The matrix of variants: what new values make, and what becomes of the variants that exist."""

from __future__ import annotations

from storefront.catalog.option_matrix import build_matrix

CUPS = {"R-S": ("Red", "S", ""), "R-M": ("Red", "M", ""), "B-S": ("Blue", "S", "")}


def test_existing_variants_stay_and_missing_ones_are_new() -> None:
    matrix = build_matrix(CUPS, [["Red", "Blue"], ["S", "M"], []])
    assert [code for _, code in matrix.rows] == ["R-S", "R-M", "B-S", None]
    assert matrix.removed == []


def test_a_replaced_value_is_a_rename() -> None:
    matrix = build_matrix(CUPS, [["Crimson", "Blue"], ["S", "M"], []])
    assert matrix.rows[0] == (("Crimson", "S", ""), "R-S")
    assert matrix.removed == []


def test_variants_of_a_value_that_is_gone_are_removed() -> None:
    matrix = build_matrix(CUPS, [["Red"], ["S", "M"], []])
    assert matrix.removed == ["B-S"]


def test_a_new_option_gives_its_first_value_to_all() -> None:
    matrix = build_matrix(CUPS, [["Red", "Blue"], ["S", "M"], ["Matt", "Glossy"]])
    assert matrix.rows[0] == (("Red", "S", "Matt"), "R-S")
    assert len(matrix.rows) == 8


def test_an_option_that_tells_variants_apart_cannot_go() -> None:
    assert build_matrix(CUPS, [["Red", "Blue"], [], []]).is_ambiguous
    assert not build_matrix(
        {"A": ("Red", "S", ""), "B": ("Blue", "S", "")}, [["Red", "Blue"], [], []]
    ).is_ambiguous


def test_the_first_options_of_a_product_without_any() -> None:
    matrix = build_matrix({"CUP": ("", "", "")}, [["Red", "Blue"], [], []])
    assert matrix.rows == [(("Red", "", ""), "CUP"), (("Blue", "", ""), None)]
