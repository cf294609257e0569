"""The merchant's pages as everybody sees them: at once, with their links, and never before their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.content import page_edits
from storefront.content.page_edits import PageChangedError, PageEditError, PageValues
from storefront.extensions import write_transaction
from tests.accounts.people import Browser

pytestmark = pytest.mark.any_database

NOW = datetime.now(UTC) - timedelta(seconds=1)
IMPRINT = PageValues("Imprint", "imprint", "<h1>Us</h1><script>x()</script><p>A house</p>", published_at=NOW)


def answers_before(moment: datetime, browser: Browser, path: str) -> Iterator[TestResponse]:
    """Yield the answers that came before a moment; none at all on a busy machine."""
    while True:
        answer = browser.get(path)
        if datetime.now(UTC) >= moment:
            return
        yield answer


def make(values: PageValues) -> int:
    with write_transaction() as session:
        return page_edits.create(session, values).id


def change(page_id: int, values: PageValues, expected: int) -> None:
    with write_transaction() as session:
        page_edits.change(session, page_id, values, expected=expected)


def test_a_page_and_its_links_show_at_once(app: Flask) -> None:
    browser = Browser(app)
    assert browser.get("/pages/imprint").status_code == 404
    assert "Imprint" not in browser.get("/").text
    make(IMPRINT)
    page = browser.get("/pages/imprint")
    assert page.status_code == 200
    assert "<p>A house</p>" in page.text
    assert "x()" not in page.text
    assert page.text.count("<h1") == 1, "headings of the text stand below the title"
    assert "content:" in page.headers["Surrogate-Key"]
    assert 'href="/pages/imprint"' in browser.get("/").text
    assert "/pages/imprint</loc>" in browser.get("/sitemap-categories.xml").text
    assert "/pages/imprint" in browser.get("/nowhere").text, "error pages have the link, too"


def test_a_change_shows_at_once_and_the_old_address_leads_on(app: Flask) -> None:
    browser, number = Browser(app), make(IMPRINT)
    assert "A house" in browser.get("/pages/imprint").text
    change(number, PageValues("About us", "about", "<p>A barn</p>", published_at=NOW), 1)
    assert "A barn" in browser.get("/pages/about").text
    moved = browser.get("/pages/imprint")
    assert (moved.status_code, moved.location) == (301, "/pages/about")
    assert "About us" in browser.get("/").text
    change(number, PageValues("Imprint", "imprint", published_at=NOW), 2)
    assert browser.get("/pages/imprint").status_code == 200, "back at its first address"
    assert browser.get("/pages/about").location == "/pages/imprint"


def test_a_page_that_is_taken_back_is_gone_at_once(app: Flask) -> None:
    browser, number = Browser(app), make(IMPRINT)
    assert browser.get("/pages/imprint").status_code == 200
    change(number, PageValues("Imprint", "imprint"), 1)
    assert browser.get("/pages/imprint").status_code == 404
    with write_transaction() as session:
        page_edits.remove(session, number, expected=2)
    assert browser.get("/pages/imprint").status_code == 404


def test_a_planned_page_waits_for_its_moment(app: Flask) -> None:
    browser = Browser(app)
    soon, later = (datetime.now(UTC) + timedelta(seconds=number) for number in (1, 2))
    make(PageValues("Sale", "sale", "<p>Now</p>", published_at=soon))
    make(PageValues("Later", "later", published_at=later))
    for answer in answers_before(soon, browser, "/pages/sale"):
        assert answer.status_code == 404
    for answer in answers_before(later, browser, "/"):
        assert 'href="/pages/later"' not in answer.text
    assert browser.get("/pages/sale").status_code == 200
    assert 'href="/pages/later"' in browser.get("/").text


def test_a_page_is_withdrawn_at_its_moment(app: Flask) -> None:
    browser = Browser(app)
    soon, later = (datetime.now(UTC) + timedelta(seconds=number) for number in (1, 2))
    make(PageValues("Sale", "sale", published_at=NOW, withdraw_at=soon))
    make(PageValues("Later", "later", published_at=NOW, withdraw_at=later))
    for answer in answers_before(soon, browser, "/pages/sale"):
        assert answer.status_code == 200
    for answer in answers_before(later, browser, "/"):
        assert 'href="/pages/later"' in answer.text
    assert browser.get("/pages/sale").status_code == 404
    assert 'href="/pages/later"' not in browser.get("/").text


def test_versions_stay_and_are_restored(app: Flask) -> None:
    browser, number = Browser(app), make(IMPRINT)
    change(number, PageValues("Us", "us", "<p>New</p>", published_at=NOW), 1)
    with write_transaction() as session:
        assert page_edits.restore(session, number, 1, expected=2).version == 3
    assert "A house" in browser.get("/pages/imprint").text
    with write_transaction() as session, pytest.raises(PageEditError, match="no such version"):
        page_edits.restore(session, number, 9, expected=3)


def test_wrong_pages_are_refused_with_a_sentence(app: Flask) -> None:
    number = make(IMPRINT)
    wrong = {
        "Another page has this address": PageValues("Imprint"),
        "too long": PageValues("Long", "long", "x" * 10_000_000),
        "Check the text": PageValues("Terms", "terms", published_at=NOW, checked=False),
        "Choose a moment after": PageValues("Sale", published_at=NOW, withdraw_at=NOW),
    }
    for sentence, values in wrong.items():
        with write_transaction() as session, pytest.raises(PageEditError, match=sentence):
            page_edits.create(session, values)
    with write_transaction() as session, pytest.raises(PageChangedError):
        page_edits.change(session, number, IMPRINT, expected=7)
