"""The translations are complete, fit their texts, and are what the shop loads."""

from __future__ import annotations

from io import BytesIO

import pytest
from babel.messages.catalog import Message
from babel.messages.mofile import read_mo

from tests.translations.catalogs import (
    LANGUAGES,
    extract_texts,
    format_po,
    merge_texts,
    po_file,
    read_translations,
)
from tests.translations.faults import find_faults, forms_of, is_translated

pytestmark = pytest.mark.any_database

# Languages that are being written: texts may be missing or stale. Empty it when they are complete.
INCOMPLETE: set[str] = set()
COMPLETE = sorted(set(LANGUAGES) - INCOMPLETE)
HOW = "Run `make texts`, translate what it lists, and run it again (CONTRIBUTING.md)."


def messages_of(language: str) -> list[Message]:
    return [message for message in read_translations(language) if message.id]


def _first(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


@pytest.mark.parametrize(
    "language", COMPLETE or [pytest.param("", marks=pytest.mark.skip("none is complete"))]
)
def test_every_text_is_translated(language: str) -> None:
    known = read_translations(language)
    missing = [
        text.id
        for text in extract_texts()
        if text.id and not ((got := known.get(text.id)) and is_translated(got))
    ]
    assert missing == [], HOW


@pytest.mark.parametrize(
    "language", COMPLETE or [pytest.param("", marks=pytest.mark.skip("none is complete"))]
)
def test_no_translation_is_of_a_text_that_has_gone(language: str) -> None:
    texts = extract_texts()
    assert [message.id for message in messages_of(language) if message.id not in texts] == [], HOW


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_fit_their_texts(language: str) -> None:
    forms = read_translations(language).num_plurals
    faults = [
        f"{message.id!r}: {fault}"
        for message in messages_of(language)
        for fault in find_faults(message, forms)
    ]
    assert faults == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_file_is_that_of_the_translations(language: str) -> None:
    compiled = read_mo(BytesIO(po_file(language).with_suffix(".mo").read_bytes()))
    have = {_first(message): forms_of(message) for message in compiled if message.id}
    want = {_first(message): forms_of(message) for message in messages_of(language) if is_translated(message)}
    assert have == want, "Run `make texts`."


@pytest.mark.parametrize("language", LANGUAGES)
def test_file_is_written_as_make_texts_writes_it(language: str) -> None:
    assert po_file(language).read_bytes() == format_po(read_translations(language)), "Run `make texts`."


def test_merged_texts_keep_their_translations_without_guesses() -> None:
    merged = merge_texts("de")
    assert not any(message.fuzzy for message in merged if message.id)
    assert {m.id for m in merged} == {m.id for m in extract_texts()}
    assert all(merged[m.id].string == m.string for m in messages_of("de") if m.id in merged)


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Only %(count)s left", "Nur noch wenige"),
        ("Only %(count)s left", "Nur noch %(number)s"),
        ("Only %(count)s left", "Nur noch %(count)d"),
        ("%(count)s percent", "%(count)s %"),
        ("{number} ticked", "Einige markiert"),
        ("<b>Hello</b>", "Hallo"),
        ("<b>Hello</b>", "<i>Hallo</i>"),
        ("Hello", "<b>Hallo</b>"),
        (" or ", "oder"),
        (("%(num)d item", "%(num)d items"), ("%(num)d Artikel",)),
        (("%(num)d item", "%(num)d items"), ("%(num)d Artikel", "Artikel")),
    ],
)
def test_fault_of_a_translation_is_found(
    text: str | tuple[str, str], translation: str | tuple[str, ...]
) -> None:
    assert list(find_faults(Message(text, translation), 2))


@pytest.mark.parametrize(
    ("text", "translation"),
    [
        ("Only %(count)s left", "Nur noch %(count)s"),
        ("%(count)s percent", "%(count)s %%"),
        ("100% cotton", "100 % Baumwolle"),
        ("<b>Hello</b>", "<b>Hallo</b>"),
        ("Not translated yet", ""),
        (" or ", "または"),
        (("One item", "%(num)d items"), ("Ein Artikel", "%(num)d Artikel")),
        (("%(num)d item", "%(num)d items"), ("%(num)d Artikel", "%(num)d Artikel")),
    ],
)
def test_good_translation_has_no_fault(
    text: str | tuple[str, str], translation: str | tuple[str, ...]
) -> None:
    assert list(find_faults(Message(text, translation), 2)) == []
