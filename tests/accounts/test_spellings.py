"""Limits by account: all spellings of an address that reach one mailbox share one budget."""

from __future__ import annotations

import pytest
from flask import Flask

from storefront.accounts.pages.sign_in import submitted_email
from storefront.mail.email_address import normalize_email
from tests.accounts.people import Browser, stored_mails

pytestmark = pytest.mark.any_database

# Letters to all of these go to one mailbox.
SPELLINGS = (
    "kim@bücher.example",
    "KIM@BÜCHER.EXAMPLE",
    "  kim@xn--bcher-kva.example ",
    "kim@XN--BCHER-KVA.example",
    "kim@bücher.ｅｘａｍｐｌｅ",
    "kim@ｂücher.example",
    "kim@bücher。example",
    "kim@bücher．example",
    "kim@b\u0075\u0308cher.example",
    "kim@bü\u00adcher.example",
    "kim@bü\u200bcher.example",
    "Kim@bücher.exampl\u24d4",
)
CANONICAL = "kim@xn--bcher-kva.example"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling_has_one_canonical_form(app: Flask, spelling: str) -> None:
    assert normalize_email(spelling) == CANONICAL
    assert normalize_email(CANONICAL) == CANONICAL, "a canonical address is its own canonical form"
    with app.test_request_context("/", method="POST", data={"email": spelling}):
        assert submitted_email() == CANONICAL


@pytest.mark.parametrize("path", ["/account/reset", "/account/register"])
def test_all_spellings_share_the_limits_of_an_account(app: Flask, path: str) -> None:
    statuses = [
        Browser(app, f"203.0.113.{number}").post(path, email=spelling).status_code
        for number, spelling in enumerate(SPELLINGS)
    ]
    assert statuses == [303] * 5 + [429] * 7
    assert len(stored_mails(app)) <= 5


def test_all_spellings_share_the_wrong_passwords(app: Flask) -> None:
    statuses = [
        Browser(app, f"203.0.113.{number}").sign_in(spelling, "wrong").status_code
        for number, spelling in enumerate(SPELLINGS)
    ]
    assert statuses == [422] * 10 + [429] * 2
