"""The merchant's texts in the further languages of the shop: names, descriptions, options, pages.

A text that is not translated is shown in the shop's own language. `translated_columns` puts translations into the
statements of pages; `sources` is the table of the kinds of texts, to which rooms above add theirs.
"""

from __future__ import annotations

from flask import Flask

from storefront.shop_settings.translated_texts import select_texts
from storefront.text_translations import cli
from storefront.text_translations.page_statements import built_once
from storefront.text_translations.sources import SourceField, SourceKind, SourceTexts, register_kind
from storefront.text_translations.translated_columns import (
    collect_words,
    fetch_words,
    select_setting_texts,
    select_words,
    translated,
    translation,
)

__all__ = [
    "SourceField",
    "SourceKind",
    "SourceTexts",
    "built_once",
    "collect_words",
    "fetch_words",
    "init_app",
    "register_kind",
    "select_words",
    "translated",
    "translation",
]


def init_app(app: Flask) -> None:
    """Register `flask translations`, and let the settings be read with the translations of their texts."""
    select_texts.set(app, select_setting_texts)
    app.cli.add_command(cli.translations)
