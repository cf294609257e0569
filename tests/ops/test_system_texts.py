"""Names, states and causes below /admin/system are in the language of the office."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.ops.system_texts import translate_cause, translate_system_text
from storefront.shop_settings.stored_settings import set_value

pytestmark = pytest.mark.any_database


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("database", "Datenbank"),
        (
            "Redis for cache is away: it does not answer.",
            "Redis für Cache ist nicht erreichbar: Der Server antwortet nicht.",
        ),
        (
            "Redis for stock does not answer: Error 111 The shop keeps running without it.",
            "Redis für Live-Bestand antwortet nicht: Error 111 Der Shop läuft ohne ihn weiter.",
        ),
        (
            "edge.example refuses the purge (403). Check STOREFRONT_EDGE_TOKEN and what it may do at the edge.",
            "edge.example lehnt den Löschauftrag ab (403). Prüfen Sie STOREFRONT_EDGE_TOKEN und was dieses Token "
            "im CDN darf.",
        ),
        ("a text of a later version", "a text of a later version"),
    ],
)
def test_states_and_sentences_are_translated(app: Flask, text: str, shown: str) -> None:
    assert translate_system_text(text) == text
    set_value("locale", "de_DE")
    assert translate_system_text(text) == shown


def test_writes_are_named_one_by_one(app: Flask) -> None:
    cause = (
        "Product new, Variant 7, Menu 1 and 4 more by POST /admin/x; stock of T-1; Product new, Variant new"
    )
    assert translate_cause(cause) == cause
    set_value("locale", "de_DE")
    assert translate_cause(cause) == (
        "Product neu, Variant 7, Menu 1 und 4 weitere durch POST /admin/x; Bestand von T-1; Product neu, Variant neu"
    )
