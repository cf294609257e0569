"""The pages of accounts: valid HTML, with labels and autocomplete purposes for password managers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

from storefront.accounts import tokens
from tests import valid_html
from tests.accounts.people import EMAIL, Browser
from tests.accounts.test_profile import HOME

# The pages do not depend on the database, so one is enough.
pytestmark = pytest.mark.any_database


@pytest.fixture
def pages(app: Flask, kim: int) -> dict[str, str]:
    """All pages of accounts, with and without errors, by name."""
    new, kims = Browser(app), Browser(app)
    kims.sign_in()
    kims.post("/account/addresses", **HOME)
    sent = new.post("/account/register", email="new@example.com").location
    finish = f"/account/register/{tokens.sign(tokens.Registration('new@example.com', '/'))}"
    reset = f"/account/reset/{tokens.sign(tokens.PasswordReset(kim, 1))}"
    change = f"/account/email/{tokens.sign(tokens.EmailChange(kim, 1, 'other@example.com'))}"
    entering = [
        "/account/login",
        "/account/register",
        "/account/reset",
        "/account/reset/x",
        sent,
        finish,
        reset,
        change,
    ]
    own = ["", "/addresses", "/addresses/1", "/addresses/new", "/devices", "/deletion"]
    answers = [new.get(path) for path in entering] + [kims.get(f"/account{path}") for path in own]
    answers += [
        new.post(path) for path in ("/account/login", "/account/register", "/account/reset", finish, reset)
    ]
    answers += [kims.post(f"/account{path}") for path in ("/email", "/password", "/addresses", "/deletion")]
    found = {f"{place:02} {answer.request.path[:20]}": answer.text for place, answer in enumerate(answers)}
    assert {answer.status_code for answer in answers} == {200, 410, 422}
    assert len(found) == len(answers)
    return found


@pytest.mark.needs("java")
def test_account_pages_are_valid_html(pages: dict[str, str], tmp_path: Path) -> None:
    assert valid_html.problems(pages, tmp_path) == []


def test_fields_have_label_purpose_and_error(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        main = text.partition("<main")[2]
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), name
        for field in re.findall(r"<(?:input|select) [^>]*class=\"field__input\"[^>]*>", main):
            about = dict(re.findall(r'([\w-]+)="([^"]*)"', field))
            assert f'for="{about["id"]}"' in main, (name, field)
            assert about.get("autocomplete"), (name, field)
            for by in about.get("aria-describedby", "").split():
                assert by in ids, (name, by)
            assert ("aria-invalid" in about) == (f'id="{about["id"]}-wrong"' in main), (name, field)
        assert text.count("<h1") == 1, name
        assert text.count(" autofocus") <= 1, name
        assert 'name="robots" content="noindex"' in text, name
        assert "<form" not in text or "csrf" not in text, name


def test_pages_never_contain_a_password(pages: dict[str, str]) -> None:
    assert not any(re.search(r'type="password"[^>]* value=', text) for text in pages.values())
    assert any(EMAIL in text for text in pages.values())
