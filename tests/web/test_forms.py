"""Text fields of forms: which characters stay, and which sentence an empty field gets."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.web.forms import Form

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("نیم\u200cفاصله", "نیم\u200cفاصله"),  # Persian needs the non-joiner
        ("ක්\u200dරිස්ටි", "ක්\u200dරිස්ටි"),  # Sinhala needs the joiner
        ("王\U00031350\U000323b0", "王\U00031350\U000323b0"),  # Unicode 15 and 17
        ("Kim\u202egnal\u2066", "Kimgnal"),
        ("Kim\x00\x1b[31m\tLang\n", "Kim [31m Lang"),
        ("  Kim \u3000 Lang\u2028", "Kim Lang"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\ufa19田", "\ufa19田"),  # the owner of this name sees that the character is not U+795E
    ],
)
def test_text_keeps_every_letter(app: Flask, typed: str, kept: str) -> None:
    assert app
    form = Form({"name": typed})
    assert form.text("name", "the name", most=40) == kept
    assert form.values["name"] == kept
    assert not form.errors


@pytest.mark.parametrize(
    "typed", ["", " ", "\u200b", "\u200d\ufe0f", "\u3164", "\u2800", "\u202e", "\U000e0041"]
)
def test_text_that_cannot_be_seen_is_missing(app: Flask, typed: str) -> None:
    assert app
    form = Form({"name": typed})
    assert form.text("name", "the name", most=40) == ""
    assert form.errors == {"name": "Enter the name."}
