"""Cells: texts are cleaned, and formulas are escaped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.sheets import cells


@pytest.mark.long
@given(st.text())
def test_escaped_cell_is_no_formula_and_can_be_restored(text: str) -> None:
    guarded = cells.escape_formula(text)
    assert cells.unescape_formula(guarded) == text
    assert not guarded.startswith(("=", "@", "\t", "\r"))
    assert not guarded.startswith(("+", "-")) or guarded.lstrip("-").replace(".", "").isdigit()


def test_numbers_stay_numbers_in_an_export() -> None:
    assert cells.escape_formula("-12.5") == "-12.5"
    assert cells.escape_formula("-12+cmd") == "'-12+cmd"


def test_text_loses_invisible_characters_and_is_nfc() -> None:
    assert cells.clean_text("  Cafe\u0301\u200b\x00  bowl ") == "Café bowl"
