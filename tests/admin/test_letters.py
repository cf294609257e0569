"""/admin/settings/letters: words are checked, shown before they are saved, and never lost to somebody else's."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask

from storefront.mail import Words, transport
from storefront.mail.letter_kinds import all_letters, compose_letter, find_letter_kind
from storefront.mail.letter_words import find_words
from storefront.shop_settings import stored_settings
from tests.accounts.people import Browser, staff_browser, stored_mails

pytestmark = pytest.mark.any_database

PAGE = "/admin/settings/letters/password_reset"


@pytest.fixture
def owner(app: Flask) -> Browser:
    return staff_browser(app, "owner")


def form_of(browser: Browser, page: str = PAGE) -> dict[str, str]:
    """Return what a browser sends if the form is sent as it stands."""
    text = browser.get(page).text
    found = dict(re.findall(r'name="(made_from|subject)"[^>]*? value="([^"]*)"', text))
    found |= dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n(.*?)</textarea>', text, re.DOTALL))
    return {name: unescape(value) for name, value in found.items()}


def test_each_letter_has_its_page_and_preview(app: Flask, owner: Browser) -> None:
    listed = owner.get("/admin/settings/letters").text
    for kind in all_letters():
        assert f'href="/admin/settings/letters/{kind.name}"' in listed
        sent = form_of(owner, f"/admin/settings/letters/{kind.name}")
        assert sent["subject"] == kind.our_words.subject
        assert owner.post(f"/admin/settings/letters/{kind.name}", **sent).status_code == 303
        assert not find_words(kind.name, "en").subject, "our words are not stored as the merchant's"
        assert owner.get(f"/admin/settings/letters/{kind.name}/preview").status_code == 200


def test_words_change_and_go_back_to_ours(app: Flask, owner: Browser) -> None:
    sent = form_of(owner) | {
        "opening": "Hello from {shop_name},\r\n\r\nyou\x07 asked for it.",
        "closing": "Bye",
    }
    assert owner.post(PAGE, **sent).location == f"{PAGE}?said=saved"
    text = compose_letter(find_letter_kind("password_reset").sample())
    assert text.paragraphs == ("Hello from Kettle & Clay,", "you asked for it.")
    assert text.link in owner.get(PAGE).text
    assert "your words" in owner.get("/admin/settings/letters").text
    assert "words of letters" in owner.get("/admin/changes").text
    owner.post(f"{PAGE}/reset", made_from=form_of(owner)["made_from"])
    assert find_words("password_reset", "en").opening == ""


def test_wrong_placeholder_saves_nothing(app: Flask, owner: Browser) -> None:
    answer = owner.post(PAGE, **form_of(owner) | {"subject": "About {order_number}", "closing": "Bye"})
    assert answer.status_code == 422
    assert "has no placeholder {order_number}. It has: {shop_name}." in answer.text
    assert "Bye" in answer.text
    assert find_words("password_reset", "en").version == 0
    assert owner.post(PAGE, **form_of(owner) | {"opening": "x" * 5000}).status_code == 422
    assert owner.post("/admin/settings/letters/no-letter", made_from="0").status_code == 404


def test_the_slower_of_two_people_sees_what_was_saved(app: Flask, owner: Browser) -> None:
    first, second = form_of(owner), form_of(owner)
    owner.post(PAGE, **first | {"subject": "New password"})
    answer = owner.post(PAGE, **second | {"subject": "Password"})
    assert answer.status_code == 409
    assert "Saved now: <bdi>New password</bdi>" in answer.text
    assert 'value="Password"' in answer.text
    assert owner.post(f"{PAGE}/reset", made_from="0").status_code == 409
    assert owner.post(PAGE, made_from="x", subject="Forged").status_code == 409
    assert owner.post(PAGE, made_from="1").status_code == 303, "an absent field stays as it is"
    assert find_words("password_reset", "en").subject == "New password"


def test_preview_runs_nothing_and_saves_nothing(app: Flask, owner: Browser) -> None:
    answer = owner.post(f"{PAGE}/preview", **form_of(owner) | {"opening": "<script>1</script>"})
    assert "&lt;script&gt;1&lt;/script&gt;" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'self'; sandbox" in policy
    assert "frame-src 'self'" in owner.get(PAGE).headers["Content-Security-Policy"]
    assert find_words("password_reset", "en").version == 0
    assert owner.post(f"{PAGE}/preview", opening="{").status_code == 422


def test_test_letter_goes_to_the_person_who_asks(app: Flask, owner: Browser) -> None:
    assert owner.post(f"{PAGE}/test").location == f"{PAGE}?said=letter-stored"
    [letter] = stored_mails(app)
    assert letter["Subject"] == "Test: Reset your Kettle & Clay password"
    assert "instance/mail/" in owner.get(f"{PAGE}?said=letter-stored").text


def test_without_a_mail_server_the_page_says_so(owner: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "stores_mail", lambda: False)
    assert "STOREFRONT_SMTP_URL" in owner.get(PAGE).text
    answer = owner.post(f"{PAGE}/test")
    assert (answer.status_code, "no mail server" in answer.text) == (503, True)


def test_each_language_has_words_of_its_own(app: Flask, owner: Browser) -> None:
    stored_settings.set_value("languages", "de_DE, ja_JP, fr_FR")
    german = f"{PAGE}?language=de"
    page = owner.get(PAGE).text
    assert re.findall(r'lang="([\w-]+)">\w+</a></li>', page) == ["en-US", "de-DE", "ja-JP", "fr-FR"]
    sent = form_of(owner, german) | {"language": "de"}
    assert sent["subject"] == "Passwort für {shop_name} zurücksetzen"
    assert owner.post(PAGE, **sent | {"opening": "Hallo von {shop_name}!"}).location == f"{german}&said=saved"
    assert find_words("password_reset", "de") == Words(opening="Hallo von {shop_name}!", version=1)
    assert "your words: Deutsch" in owner.get("/admin/settings/letters").text
    assert "Hallo von Kettle &amp; Clay!" in owner.get(f"{PAGE}/preview?language=de").text
    assert '<html lang="de-DE"' in owner.get(f"{PAGE}/preview?language=de").text
    typed = owner.post(f"{PAGE}/preview", **sent | {"opening": "Guten Tag"}).text
    assert "Guten Tag" in typed
    assert "Neues Passwort wählen" in typed
    assert "We received a request" in owner.get(f"{PAGE}/preview").text, "the others are as they were"
    assert "We received a request" in owner.get(f"{PAGE}/preview?language=fr").text, "it has no texts of ours"
    owner.post(f"{PAGE}/test", language="de")
    assert "Hallo von Kettle & Clay!" in stored_mails(app)[-1].get_body(("plain",)).get_content()
    owner.post(f"{PAGE}/reset", language="de", made_from="1")
    assert find_words("password_reset", "de").opening == ""


def test_only_languages_of_the_letter_have_words(app: Flask, owner: Browser) -> None:
    assert "?language=" not in owner.get(PAGE).text, "the shop has one language"
    answer = owner.post(PAGE, made_from="0", language="de", opening="Hallo")
    assert (answer.status_code, "does not have this language" in answer.text) == (400, True)
    for own in ("en", "en-US"):
        assert owner.get(f"{PAGE}?language={own}").status_code == 200, "the language that the shop speaks"
    stored_settings.set_value("languages", "de_DE, en_GB, fr_FR")
    page = owner.get(PAGE).text
    assert "language=en" not in page, "English is one language, wherever it is spoken"
    for name in ("order_new", "staff_invitation"):
        page = f"/admin/settings/letters/{name}"
        assert "?language=" not in owner.get(page).text, "the people of the shop read its own language"
        assert owner.get(f"{page}?language=de").status_code == 400
    assert find_words("password_reset", "de").version == 0


def test_viewer_sees_the_words_and_changes_nothing(app: Flask) -> None:
    viewer = staff_browser(app, "viewer")
    assert viewer.get(PAGE).status_code == 200
    for page in ("", "/reset", "/test", "/preview"):
        assert viewer.post(f"{PAGE}{page}", made_from="0").status_code == 404
