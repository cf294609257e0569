"""Sentences about a theme and plugins are in the language of the office."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from storefront.ops.fault_texts import translate_fault
from storefront.shop_settings.stored_settings import set_value
from storefront.web.theme import current_theme
from tests.accounts.people import staff_browser
from tests.change_sets.test_reason_texts import SENTENCE, find_sentences

pytestmark = pytest.mark.any_database

STOREFRONT = Path(__file__).parents[2] / "storefront"
SOURCES = ("plugins/installed.py", "web/theme.py", "checkout/terms.py", "web/module_graph.py")


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "theme/templates/layouts/shop.html is not used, the shop’s own is: line 2: Expected a name.",
            "theme/templates/layouts/shop.html wird nicht verwendet, stattdessen die Datei des Shops: Zeile 2: "
            "Expected a name.",
        ),
        (
            "The plugin cash is switched off: ValueError: the shop has a blueprint x already.",
            "Das Plugin cash ist abgeschaltet: ValueError: Ein Blueprint x ist im Shop schon vorhanden.",
        ),
        (
            "The plugin cash is switched off: ModuleNotFoundError: No module named 'till'",
            "Das Plugin cash ist abgeschaltet: ModuleNotFoundError: No module named 'till'",
        ),
    ],
)
def test_faults_are_in_the_language_of_the_office(app: Flask, sentence: str, shown: str) -> None:
    assert translate_fault(sentence) == sentence
    set_value("locale", "de_DE")
    assert translate_fault(sentence) == shown


def test_every_fault_of_a_theme_or_a_plugin_is_known(app: Flask) -> None:
    set_value("locale", "de_DE")
    written = [
        text
        for source in SOURCES
        for text in find_sentences(STOREFRONT / source)
        if SENTENCE.fullmatch(text) and text.endswith(".") and "uninstall" not in text  # the doctor's advice
    ]
    assert len(written) > 15
    assert [text for text in written if translate_fault(text) == text] == []


def test_the_office_names_the_file_of_a_theme(app: Flask) -> None:
    set_value("locale", "de_DE")
    current_theme(app).refuse("templates/x.html", "it names y.html, which does not exist.")
    page = staff_browser(app).get("/admin/system").text
    assert "theme/templates/x.html wird nicht verwendet" in page
    assert "Sie verweist auf y.html, das es nicht gibt." in page
