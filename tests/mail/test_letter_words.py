"""The merchant's words in letters: facts stay, values are inserted once, and every letter has a sample."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.extensions import write_transaction
from storefront.mail import Letter, MailText, Words, compose_letter, placeholders
from storefront.mail.letter_kinds import all_letters, find_letter_kind
from storefront.mail.letter_words import WordsChangedError, find_words, save_words
from storefront.mail.messages import build_message
from storefront.shop_settings import stored_settings

pytestmark = pytest.mark.any_database


def test_each_letter_has_a_sample_with_all_its_facts(app: Flask) -> None:
    for kind in all_letters():
        letter = kind.sample()
        text = compose_letter(letter, Words("Subject {shop_name}", "Opening", "Closing"))
        assert letter.kind == kind.name
        assert (text.subject, text.paragraphs[0], text.after[-1]) == (
            "Subject Kettle & Clay",
            "Opening",
            "Closing",
        )
        assert set(letter.facts.paragraphs) <= set(text.paragraphs), kind.name
        assert text.link == letter.facts.link
        assert (text.rows, text.blocks) == (letter.facts.rows, letter.facts.blocks)
        assert not [name for name in kind.placeholders if name not in letter.values], kind.name
        assert kind.our_words.subject


def test_our_words_are_used_for_what_the_merchant_left(app: Flask) -> None:
    with write_transaction() as session:
        save_words(session, "order_placed", "en", Words(opening="Hello {customer_name},\n\nthank you!"))
    text = compose_letter(find_letter_kind("order_placed").sample())
    assert text.subject == "Your order SAMPLE-1"
    assert text.paragraphs == ("Hello Robin Example,", "thank you!")


def test_a_value_is_inserted_as_it_is(app: Flask) -> None:
    values = {"customer_name": "{shop_name} <b>", "order_number": "7", "order_total": "$1"}
    letter = Letter("order_paid", MailText(), values)
    text = compose_letter(letter, Words("{customer_name}", "Hi {customer_name}"))
    assert (text.subject, text.paragraphs) == ("{shop_name} <b>", ("Hi {shop_name} <b>",))
    html = build_message("a@shop.example", text, "k").get_body(("html",)).get_content()
    assert "Hi {shop_name} &lt;b&gt;" in html


@pytest.mark.parametrize(
    "text", ["{order_nummer}", "{}", "{shop_name", "shop_name}", "{{shop_name}}", "{a.b}"]
)
def test_unknown_placeholder_is_refused_with_the_known_ones(text: str) -> None:
    assert placeholders.find_problem("{shop_name}", ["shop_name"]) == ""
    assert "{shop_name}, {order_number}" in placeholders.find_problem(text, ["shop_name", "order_number"])


def test_second_of_two_changes_is_refused(app: Flask) -> None:
    for _ in range(2):
        seen = find_words("order_paid", "en").version
        with write_transaction() as session:
            save_words(session, "order_paid", "en", Words("First", version=seen))
        with pytest.raises(WordsChangedError), write_transaction() as session:
            save_words(session, "order_paid", "en", Words("Second", version=seen))
    assert find_words("order_paid", "en") == Words("First", "", "", 2)


def test_letter_has_the_look_and_the_address_of_the_shop(app: Flask) -> None:
    before = build_message("a@shop.example", MailText("Hello"), "k")
    assert "Reply-To" not in before
    for name, text in (
        *(("accent_color", "#0b5d4e"), ("contact_email", "help@shop.example"), ("corners", "round")),
        *(("company", "Tea & Co"), ("country", "DE")),
    ):
        stored_settings.set_value(name, text)
    mail = build_message("a@shop.example", MailText("Hello"), "k")
    plain, html = (mail.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Reply-To"].addresses[0].addr_spec == "help@shop.example"
    assert mail["List-Unsubscribe"] is None
    assert "Tea & Co" in plain
    assert "Tea &amp; Co" in html
    assert "#0b5d4e" in html
    assert "@import" not in html
    assert "Reply-To" not in build_message("help@shop.example", MailText("Hello"), "k")
