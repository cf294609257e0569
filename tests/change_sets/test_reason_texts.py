"""Reasons that are stored in English are shown in the language of the shop."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from storefront.change_sets.reason_texts import translate_reason
from storefront.shop_settings.stored_settings import set_value

pytestmark = pytest.mark.any_database

# A reason as the code writes it: the last value of a `Left`, or a text that is named `reason`.
WRITTEN = re.compile(r'(?:Left\([^"\n]*(?:"\w*", )*|\breason = )f?"([a-z{][^"]* [^"]*)"')


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        (
            "it is 'Kiln Row' now, not (empty): somebody changed it, so it was left",
            "Der Wert ist jetzt 'Kiln Row', nicht (leer): Jemand hat ihn geändert, deshalb bleibt er, wie er ist",
        ),
        (
            "its compare-at price was changed since, so it was left",
            "Seitdem wurde geändert: Streichpreis. Deshalb bleibt es",
        ),
        (
            "T-1: it is empty, so it was ignored",
            "T-1: Der Wert ist leer, deshalb wurde es nicht übernommen",
        ),
        ("'1,5%' is a percentage", "'1,5%' ist eine Prozentangabe"),
        (
            "has 3 cells, but the header has 5: cells are missing",
            "hat 3 Zellen, die Kopfzeile aber 5: Zellen fehlen",
        ),
        (
            "'9 Taler' is not a number: 'Taler' stands beside it",
            "'9 Taler' ist keine Zahl: daneben steht 'Taler'",
        ),
        (
            "Red is there already: line 7 has the same option values",
            "Red gibt es schon: Zeile 7 hat die gleichen Optionswerte",
        ),
        ("a reason of a later version", "a reason of a later version"),
    ],
)
def test_reasons_are_in_the_language_of_the_shop(app: Flask, reason: str, shown: str) -> None:
    assert translate_reason(reason) == reason
    set_value("locale", "de_DE")
    assert translate_reason(reason) == shown


def test_every_reason_of_a_change_set_is_known(app: Flask) -> None:
    set_value("locale", "de_DE")
    written = [
        re.sub(r"\{[^}]*\}", "7", reason.replace("{which}", "its SKU 7"))
        for file in sorted((Path(__file__).parents[2] / "storefront/change_sets").glob("*.py"))
        for reason in WRITTEN.findall(file.read_text(encoding="utf-8"))
    ]
    assert len(written) > 20
    assert [reason for reason in written if translate_reason(reason) == reason] == []
