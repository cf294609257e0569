"""A shop speaks the language of its locale: pages, letters, sentences about forms, without a restart."""

from __future__ import annotations

import re
from typing import Any

import pytest
from babel.support import Translations
from flask import Flask
from werkzeug.datastructures import MultiDict

from storefront import i18n
from storefront.accounts import user_agents
from storefront.mail.letter_kinds import all_letters, compose_letter
from storefront.mail.messages import build_message
from storefront.postal.address_rules import read_address, rules_for
from storefront.shop_settings.stored_settings import set_value
from storefront.web.forms import Form
from tests.accounts.people import stored_mails
from tests.checkout.shoppers import make_draft, place
from tests.factories import make_product

pytestmark = pytest.mark.any_database


def test_letters_of_a_german_shop_are_german(app: Flask) -> None:
    set_value("locale", "de_DE")
    make_product("Teekanne", variants=[{"sku": "T", "price": 1999}])
    number = place(make_draft({"T": 2})).order.number
    [letter] = stored_mails(app)
    text = letter.get_body(("plain",)).get_content()
    assert letter["Subject"] == f"Ihre Bestellung {number}"
    for words in (
        "Vielen Dank für Ihre Bestellung",
        "2 × Teekanne",
        "Gesamtsumme",
        "44,88\xa0$",
        "Lieferadresse:",
    ):
        assert words in text


def test_parts_of_addresses_keep_their_capitals_in_german(app: Flask) -> None:
    set_value("locale", "de_DE")
    form = Form(MultiDict({"country": "DE"}))
    read_address(form)
    assert form.errors["postcode"] == "Bitte ausfüllen: Postleitzahl."
    assert form.errors["name"] == "Bitte ausfüllen: Name."


def test_words_with_two_meanings_have_that_of_their_place(app: Flask) -> None:
    set_value("locale", "ja_JP")
    form = Form(MultiDict({"country": "US"}))
    read_address(form)
    assert form.errors["postcode"] == "郵便番号（ZIP）を入力してください。"
    set_value("locale", "de_DE")
    assert rules_for("US").region.label == "Bundesstaat", "not Status, as of an order"
    assert user_agents.translate("Firefox on Linux") == "Firefox auf Linux"
    assert user_agents.translate("A browser") == "Ein Browser"


def test_plural_forms_are_those_of_the_language(app: Flask) -> None:
    counted = "%(num)d order", "%(num)d orders"
    assert i18n.ngettext(*counted, 1) == "1 order"
    set_value("locale", "de_AT")
    assert [i18n.ngettext(*counted, count) for count in (0, 1, 2)] == [
        "0 Bestellungen",
        "1 Bestellung",
        "2 Bestellungen",
    ]


def test_a_language_is_loaded_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Any] = []
    load = Translations.load
    monkeypatch.setattr(Translations, "load", lambda *given: loads.append(given) or load(*given))
    set_value("locale", "de_DE")
    render = app.jinja_env.from_string("{{ _('Basket') }} {{ _('Sold out') }}").render
    assert {render(), render()} == {"Warenkorb Ausverkauft"}
    assert i18n.gettext("Sold out") == "Ausverkauft"
    assert len(loads) == 1


def test_a_language_without_translations_is_english(app: Flask) -> None:
    set_value("locale", "fr_FR")
    assert i18n.gettext("Sold out") == "Sold out"


@pytest.mark.parametrize(
    ("locale", "texts"),
    [
        ("en_US", ["960 bytes", "1.6 kB", "3.2 MB", "2 GB"]),
        ("de_DE", ["960 Byte", "1,6 kB", "3,2 MB", "2\xa0GB"]),
    ],
)
def test_sizes_are_written_as_the_language_writes_them(app: Flask, locale: str, texts: list[str]) -> None:
    set_value("locale", locale)
    assert [i18n.format_size(size) for size in (960, 1600, 3_240_000, 2_000_000_000)] == texts


def test_addresses_in_japanese_letters_are_links(app: Flask) -> None:
    set_value("locale", "ja_JP")
    with app.test_request_context():
        for kind in all_letters():
            letter = build_message("kim@shop.example", compose_letter(kind.sample()), "key")
            html, text = (letter.get_body((form,)).get_content() for form in ("html", "plain"))
            for address in re.findall(r"https?://[\w./-]+/account/\w+", text):
                assert f'href="{address}' in html, f"{kind.name}: {address}"
            assert not re.search(r"[ぁ-ヿ一-鿿]: ?", text), kind.name
