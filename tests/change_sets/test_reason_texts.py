"""Reasons that are stored in English are shown in the language of the shop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from storefront.catalog_files.foreign_files import ForeignFile
from storefront.catalog_files.foreign_patterns import PATTERNS
from storefront.change_sets.reason_texts import translate_reason
from storefront.shop_settings.stored_settings import set_value

pytestmark = pytest.mark.any_database

STOREFRONT = Path(__file__).parents[2] / "storefront"
# The rooms that raise and store reasons, without what only commands print and what only names columns.
WRITERS = [
    *sorted(
        file
        for room in ("sheets", "catalog_files", "change_sets")
        for file in (STOREFRONT / room).glob("*.py")
    ),
    *(
        STOREFRONT / "catalog" / f"{name}.py"
        for name in ("html_sanitiser", "picture_renditions", "publication")
    ),
]
NOT_FOR_PAGES = re.compile(
    "change_texts|cli|currency_words|codes|directions|exports|foreign_patterns|metafield_cli|models|named_rows|picture_zip|plan_report"
    "|product_columns|redirect_.*|row_spool|runner|scheduled_runs|store|summary|translated_headers|writer|.*_reasons"
)
SENTENCE = re.compile(r"(?:[^\s|]+ ){3,}[^\s|]+")
# Parts of sentences, which are known as a whole, and words of files.
PARTS = re.compile(
    r"7(?:[,;:]| cannot be imported| is doubtful| was).*|true yes .*|false no .*|As Windows-1252 .*: |This is 7 .*"
    r"|has 7 cells, but the header has 7|p br hr .*|acronym .*|script style .*|gtin, upc, .*|Rename the columns: "
    r"|date sale price .*|product sheet with .*|, so it was left"
    r"|the row names no option values, and 7 .*|7 is a folder.*|.*\bwithout separators of thousands\."
)
NO_QUANTITIES = "It has no column 'On hand'; export the inventory again, with all quantities."
MARKED = ("_", "gettext", "lazy_gettext", "ngettext", "compile", "debug", "info", "warning", "exception")


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
        (
            "ton.csv is a PDF document, not a CSV file. Unpack it, and import the CSV file that is in it.",
            "ton.csv ist ein PDF-Dokument und keine CSV-Datei. Entpacken Sie es und importieren Sie die CSV-Datei, "
            "die darin ist.",
        ),
        (
            "had 2 frames, 1 script, which the shop does not show",
            "enthielt 2 Frames, 1 Skript; das zeigt der Shop nicht",
        ),
        (
            "it cannot be reached: there is no server of this name",
            "Nicht erreichbar: einen Server mit diesem Namen gibt es nicht",
        ),
        (
            "The picture has 20,971,521 bytes; the most is 20,971,520.",
            "Das Bild hat 20.971.521 Bytes; erlaubt sind höchstens 20.971.520.",
        ),
        ("a reason of a later version", "a reason of a later version"),
    ],
)
def test_reasons_are_in_the_language_of_the_shop(app: Flask, reason: str, shown: str) -> None:
    assert translate_reason(reason) == reason
    set_value("locale", "de_DE")
    assert translate_reason(reason) == shown


def find_sentences(file: Path) -> Iterator[str]:
    """Yield the sentences of a module that are not marked for the translations, with 7 for each value."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped = set[int]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.JoinedStr):  # docstrings, and the parts of a sentence with values
            skipped |= {id(part) for part in ast.iter_child_nodes(node)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in MARKED:
            skipped |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_reason_that_people_read_is_known(app: Flask) -> None:
    set_value("locale", "de_DE")
    written = [
        text
        for file in WRITERS
        if not NOT_FOR_PAGES.fullmatch(file.stem)
        for text in find_sentences(file)
        if SENTENCE.fullmatch(text) and not re.match("[A-Z]{4}", text) and not PARTS.fullmatch(text)
    ]
    assert len(written) > 100
    assert [reason for reason in written if translate_reason(reason) == reason] == []


def test_files_of_other_systems_are_named_in_german(app: Flask) -> None:
    set_value("locale", "de_DE")
    for pattern in (each for each in PATTERNS if each.kind != "woocommerce"):
        refused = ForeignFile(pattern.name, ["sku"], pattern.advice or NO_QUANTITIES, pattern.kind)
        shown = translate_reason(f"ton.csv cannot be imported. {refused}")
        assert not re.search(r"\b(?:an?|the|of|is|with|file|export)\b", shown.replace("flask", "")), shown
